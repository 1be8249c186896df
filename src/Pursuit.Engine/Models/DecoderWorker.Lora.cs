using Pursuit.Engine.Kernels;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    private bool _dropping;

    /// <summary>y += scale (drop(x) A^T) B^T for the group's adapters.</summary>
    private void AddAdapters(MicroBatch batch, LinearGroup group, BufferSlice x, BufferSlice y)
    {
        if (_decoder.Adapters is not { } adapters)
            return;
        foreach (var module in adapters.Of(group))
        {
            var hidden = _activations!.LoraHidden;
            AdapterHidden(batch, adapters, module, x, hidden);
            _operations.Multiply(false, true, batch.Tokens, module.Part.Outputs, adapters.Options.Rank, adapters.Options.Scale, hidden, adapters.Options.Rank, module.B.In(adapters.Values), adapters.Options.Rank, 1, y.From(module.Part.FirstOutput), group.Outputs);
        }
    }

    /// <summary>du = scale dy B, kept for the consumer, and dx += undrop(du A).</summary>
    private void AddAdapterGradients(MicroBatch batch, LinearGroup group, BufferSlice dy, BufferSlice? dx)
    {
        if (_decoder.Adapters is not { } adapters)
            return;
        var (a, rank, number) = (_activations!, adapters.Options.Rank, 0);
        foreach (var module in adapters.Of(group))
        {
            var gradient = a.LoraHiddenGradients[number++];
            _operations.Multiply(false, false, batch.Tokens, rank, module.Part.Outputs, adapters.Options.Scale, dy.From(module.Part.FirstOutput), group.Outputs, module.B.In(adapters.Values), rank, 0, gradient, rank);
            if (dx is not { } target)
                continue;
            if (_dropping)
            {
                var dropped = a.LoraInput.Part(0, batch.Tokens * group.Inputs);
                _operations.Multiply(false, false, batch.Tokens, group.Inputs, rank, 1, gradient, rank, module.A.In(adapters.Values), group.Inputs, 0, dropped, group.Inputs);
                Drop(batch, adapters, module, dropped, true, target);
            }
            else
            {
                _operations.Multiply(false, false, batch.Tokens, group.Inputs, rank, 1, gradient, rank, module.A.In(adapters.Values), group.Inputs, 1, target, group.Inputs);
            }
        }
    }

    /// <summary>Shows the consumer a group's layers and their adapters.</summary>
    private void Show(MicroBatch batch, IGradientConsumer consumer, LinearGroup group, BufferSlice x, BufferSlice dy)
    {
        consumer.OnLinear(new(batch, group, x, dy));
        if (_decoder.Adapters is not { } adapters)
            return;
        var (a, number) = (_activations!, 0);
        foreach (var module in adapters.Of(group))
        {
            var inputs = AdapterHidden(batch, adapters, module, x, a.LoraHidden);
            consumer.OnAdapter(new(batch, module, adapters.Options.Scale, inputs, dy.From(module.Part.FirstOutput), a.LoraHidden, a.LoraHiddenGradients[number++]));
        }
    }

    /// <summary>u = drop(x) A^T; returns drop(x).</summary>
    private BufferSlice AdapterHidden(MicroBatch batch, LoraAdapters adapters, LoraModule module, BufferSlice x, BufferSlice hidden)
    {
        var inputs = x;
        if (_dropping)
        {
            inputs = _activations!.LoraInput;
            Drop(batch, adapters, module, x.Part(0, batch.Tokens * module.Group.Inputs), false, inputs);
        }

        _operations.Multiply(false, true, batch.Tokens, adapters.Options.Rank, module.Group.Inputs, 1, inputs, module.Group.Inputs, module.A.In(adapters.Values), module.Group.Inputs, 0, hidden, adapters.Options.Rank);
        return inputs;
    }

    /// <summary>A row's mask depends on the stream, the adapter and the row's place in the whole batch, not on the micro-batch.</summary>
    private void Drop(MicroBatch batch, LoraAdapters adapters, LoraModule module, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        var stream = DropoutMask.Derive(adapters.DropoutStream!.Value, module.Index);
        _operations.Dropout(source, (float)adapters.Options.Dropout, stream, (long)batch.FirstToken * module.Group.Inputs, accumulate, destination);
    }
}
