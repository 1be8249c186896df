using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Storage;

namespace Pursuit.Engine.Adapters;

/// <summary>
/// The low-rank adapters of a decoder, with their weights in one flat buffer. <see cref="Decoder.Adapters"/> attaches
/// them; the decoder's own weights stay as they are.
/// </summary>
internal sealed partial class LoraAdapters : IDisposable
{
    private const int Alignment = 16;

    private readonly LoraGroup?[] _byFirstWeight;
    private readonly List<Parameter> _all = [];
    private readonly IDecoderOperations _operations;
    private readonly ModelFamily _family;

    /// <summary>
    /// Lays the adapters out, compares them with the file they are to be read from, where there is one, and only then takes memory.
    /// </summary>
    private LoraAdapters(Decoder decoder, LoraOptions options, string where, SafetensorsFile? file = null)
    {
        options.Validate(where);
        options = options.For(decoder.Config.Family);
        CheckTargets(decoder.Layout, options, where);
        (Options, Layout, _operations, _family) = (options, decoder.Layout, decoder.Operations, decoder.Config.Family);
        _byFirstWeight = new LoraGroup?[decoder.Layout.All.Count];
        var groups = new List<LoraGroup>();
        foreach (var group in decoder.Layout.LinearGroups)
        {
            var parts = group.Parts.Where(p => options.Targets(p.Module)).ToArray();
            if (parts.Length == 0)
                continue;
            var widest = Math.Max(group.Inputs, parts.Max(p => p.Outputs));
            if ((long)options.Rank * widest > int.MaxValue)
                throw PursuitException.At(
                    where,
                    $"rank {options.Rank} times the {widest} inputs or outputs of {parts[0].Module}",
                    $"at most {int.MaxValue} values of a tensor",
                    "Use a lower rank.");
            var first = groups.Sum(g => g.Modules.Count);
            var a = Append(parts.Select(p => (Name(p, "A"), options.Rank, group.Inputs, default(FileOrder))));
            var b = Append(parts.Select(p => (Name(p, "B"), p.Outputs, options.Rank, p.Weight.Order?.OfRows)));
            groups.Add(
                new LoraGroup(
                    groups.Count, options.Rank, [.. parts.Select((part, i) => new LoraModule(first + i, group, part, a[i], b[i]))]));
            _byFirstWeight[group.Parts[0].Weight.Index] = groups[^1];
        }

        Groups = groups;
        Modules = [.. groups.SelectMany(g => g.Modules)];
        if (file is not null) CheckTensors(file);
        Values = decoder.Operations.Allocate(BufferLength);
    }

    /// <summary>Where and how large.</summary>
    public LoraOptions Options { get; }

    /// <summary>The parameters of the decoder they belong to.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The adapters, from the first layer up.</summary>
    public IReadOnlyList<LoraModule> Modules { get; }

    /// <summary>The adapters by the input they read, from the first layer up.</summary>
    public IReadOnlyList<LoraGroup> Groups { get; }

    /// <summary>All A and B, in the order of their offsets.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Number of values of all A and B.</summary>
    public long Count => _all.Sum(p => (long)p.Length);

    /// <summary>Values of a flat buffer, alignment gaps included.</summary>
    public long BufferLength { get; private set; }

    /// <summary>The weights of all adapters in float32, flat.</summary>
    public DeviceBuffer Values { get; }

    /// <summary>
    /// The stream that decides what <see cref="LoraOptions.Dropout"/> drops in a forward pass that a backward pass
    /// follows; a trainer sets it for every step (<see cref="DropoutStreamOf"/>). Null (the default): nothing is dropped.
    /// </summary>
    public ulong? DropoutStream { get; set; }

    /// <summary>
    /// Makes adapters as PEFT does: B = 0, so that they change nothing yet, and A uniform in +-1/sqrt(inputs)
    /// (Kaiming's bound with a = sqrt(5)). A tensor's values depend on the seed and its name alone.
    /// </summary>
    /// <param name="decoder">The decoder they belong to; nothing is attached to it.</param>
    /// <param name="options">Where and how large.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="PursuitException">An option is out of range, or a target module names no layer.</exception>
    public static LoraAdapters Create(Decoder decoder, LoraOptions options, ulong seed)
    {
        var adapters = new LoraAdapters(decoder, options, "LoRA");
        foreach (var module in adapters.Modules)
        {
            var random = new SeededRandom(seed, "lora/" + module.A.Name);
            var bound = 1 / Math.Sqrt(module.Group.Inputs);
            var values = new float[module.A.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)((2 * random.NextDouble() - 1) * bound);
            adapters._operations.Write(values, module.A.In(adapters.Values));
        }

        return adapters;
    }

    /// <summary>The stream of a training step's dropout.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="step">The step, from 0.</param>
    public static ulong DropoutStreamOf(ulong seed, long step) => new SeededRandom(seed, "lora/dropout", (ulong)step).NextUInt64();

    /// <summary>The adapters of a group of layers, or null.</summary>
    public LoraGroup? Find(LinearGroup group) => _byFirstWeight[group.Parts[0].Weight.Index];

    /// <summary>A tensor's values, copied to the host.</summary>
    public float[] Read(Parameter parameter)
    {
        var values = new float[parameter.Length];
        _operations.Read(parameter.In(Values), values);
        return values;
    }

    /// <summary>
    /// Adds scale B A to the weights of a decoder, which then answers without these adapters as it did with them; if
    /// they are attached to it, they are detached.
    /// </summary>
    /// <param name="decoder">The decoder they belong to, or another of the same shape on the same device.</param>
    /// <exception cref="PursuitException">The decoder has other layers.</exception>
    /// <exception cref="InvalidOperationException">Its weights are in bf16, which would round the sums.</exception>
    public void MergeInto(Decoder decoder)
    {
        CheckBelongs(decoder);
        if (decoder.Weights.Type != ElementType.Float32)
            throw new InvalidOperationException("weights loaded to be read were to be changed");
        foreach (var module in Modules)
        {
            var (rank, inputs) = (Options.Rank, module.Group.Inputs);
            var weight = new MatrixSlice(decoder.Layout.All[module.Part.Weight.Index].In(decoder.Weights), inputs);
            var (b, a) = (new MatrixSlice(module.B.In(Values), rank), new MatrixSlice(module.A.In(Values), inputs));
            _operations.Multiply(new(module.Part.Outputs, inputs, rank, b, a, weight) { Alpha = Options.Scale, Beta = 1 });
        }

        if (decoder.Adapters == this)
            decoder.Adapters = null;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Values.Dispose();

    internal void CheckBelongs(Decoder decoder)
    {
        if (decoder.Layout == Layout)
            return;
        foreach (var module in Modules)
        {
            var (own, other) = (module.Part.Weight, decoder.Layout.Find(module.Part.Weight.Name));
            if (other is null || other.Index != own.Index || !other.Shape.SequenceEqual(own.Shape))
                throw PursuitException.At(
                    "LoRA",
                    $"an adapter of {own.Name} [{string.Join(", ", own.Shape)}]",
                    other is null ? "a layer of the decoder" : $"the decoder's [{string.Join(", ", other.Shape)}]",
                    "Use the adapters with the model they were made for.");
        }
    }

    private static string Name(LinearPart part, string matrix) => $"base_model.model.{part.Module}.lora_{matrix}.weight";

    private static void CheckTargets(ParameterLayout layout, LoraOptions options, string where)
    {
        var modules = layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Module).ToArray();
        var lost = options.TargetModules.Where(target => !modules.Any(module => LoraOptions.Targets(target, module))).ToArray();
        if (lost.Length > 0)
            throw PursuitException.At(
                where,
                $"target modules {string.Join(", ", lost)}",
                $"names that the model's {modules.Length} linear layers end with, {modules[0]} to {modules[^1]}");
    }

    private List<Parameter> Append(IEnumerable<(string Name, int Rows, int Columns, FileOrder? Order)> matrices)
    {
        BufferLength = (BufferLength + Alignment - 1) / Alignment * Alignment;
        var added = new List<Parameter>();
        foreach (var (name, rows, columns, order) in matrices)
        {
            added.Add(new Parameter(_all.Count, name, [rows, columns], BufferLength) { Order = order });
            _all.Add(added[^1]);
            BufferLength += added[^1].Length;
        }

        return added;
    }
}
