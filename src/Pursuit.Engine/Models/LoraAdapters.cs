using Pursuit.Engine.Kernels;
using Pursuit.Runs;

namespace Pursuit.Engine.Models;

/// <summary>A low-rank adapter of one linear layer: y += scale (x A^T) B^T.</summary>
/// <param name="Index">Its number among all adapters.</param>
/// <param name="Group">The group whose input it reads.</param>
/// <param name="Part">The layer it adds to.</param>
/// <param name="A">A [rank, inputs], under PEFT's name.</param>
/// <param name="B">B [outputs, rank], under PEFT's name.</param>
public sealed record LoraModule(int Index, LinearGroup Group, LinearPart Part, Parameter A, Parameter B);

/// <summary>The adapters of a decoder, with their weights in one flat buffer. Attach them by <see cref="Decoder.Adapters"/>.</summary>
public sealed class LoraAdapters : IDisposable
{
    private readonly Dictionary<LinearGroup, LoraModule[]> _byGroup;
    private readonly List<Parameter> _all = [];

    /// <summary>Makes adapters with B = 0 (so that they change nothing yet) and A uniform in +-1/sqrt(inputs), as PEFT does.</summary>
    /// <param name="decoder">The decoder they will be attached to; it keeps its weights.</param>
    /// <param name="options">Where and how large.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public LoraAdapters(Decoder decoder, LoraOptions options, ulong seed)
    {
        options.Validate();
        Options = options;
        var modules = new List<LoraModule>();
        foreach (var group in decoder.Layout.LinearGroups)
        {
            foreach (var part in group.Parts.Where(p => options.TargetModules.Contains(p.Module[(p.Module.LastIndexOf('.') + 1)..])))
            {
                var name = "base_model.model." + part.Module;
                modules.Add(new LoraModule(modules.Count, group, part, Append(name + ".lora_A.weight", options.Rank, group.Inputs), Append(name + ".lora_B.weight", part.Outputs, options.Rank)));
            }
        }

        Modules = modules;
        _byGroup = modules.GroupBy(m => m.Group, ReferenceEqualityComparer.Instance).ToDictionary(g => (LinearGroup)g.Key!, g => g.ToArray());
        LargestGroup = _byGroup.Values.Max(g => g.Length);
        Values = decoder.Operations.Allocate(BufferLength);
        foreach (var module in modules)
        {
            var random = new SeededRandom(seed, "lora/" + module.A.Name);
            var bound = 1 / Math.Sqrt(module.Group.Inputs);
            var values = new float[module.A.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)((2 * random.NextDouble() - 1) * bound);
            decoder.Operations.Write(values, module.A.In(Values));
        }
    }

    /// <summary>Where and how large.</summary>
    public LoraOptions Options { get; }

    /// <summary>The adapters, from the first layer up.</summary>
    public IReadOnlyList<LoraModule> Modules { get; }

    /// <summary>All A and B, in the order of their offsets.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Values of a flat buffer, alignment gaps included.</summary>
    public long BufferLength { get; private set; }

    /// <summary>The weights of all adapters.</summary>
    public DeviceBuffer Values { get; }

    /// <summary>
    /// The stream that decides what <see cref="LoraOptions.Dropout"/> drops in a forward pass that a backward pass
    /// follows; a trainer sets it for every step. Null (the default): nothing is dropped.
    /// </summary>
    public ulong? DropoutStream { get; set; }

    /// <summary>The most adapters that one group of layers has.</summary>
    internal int LargestGroup { get; }

    /// <summary>The adapters of a group of layers.</summary>
    public ReadOnlySpan<LoraModule> Of(LinearGroup group) => _byGroup.TryGetValue(group, out var modules) ? modules : [];

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Values.Dispose();

    private Parameter Append(string name, params int[] shape)
    {
        var parameter = new Parameter(_all.Count, name, shape, BufferLength);
        _all.Add(parameter);
        BufferLength += (parameter.Length + 15L) / 16 * 16;
        return parameter;
    }
}
