using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    private bool _dropping;

    /// <summary>y += scale (drop(x) A^T) B^T for the group's adapters; u = drop(x) A^T is kept for the backward pass.</summary>
    private void AddAdapters(MicroBatch batch, LinearGroup layers, BufferSlice x, BufferSlice y)
    {
        if (_decoder.Adapters is not { } adapters || adapters.Of(layers) is not { } group)
            return;
        var (rows, rank, hidden) = (batch.Tokens, group.Rank, _activations!.LoraHidden(group));
        for (var first = 0; first < group.Modules.Count; first += Together(group))
        {
            var input = AdapterInput(batch, adapters, group, first, x);
            _operations.Multiply(false, true, rows, Together(group) * rank, group.Inputs, 1, input, group.Inputs, group.A(adapters.Values, first, Together(group)), group.Inputs, 0, hidden.From(first * rank), group.Width);
        }

        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            _operations.Multiply(false, true, rows, module.Part.Outputs, rank, adapters.Options.Scale, hidden.From(i * rank), group.Width, module.B.In(adapters.Values), rank, 1, y.From(module.Part.FirstOutput), layers.Outputs);
        }
    }

    /// <summary>du = scale dy B, which stands until the consumer saw it, and dx += drop'(du A).</summary>
    private void AddAdapterGradients(MicroBatch batch, LinearGroup layers, BufferSlice dy, BufferSlice? dx)
    {
        if (_decoder.Adapters is not { } adapters || adapters.Of(layers) is not { } group)
            return;
        var (a, rows, rank) = (_activations!, batch.Tokens, group.Rank);
        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            _operations.Multiply(false, false, rows, rank, module.Part.Outputs, adapters.Options.Scale, dy.From(module.Part.FirstOutput), layers.Outputs, module.B.In(adapters.Values), rank, 0, a.LoraHiddenGradient.From(i * rank), group.Width);
        }

        if (dx is not { } target)
            return;
        for (var first = 0; first < group.Modules.Count; first += Together(group))
        {
            var result = _dropping ? a.LoraInput : target;
            _operations.Multiply(false, false, rows, group.Inputs, Together(group) * rank, 1, a.LoraHiddenGradient.From(first * rank), group.Width, group.A(adapters.Values, first, Together(group)), group.Inputs, _dropping ? 0 : 1, result, group.Inputs);
            if (_dropping)
                Drop(batch, adapters, group.Modules[first], result, accumulate: true, target);
        }
    }

    /// <summary>Shows the consumer a group's layers and their adapters.</summary>
    private void Show(MicroBatch batch, IGradientConsumer consumer, LinearGroup layers, BufferSlice x, BufferSlice dy)
    {
        consumer.OnLinear(new(batch, layers, x, dy));
        if (_decoder.Adapters is not { } adapters || adapters.Of(layers) is not { } group)
            return;
        var (hidden, gradient) = (_activations!.LoraHidden(group), _activations.LoraHiddenGradient);
        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            var input = AdapterInput(batch, adapters, group, i, x);
            consumer.OnAdapter(new(batch, module, adapters.Options.Scale, input, dy.From(module.Part.FirstOutput), hidden.From(i * group.Rank), gradient.From(i * group.Rank), group.Width));
        }
    }

    /// <summary>Adapters that one product serves: all of a group, unless each drops other values of the input.</summary>
    private int Together(LoraGroup group) => _dropping ? 1 : group.Modules.Count;

    private BufferSlice AdapterInput(MicroBatch batch, LoraAdapters adapters, LoraGroup group, int module, BufferSlice x)
    {
        if (!_dropping)
            return x;
        Drop(batch, adapters, group.Modules[module], x, accumulate: false, _activations!.LoraInput);
        return _activations.LoraInput;
    }

    /// <summary>
    /// What is dropped depends on the stream, the adapter, the example's number in the batch and the place within the
    /// example, so neither on the micro-batch nor on the thread. The mask is drawn again in the backward pass, not kept.
    /// </summary>
    private void Drop(MicroBatch batch, LoraAdapters adapters, LoraModule module, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        var (width, stream) = (module.Group.Inputs, DropoutMask.Derive(adapters.DropoutStream!.Value, module.Index));
        for (var i = 0; i < batch.Examples; i++)
        {
            var (start, count) = (batch.Offsets[i] * width, (batch.Offsets[i + 1] - batch.Offsets[i]) * width);
            _operations.Dropout(source.Part(start, count), (float)adapters.Options.Dropout, DropoutMask.Derive(stream, batch.FirstExample + i), accumulate, destination.Part(start, count));
        }
    }
}
