using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>Features of kind full: each example's gradient of each linear layer is formed, preconditioned and sketched.</summary>
internal sealed class FullGradients : ExampleGradients
{
    private readonly Dictionary<int, int> _tensors;

    public FullGradients(Decoder decoder, TensorPreconditioner? preconditioner, FeatureSpace space)
        : base(decoder.Device, preconditioner, space) =>
        _tensors = Weights(decoder).Select((p, i) => (p, i)).ToDictionary(x => x.p.Index, x => x.i);

    /// <summary>The linear layers' weights, from the first layer up.</summary>
    public static IEnumerable<Parameter> Weights(Decoder decoder) =>
        decoder.Layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Weight);

    public override void OnLinear(in LinearGradient gradient)
    {
        var group = gradient.Group;
        foreach (var part in group.Parts)
        {
            var deltas = new MatrixSlice(gradient.Deltas.From(part.FirstOutput), group.Outputs);
            var inputs = new MatrixSlice(gradient.Inputs, group.Inputs);
            AddEach(_tensors[part.Weight.Index], new(gradient.Segments, part.Outputs, group.Inputs, deltas, inputs, default));
        }
    }
}

/// <summary>Features of kind lora: each example's gradients of A and B of every adapter, preconditioned and sketched.</summary>
internal sealed class LoraGradients : ExampleGradients
{
    private readonly int _lowest;

    public LoraGradients(LoraAdapters adapters, Device device, TensorPreconditioner? preconditioner, FeatureSpace space)
        : base(device, preconditioner, space) => _lowest = adapters.Modules.Min(m => m.Group.Layer);

    public override int LowestLayer => _lowest;

    public override void OnAdapter(in AdapterGradient gradient)
    {
        AddEach(gradient.Module.A.Index, gradient.EachA);
        AddEach(gradient.Module.B.Index, gradient.EachB);
    }
}
