using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>The gradient of every attached adapter's weights, summed over micro-batches in their order; the decoder's own weights get none.</summary>
public sealed class AdapterGradients : IGradientSum, IDisposable
{
    private readonly Decoder _decoder;
    private readonly LoraAdapters _adapters;
    private readonly Turns _turns;

    /// <summary>Allocates the gradients of the adapters attached to a decoder.</summary>
    /// <exception cref="InvalidOperationException">The decoder has no adapters.</exception>
    public AdapterGradients(Decoder decoder)
    {
        _decoder = decoder;
        _adapters = decoder.Adapters ?? throw new InvalidOperationException("the decoder has no adapters");
        Values = decoder.Operations.Allocate(_adapters.BufferLength);
        _turns = new Turns(_adapters.Modules.Count);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters => _adapters.All;

    /// <inheritdoc/>
    public DeviceBuffer Weights => _adapters.Values;

    /// <inheritdoc/>
    public DeviceBuffer Values { get; }

    /// <inheritdoc/>
    public IDecoderOperations Operations => _decoder.Operations;

    /// <inheritdoc/>
    public void Begin()
    {
        for (var i = 0; i < Parameters.Count; i++)
            Operations.Fill(0, Parameters[i].In(Values));
        _turns.Reset();
    }

    /// <inheritdoc/>
    public IGradientConsumer CreateConsumer() => new Consumer(this);

    /// <inheritdoc/>
    public void Complete()
    {
        // Every adapter's gradient is whole as it stands.
    }

    /// <inheritdoc/>
    public void Abort() => _turns.Abort();

    /// <summary>Frees the memory.</summary>
    public void Dispose() => Values.Dispose();

    private sealed class Consumer(AdapterGradients owner) : GradientConsumer
    {
        public override int LowestLayer { get; } = owner._adapters.Modules.Min(m => m.Group.Layer);

        public override void OnAdapter(in AdapterGradient gradient)
        {
            var (module, rank, operations) = (gradient.Module, owner._adapters.Options.Rank, owner.Operations);
            var (tokens, inputs, outputs) = (gradient.Batch.Tokens, module.Group.Inputs, module.Part.Outputs);
            owner._turns.Wait(module.Index, gradient.Batch.Index);
            operations.Multiply(true, false, rank, inputs, tokens, 1, gradient.HiddenGradient, rank, gradient.Inputs, inputs, 1, module.A.In(owner.Values), inputs);
            operations.Multiply(true, false, outputs, rank, tokens, gradient.Scale, gradient.Deltas, module.Group.Outputs, gradient.Hidden, rank, 1, module.B.In(owner.Values), rank);
            owner._turns.Pass(module.Index);
        }
    }
}
