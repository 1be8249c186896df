using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Adapters;

/// <summary>
/// The gradient of every attached adapter's weights, summed over micro-batches in their order; none is formed for the
/// decoder's own weights, and the backward pass ends at the lowest layer with an adapter.
/// </summary>
internal sealed class AdapterGradients : IGradientSum, IDisposable
{
    private readonly LoraAdapters _adapters;
    private readonly Turns _turns;

    /// <summary>Allocates the gradients of the adapters attached to a decoder.</summary>
    /// <exception cref="InvalidOperationException">The decoder has no adapters.</exception>
    public AdapterGradients(Decoder decoder)
    {
        _adapters = decoder.Adapters ?? throw new InvalidOperationException("the decoder has no adapters");
        Operations = decoder.Operations;
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
    public IDecoderOperations Operations { get; }

    /// <inheritdoc/>
    public void Begin()
    {
        foreach (var parameter in Parameters)
            Operations.Fill(0, parameter.In(Values));
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
            var (module, batch) = (gradient.Module, gradient.Batch);
            owner._turns.Wait(module.Index, batch.Index);
            gradient.AddA(module.A.In(owner.Values));
            gradient.AddB(module.B.In(owner.Values));
            batch.Operations.Finish();
            owner._turns.Pass(module.Index);
        }
    }
}
