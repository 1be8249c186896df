using Pursuit.Engine.Models;
using Pursuit.Storage;

namespace Pursuit.Engine.Adapters;

internal sealed partial class LoraAdapters
{
    /// <summary>The file of the adapters' weights.</summary>
    public const string WeightsFileName = "adapter_model.safetensors";

    /// <summary>Loads an adapter directory as PEFT lays it out: adapter_config.json and adapter_model.safetensors.</summary>
    /// <param name="decoder">The decoder they belong to; nothing is attached to it.</param>
    /// <param name="directory">The directory; tensors in bf16, fp16, fp32 or fp64.</param>
    /// <exception cref="PursuitException">
    /// A file is missing or malformed, the config asks for something unsupported, or a tensor is missing, left over or of
    /// another shape than the config and the decoder say.
    /// </exception>
    public static LoraAdapters Load(Decoder decoder, string directory)
    {
        var config = AdapterConfig.ReadDirectory(directory);
        if (config.FanInFanOut && !decoder.Config.Family.TransposedWeights)
        {
            throw PursuitException.At(
                Path.Combine(directory, AdapterConfig.FileName),
                "fan_in_fan_out true",
                $"false: {decoder.Config.ModelType} holds its weights [outputs, inputs]",
                "Use the adapters with the model they were made for.");
        }

        using var file = OpenWeights(directory);
        var adapters = new LoraAdapters(decoder, config.Options, Path.Combine(directory, AdapterConfig.FileName), file);
        try
        {
            adapters.ReadWeights(file);
            return adapters;
        }
        catch
        {
            adapters.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes adapter_config.json and adapter_model.safetensors (fp32) as PEFT lays them out, each under its name when it is whole.
    /// </summary>
    /// <param name="directory">The directory; created where missing.</param>
    /// <param name="baseModel">Name or path of the decoder's model, for whoever loads the adapters; null: not given.</param>
    /// <exception cref="PursuitException">The directory can't be written.</exception>
    public void Save(string directory, string? baseModel)
    {
        SafetensorsWriter.Write(
            Path.Combine(directory, WeightsFileName),
            [.. All.Select(p => Tensor(p))],
            new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(directory, AdapterConfig.FileName), stream => Config(baseModel).Write(stream));
    }

    /// <summary>The configuration's content: PEFT resolves "all-linear" to the layers' names before it saves.</summary>
    private AdapterConfig Config(string? baseModel)
    {
        var isAll = Options.TargetModules is [LoraOptions.AllLinear];
        var names = isAll ? [.. Modules.Select(m => ModuleNames.Last(m.Part.Module)).Distinct()] : Options.TargetModules;
        return new AdapterConfig(Options with { TargetModules = names }, baseModel) { FanInFanOut = _family.TransposedWeights };
    }

    /// <summary>Reads a directory's adapter_model.safetensors into these adapters.</summary>
    /// <exception cref="PursuitException">The file is missing or doesn't fit.</exception>
    internal void ReadWeights(string directory)
    {
        using var file = OpenWeights(directory);
        CheckTensors(file);
        ReadWeights(file);
    }

    private static SafetensorsFile OpenWeights(string directory)
    {
        var path = Path.Combine(directory, WeightsFileName);
        if (!File.Exists(path))
        {
            var pickle = File.Exists(Path.Combine(directory, "adapter_model.bin"));
            throw PursuitException.At(
                directory,
                $"there is no {WeightsFileName}{(pickle ? ", only adapter_model.bin, a pickle, which is never read" : "")}",
                "the adapter's weights as safetensors",
                "Save the adapter again with a current PEFT.");
        }

        return SafetensorsFile.Open(path);
    }

    private void ReadWeights(SafetensorsFile file)
    {
        foreach (var parameter in All)
        {
            var values = new float[parameter.Length];
            file.ReadSingle(parameter.Name, values);
            if (parameter.Order is { } order)
            {
                var ordered = new float[values.Length];
                order.Read<float>(parameter.Shape, values, ordered);
                values = ordered;
            }

            _operations.Write(values, parameter.In(Values));
        }
    }

    private TensorToWrite Tensor(Parameter parameter)
    {
        var values = Read(parameter);
        if (parameter.Order is { } order)
            order.Write<float>(parameter.Shape, Read(parameter), values);
        return TensorToWrite.FromSingle(parameter.Name, [.. parameter.Shape.Select(size => (long)size)], values);
    }

    private void CheckTensors(SafetensorsFile file)
    {
        var faults = new List<string>();
        foreach (var parameter in All)
        {
            var shape = $"[{string.Join(", ", parameter.Shape)}]";
            if (!file.Tensors.TryGetValue(parameter.Name, out var info))
                faults.Add($"{parameter.Name} {shape} is missing");
            else if (!info.Shape.SequenceEqual(parameter.Shape.Select(size => (long)size)))
                faults.Add($"{parameter.Name} is {info.Describe()}, rank and model say {shape}");
            else if (!info.Type.ConvertsToSingle())
                faults.Add($"{parameter.Name} is {info.Describe()}, bf16, fp16, fp32 or fp64 is needed");
        }

        var own = All.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        faults.AddRange(
            file.Tensors.Keys.Where(n => !own.Contains(n)).Order(StringComparer.Ordinal).Select(
                name => $"{name} {file.Info(name).Describe()} belongs to no target module"));
        const int Shown = 8;
        var count = MessageText.Counted(faults.Count, "tensor doesn't", "tensors don't");
        if (faults.Count > 0)
            throw new PursuitException(
                $"{file.Path}: {count} fit {AdapterConfig.FileName} and the model ({All.Count} tensors): "
                    + $"{string.Join("; ", faults.Take(Shown))}{(faults.Count > Shown ? "; ..." : "")}. Use the adapter "
                    + "with the model it was made for.");
    }
}
