using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    private bool _dropping;

    /// <summary>y += scale (drop(x) A^T) B^T for the group's adapters; u = drop(x) A^T is kept for the backward pass.</summary>
    private void AddAdapters(RowSet among, LinearGroup layers, BufferSlice x, BufferSlice y)
    {
        if (_decoder.Adapters is not { } adapters || adapters.Find(layers) is not { } group)
            return;
        var (rows, rank) = (among.Count, group.Rank);
        var hidden = new MatrixSlice(_activations!.LoraHidden(group), group.Width);
        for (var first = 0; first < group.Modules.Count; first += Together(group))
        {
            var input = new MatrixSlice(AdapterInput(among, adapters, group.Modules[first], x), group.Inputs);
            var a = new MatrixSlice(group.A(adapters.Values, first, Together(group)), group.Inputs);
            _operations.Multiply(
                new(rows, Together(group) * rank, group.Inputs, input, a, hidden.From(first * rank)) { TransposeB = true });
        }

        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            var (b, target) = (
                new MatrixSlice(module.B.In(adapters.Values), rank), new MatrixSlice(y.From(module.Part.FirstOutput), layers.Outputs));
            _operations.Multiply(new(rows, module.Part.Outputs, rank, hidden.From(i * rank), b, target)
            {
                TransposeB = true,
                Alpha = adapters.Options.Scale,
                Beta = 1,
            });
        }
    }

    /// <summary>du = scale dy B, which stands until the consumer saw it, and dx += drop'(du A).</summary>
    private void AddAdapterGradients(RowSet among, LinearGroup layers, BufferSlice dy, BufferSlice? dx)
    {
        if (_decoder.Adapters is not { } adapters || adapters.Find(layers) is not { } group)
            return;
        var (activations, rows, rank) = (_activations!, among.Count, group.Rank);
        var hidden = new MatrixSlice(activations.LoraHiddenGradient, group.Width);
        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            var (source, b) = (
                new MatrixSlice(dy.From(module.Part.FirstOutput), layers.Outputs), new MatrixSlice(module.B.In(adapters.Values), rank));
            _operations.Multiply(new(rows, rank, module.Part.Outputs, source, b, hidden.From(i * rank)) { Alpha = adapters.Options.Scale });
        }

        if (dx is not { } target)
            return;
        for (var first = 0; first < group.Modules.Count; first += Together(group))
        {
            var result = _dropping ? activations.LoraInput : target;
            var a = new MatrixSlice(group.A(adapters.Values, first, Together(group)), group.Inputs);
            _operations.Multiply(new(rows, group.Inputs, Together(group) * rank, hidden.From(first * rank), a, new(result, group.Inputs))
            {
                Beta = _dropping ? 0 : 1,
            });
            if (_dropping)
                Drop(among, adapters, group.Modules[first], result, accumulate: true, target);
        }
    }

    /// <summary>Shows the consumer a group's layers and their adapters.</summary>
    private void Show(IGradientConsumer consumer, LinearGroup layers, BufferSlice x, BufferSlice dy) =>
        Show(consumer, AllRows, layers, x, dy);

    /// <summary>Shows the consumer a group's layers and their adapters over some rows.</summary>
    private void Show(IGradientConsumer consumer, RowSet among, LinearGroup layers, BufferSlice x, BufferSlice dy)
    {
        consumer.OnLinear(new(_batch, layers, x, dy) { Rows = among.Count, Segments = among.Segments });
        if (_decoder.Adapters is not { } adapters || adapters.Find(layers) is not { } group)
            return;
        var hidden = new MatrixSlice(_activations!.LoraHidden(group), group.Width);
        var gradient = new MatrixSlice(_activations.LoraHiddenGradient, group.Width);
        for (var i = 0; i < group.Modules.Count; i++)
        {
            var module = group.Modules[i];
            consumer.OnAdapter(new(
                _batch,
                module,
                adapters.Options.Scale,
                new(AdapterInput(among, adapters, group.Modules[i], x), group.Inputs),
                new(dy.From(module.Part.FirstOutput), layers.Outputs),
                hidden.From(i * group.Rank),
                gradient.From(i * group.Rank))
            {
                Rows = among.Count,
                Segments = among.Segments,
            });
        }
    }

    /// <summary>Adapters that one product serves: all of a group, unless each drops other values of the input.</summary>
    private int Together(LoraGroup group) => _dropping ? 1 : group.Modules.Count;

    private BufferSlice AdapterInput(RowSet among, LoraAdapters adapters, LoraModule module, BufferSlice x)
    {
        if (!_dropping)
            return x;
        Drop(among, adapters, module, x, accumulate: false, _activations!.LoraInput);
        return _activations.LoraInput;
    }

    /// <summary>
    /// What is dropped depends on the stream, the adapter, the example's number in the batch and the place within the
    /// example, so neither on the micro-batch nor on the thread. The mask is drawn again in the backward pass, not kept.
    /// </summary>
    private void Drop(RowSet among, LoraAdapters adapters, LoraModule module, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        var stream = DropoutMask.Derive(adapters.DropoutStream!.Value, module.Index);
        var rows = new DropoutRows(among.Segments, module.Group.Inputs, (float)adapters.Options.Dropout, stream, _batch.FirstExample);
        _operations.Dropout(rows, source, accumulate, destination);
    }
}
