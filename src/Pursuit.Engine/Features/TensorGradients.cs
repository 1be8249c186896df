using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>Features of kind full: each example's gradient of each linear layer is formed, preconditioned and sketched.</summary>
internal sealed class FullGradients : ExampleGradients
{
    private readonly Dictionary<int, int> _tensors;
    private readonly TensorPreconditioner? _preconditioner;
    private readonly BufferSlice _gradient;

    public FullGradients(Decoder decoder, TensorPreconditioner? preconditioner, FeatureSpace space)
        : base(decoder.Operations, space)
    {
        _preconditioner = preconditioner;
        _tensors = Weights(decoder).Select((p, i) => (p, i)).ToDictionary(x => x.p.Index, x => x.i);
        _gradient = Scratch(Weights(decoder).Max(p => p.Length));
    }

    /// <summary>The linear layers' weights, from the first layer up.</summary>
    public static IEnumerable<Parameter> Weights(Decoder decoder) => decoder.Layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Weight);

    public override void OnLinear(in LinearGradient gradient)
    {
        var (batch, group) = (gradient.Batch, gradient.Group);
        foreach (var part in group.Parts)
        {
            var tensor = _tensors[part.Weight.Index];
            var formed = _gradient.Part(0, part.Weight.Length);
            for (var i = 0; i < batch.Examples; i++)
            {
                var (first, rows) = (batch.Offsets[i], batch.Offsets[i + 1] - batch.Offsets[i]);
                Operations.Multiply(true, false, part.Outputs, group.Inputs, rows, 1, gradient.Deltas.From(first * group.Outputs + part.FirstOutput), group.Outputs, gradient.Inputs.From(first * group.Inputs), group.Inputs, 0, formed, group.Inputs);
                _preconditioner?.Apply(tensor, formed);
                Add(i, tensor, formed);
            }
        }
    }
}

/// <summary>Features of kind lora: each example's gradients of A and B of every adapter, preconditioned and sketched.</summary>
internal sealed class LoraGradients : ExampleGradients
{
    private readonly TensorPreconditioner? _preconditioner;
    private readonly BufferSlice _gradient;
    private readonly int _lowest;

    public LoraGradients(LoraAdapters adapters, IDecoderOperations operations, TensorPreconditioner? preconditioner, FeatureSpace space)
        : base(operations, space)
    {
        _preconditioner = preconditioner;
        _gradient = Scratch(adapters.All.Max(p => p.Length));
        _lowest = adapters.Modules.Min(m => m.Group.Layer);
    }

    public override int LowestLayer => _lowest;

    public override void OnAdapter(in AdapterGradient gradient)
    {
        var (batch, module) = (gradient.Batch, gradient.Module);
        for (var i = 0; i < batch.Examples; i++)
        {
            var (first, rows) = (batch.Offsets[i], batch.Offsets[i + 1] - batch.Offsets[i]);
            var formed = _gradient.Part(0, module.A.Length);
            gradient.FormA(Operations, first, rows, accumulate: false, formed);
            Put(i, module.A.Index, formed);
            formed = _gradient.Part(0, module.B.Length);
            gradient.FormB(Operations, first, rows, accumulate: false, formed);
            Put(i, module.B.Index, formed);
        }
    }

    private void Put(int example, int tensor, BufferSlice formed)
    {
        _preconditioner?.Apply(tensor, formed);
        Add(example, tensor, formed);
    }
}
