using System.Runtime.InteropServices;
using Pursuit.Engine.Kernels;
using Pursuit.Numerics;
using Pursuit.Storage;

namespace Pursuit.Engine.Models;

public sealed partial class Decoder
{
    /// <summary>Values copied to the device at once when loading.</summary>
    private const int LoadBlock = 1 << 22;

    /// <summary>Loads a model directory as Hugging Face lays it out.</summary>
    /// <param name="directory">config.json with model.safetensors, or with an index and its files; bf16, fp16, fp32 or fp64.</param>
    /// <param name="operations">The device; the processor if null.</param>
    /// <exception cref="PursuitException">
    /// A file is missing or malformed, the config asks for something unsupported, or a tensor is missing, left over or
    /// of another shape than the config says.
    /// </exception>
    public static Decoder Load(string directory, IDecoderOperations? operations = null)
    {
        var config = ModelConfigReader.ReadDirectory(directory);
        using var files = ModelWeights.Open(directory);
        CheckTensors(new ParameterLayout(config), config, files);
        var decoder = new Decoder(config, operations ?? CpuOperations.Best);
        try
        {
            decoder.ReadWeights(files);
            return decoder;
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes config.json and model.safetensors as Hugging Face lays them out. Each file appears under its name when it
    /// is whole.
    /// </summary>
    /// <param name="directory">The model's directory; created where missing.</param>
    /// <param name="halfPrecision">True: bf16, rounded to nearest even; false: fp32.</param>
    /// <exception cref="PursuitException">The directory can't be written.</exception>
    public void Save(string directory, bool halfPrecision = true)
    {
        var tensors = new List<TensorToWrite>();
        foreach (var parameter in Layout.All)
        {
            var shape = parameter.Shape.Select(size => (long)size).ToArray();
            tensors.Add(new TensorToWrite(parameter.Name, halfPrecision ? TensorType.BFloat16 : TensorType.Float32, shape, (offset, destination) => Fill(parameter, halfPrecision, offset, destination)));
        }

        SafetensorsWriter.Write(Path.Combine(directory, ModelWeights.SingleFileName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(directory, "config.json"), stream => ModelConfigWriter.Write(Config, halfPrecision ? "bfloat16" : "float32", stream));
    }

    /// <summary>Reads the weights of another model directory of the same shape, such as a checkpoint's, in place of its own.</summary>
    /// <exception cref="PursuitException">A file is missing, or a tensor is missing, left over or of another shape.</exception>
    public void Restore(string directory)
    {
        using var files = ModelWeights.Open(directory);
        CheckTensors(Layout, Config, files);
        ReadWeights(files);
    }

    private static void CheckTensors(ParameterLayout layout, ModelConfig config, ModelWeights files)
    {
        var faults = new List<string>();
        foreach (var parameter in layout.All)
        {
            if (!files.Tensors.TryGetValue(parameter.Name, out var info))
                faults.Add($"{parameter.Name} [{string.Join(", ", parameter.Shape)}] is missing");
            else if (!info.Shape.SequenceEqual(parameter.Shape.Select(size => (long)size)))
                faults.Add($"{parameter.Name} is {info.Describe()}, the config says [{string.Join(", ", parameter.Shape)}]");
            else if (!info.Type.ConvertsToSingle())
                faults.Add($"{parameter.Name} is {info.Describe()}, bf16, fp16, fp32 or fp64 is needed");
        }

        // Old checkpoints carry the rotary frequencies, which the config already decides, and tied heads a copy of the embedding.
        foreach (var name in files.Tensors.Keys.Where(n => layout.Find(n) is null).Order(StringComparer.Ordinal))
        {
            if (!name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) && !(config.TiedHead && name == "lm_head.weight"))
                faults.Add($"{name} {files.Tensors[name].Describe()} belongs to nothing in the config");
        }

        const int Shown = 8;
        if (faults.Count > 0)
            throw new PursuitException($"{files.Path}: {faults.Count} tensors don't fit config.json ({config.ModelType}, {layout.All.Count} tensors): {string.Join("; ", faults.Take(Shown))}{(faults.Count > Shown ? "; ..." : "")}. Use the weights and the config of one model.");
    }

    private void ReadWeights(ModelWeights files)
    {
        var block = new float[LoadBlock];
        foreach (var parameter in Layout.All)
        {
            var slice = parameter.In(Weights);
            if (Weights is HostBuffer)
            {
                files.ReadSingle(parameter.Name, slice.AsSpan());
                continue;
            }

            for (var start = 0; start < slice.Length; start += LoadBlock)
            {
                var part = block.AsSpan(0, Math.Min(LoadBlock, slice.Length - start));
                files.ReadSingle(parameter.Name, start, part);
                Operations.Write(part, slice.Part(start, part.Length));
            }
        }
    }

    private void Fill(Parameter parameter, bool halfPrecision, long byteOffset, Span<byte> destination)
    {
        var size = halfPrecision ? sizeof(ushort) : sizeof(float);
        var values = new float[destination.Length / size];
        Operations.Read(parameter.In(Weights).Part(checked((int)(byteOffset / size)), values.Length), values);
        if (halfPrecision)
            FloatConversion.SingleToBFloat16(values, MemoryMarshal.Cast<byte, ushort>(destination));
        else
            MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(destination);
    }
}
