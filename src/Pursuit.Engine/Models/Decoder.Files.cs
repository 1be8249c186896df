using System.Runtime.InteropServices;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Numerics;
using Pursuit.Storage;

namespace Pursuit.Engine.Models;

internal sealed partial class Decoder
{
    /// <summary>Values copied to the device at once when loading.</summary>
    private const int LoadBlock = 1 << 22;

    /// <summary>Buffers that old checkpoints carry: rotary frequencies, which the config decides, and causal masks.</summary>
    private static readonly string[] KnownBuffers =
        ["rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias"];

    /// <summary>
    /// Loads a model directory as Hugging Face lays it out, or PEFT's adapters merged into the model that they belong to.
    /// </summary>
    /// <param name="directory">
    /// config.json with model.safetensors, or with an index and its files; bf16, fp16, fp32 or fp64. Or an adapter directory.
    /// </param>
    /// <param name="device">Where to; the processor if null.</param>
    /// <param name="use">What for: weights in bf16 stay so unless they are to be changed.</param>
    /// <exception cref="PursuitException">
    /// A file is missing or malformed, the config asks for something unsupported, or a tensor is missing, left over or
    /// of another shape than the config says.
    /// </exception>
    public static Decoder Load(string directory, Device? device = null, WeightUse use = WeightUse.Read)
    {
        var model = ModelDirectory.Open(directory);
        var config = ModelConfigReader.ReadDirectory(model.BasePath);
        using var files = ModelWeights.Open(model.BasePath);
        var headName = new FileTensorNames(files, config).Head;
        if (!config.TiedHead && !files.Tensors.ContainsKey(headName))
        {
            if (use != WeightUse.Embed)
            {
                throw PursuitException.At(
                    files.Path,
                    $"no {headName}: a model without a head, which gives embeddings and no losses",
                    "a causal language model",
                    "Use it with methods over embeddings, or use the model it was made from.");
            }

            config = config with { TiedHead = true }; // a tied head takes no tensor, and hidden states never reach it
        }

        var layout = new ParameterLayout(config);
        CheckTensors(layout, config, files);
        var changes = use == WeightUse.Change || model.AdapterPath is not null; // merged adapters give sums that bf16 would round
        var decoder = new Decoder(
            config,
            device ?? Device.Cpu,
            !changes && IsBFloat16(layout, config, files) ? ElementType.BFloat16 : ElementType.Float32,
            mayStream: !changes);
        try
        {
            decoder.ReadWeights(files);
            if (model.AdapterPath is not null)
            {
                using var adapters = LoraAdapters.Load(decoder, model.AdapterPath);
                adapters.MergeInto(decoder);
            }

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
        var ordered = new OrderedValues(this);
        foreach (var parameter in Layout.All)
        {
            var shape = parameter.FileShape.Select(size => (long)size).ToArray();
            var type = halfPrecision ? TensorType.BFloat16 : TensorType.Float32;
            tensors.Add(
                new TensorToWrite(
                    parameter.Name, type, shape, (offset, destination) => Fill(parameter, ordered, halfPrecision, offset, destination)));
        }

        SafetensorsWriter.Write(
            Path.Combine(directory, ModelWeights.SingleFileName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(
            Path.Combine(directory, "config.json"),
            stream => ModelConfigWriter.Write(Config, halfPrecision ? "bfloat16" : "float32", stream));
    }

    /// <summary>Reads the weights of another model directory of the same shape, such as a checkpoint's, in place of its own.</summary>
    /// <exception cref="PursuitException">A file is missing, or a tensor is missing, left over or of another shape.</exception>
    /// <exception cref="InvalidOperationException">The weights are in bf16, which would round a checkpoint's.</exception>
    public void Restore(string directory)
    {
        if (Weights.Type != ElementType.Float32)
            throw new InvalidOperationException("weights loaded to be read were to be changed");
        using var files = ModelWeights.Open(directory);
        CheckTensors(Layout, Config, files);
        ReadWeights(files);
    }

    private static void CheckTensors(ParameterLayout layout, ModelConfig config, ModelWeights files)
    {
        RefuseQuantized(files);
        var (faults, names) = (new List<string>(), new FileTensorNames(files, config));
        foreach (var parameter in layout.All)
        {
            var shape = parameter.FileShape;
            if (!files.Tensors.TryGetValue(names.Of(parameter), out var info))
                faults.Add($"{names.Of(parameter)} [{string.Join(", ", shape)}] is missing");
            else if (!info.Shape.SequenceEqual(shape.Select(size => (long)size)))
                faults.Add($"{names.Of(parameter)} is {info.Describe()}, the config says [{string.Join(", ", shape)}]");
            else if (!info.Type.ConvertsToSingle())
                faults.Add($"{names.Of(parameter)} is {info.Describe()}, bf16, fp16, fp32 or fp64 is needed");
        }

        // Tied heads may come with a copy of the embedding.
        var own = layout.All.Select(names.Of).ToHashSet(StringComparer.Ordinal);
        foreach (var name in files.Tensors.Keys.Where(n => !own.Contains(n)).Order(StringComparer.Ordinal))
        {
            if (!KnownBuffers.Any(b => name.EndsWith(b, StringComparison.Ordinal)) && !(config.TiedHead && name == names.Head)
                && !names.IsOfAnotherPart(name))
                faults.Add($"{name} {files.Tensors[name].Describe()} belongs to nothing in the config");
        }

        const int Shown = 8;
        if (faults.Count > 0)
        {
            var more = faults.Count > Shown ? "; ..." : "";
            var count = MessageText.Counted(faults.Count, "tensor doesn't", "tensors don't");
            throw new PursuitException($"{files.Path}: {count} fit config.json ({config.ModelType}, "
                + $"{layout.All.Count} tensors): "
                + $"{string.Join("; ", faults.Take(Shown))}{more}. Use the weights and the config of one model.");
        }
    }

    private static bool IsBFloat16(ParameterLayout layout, ModelConfig config, ModelWeights files)
    {
        var names = new FileTensorNames(files, config);
        return layout.All.Where(p => !p.IsVector).All(p => files.Tensors[names.Of(p)].Type == TensorType.BFloat16);
    }

    // A quantized model may come without a word of it in config.json; its tensors tell.
    private static void RefuseQuantized(ModelWeights files)
    {
        string? Ending(params string[] endings) =>
            files.Tensors.Keys.Where(n => endings.Any(e => n.EndsWith(e, StringComparison.Ordinal))).Min(StringComparer.Ordinal);
        var (kind, name) = Ending(".qweight", ".qzeros", ".g_idx") is { } packed ? ("GPTQ or AWQ", packed)
            : Ending(".scales") is { } scales ? ("MLX", scales)
            : Ending(".weight_scale", ".weight_scale_inv") is { } scale ? ("fp8", scale)
            : files.Tensors.Values.FirstOrDefault(t => t.Type is TensorType.Float8E4M3 or TensorType.Float8E5M2) is { } eight
                ? ("fp8", eight.Name)
            : (null, null);
        if (kind is not null)
        {
            throw PursuitException.At(
                files.Path,
                $"weights quantized by {kind} (tensor {name})",
                "weights in bf16, fp16, fp32 or fp64",
                "Use the model that was quantized: quantized weights have no gradients here, and nothing is approximated.");
        }
    }

    private void ReadWeights(ModelWeights files)
    {
        if (Streamed is not null) Streamed.Version++;
        var names = new FileTensorNames(files, Config);
        var block = Weights is HostBuffer ? [] : new float[Math.Min(LoadBlock, Layout.All.Max(p => p.Length))];
        foreach (var parameter in Layout.All)
        {
            var (name, slice) = (names.Of(parameter), Weight(parameter));
            if (parameter.Order is { } order)
            {
                ReadOrdered(files, name, parameter, order, slice);
                continue;
            }

            for (var start = 0; start < slice.Length; start += LoadBlock)
            {
                var count = Math.Min(LoadBlock, slice.Length - start);
                if (slice.Buffer.Type == ElementType.BFloat16)
                {
                    var bytes = files.ReadRaw(name, (long)start * sizeof(ushort), count * sizeof(ushort));
                    OperationsAt(slice).Write(MemoryMarshal.Cast<byte, ushort>(bytes), slice.Part(start, count));
                }
                else if (slice.Buffer is HostBuffer)
                {
                    files.ReadSingle(name, start, slice.Part(start, count).AsSpan());
                }
                else
                {
                    files.ReadSingle(name, start, block.AsSpan(0, count));
                    Operations.Write(block.AsSpan(0, count), slice.Part(start, count));
                }

                files.GiveBack(name, start, count);
            }
        }
    }

    private void ReadOrdered(ModelWeights files, string name, Parameter parameter, FileOrder order, BufferSlice slice)
    {
        if (slice.Buffer.Type == ElementType.BFloat16)
        {
            var bits = new ushort[parameter.Length];
            var bytes = files.ReadRaw(name, 0, checked(parameter.Length * sizeof(ushort)));
            order.Read(parameter.Shape, MemoryMarshal.Cast<byte, ushort>(bytes), bits.AsSpan());
            OperationsAt(slice).Write(bits, slice);
        }
        else
        {
            var (file, values) = (new float[parameter.Length], new float[parameter.Length]);
            files.ReadSingle(name, 0, file);
            order.Read<float>(parameter.Shape, file, values);
            OperationsAt(slice).Write(values, slice);
        }

        files.GiveBack(name, 0, parameter.Length);
    }

    private void Fill(Parameter parameter, OrderedValues ordered, bool halfPrecision, long byteOffset, Span<byte> destination)
    {
        var size = halfPrecision ? sizeof(ushort) : sizeof(float);
        var (start, count) = (checked((int)(byteOffset / size)), destination.Length / size);
        var values = new float[count];
        if (parameter.Order is null)
            OperationsAt(Weight(parameter)).Read(Weight(parameter).Part(start, count), values);
        else
            ordered.Of(parameter).AsSpan(start, count).CopyTo(values);
        if (halfPrecision)
            FloatConversion.SingleToBFloat16(values, MemoryMarshal.Cast<byte, ushort>(destination));
        else
            MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(destination);
    }

    /// <summary>Tensors in the file's order, the last one kept: a writer asks for one stretch after another.</summary>
    private sealed class OrderedValues(Decoder decoder)
    {
        private Parameter? _parameter;
        private float[] _values = [];

        public float[] Of(Parameter parameter)
        {
            if (parameter != _parameter)
            {
                _values = new float[parameter.Length];
                parameter.Order!.Write<float>(parameter.Shape, decoder.Read(parameter), _values);
                _parameter = parameter;
            }

            return _values;
        }
    }
}

/// <summary>What a model is loaded for.</summary>
internal enum WeightUse
{
    /// <summary>Its predictions, and gradients through it: weights stay as the file has them, bf16 or float32.</summary>
    Read,

    /// <summary>Its hidden states alone: it may lack the head, as models made for embeddings do.</summary>
    Embed,

    /// <summary>Weights that are trained, or read again from checkpoints: in float32, so that a step isn't rounded away.</summary>
    Change,
}
