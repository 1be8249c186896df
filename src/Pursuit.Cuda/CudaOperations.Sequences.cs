using System.Runtime.InteropServices;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

internal sealed partial class CudaOperations
{
    /// <inheritdoc/>
    public void Rope(MatrixSlice values, RopeShape shape, BufferSlice table, BufferSlice tableRows, bool backward)
    {
        var sizes = new RotationSizes
        {
            Stride = values.Stride,
            Heads = shape.Heads,
            Size = shape.Size,
            Rotated = shape.Rotated,
            Sign = backward ? -1 : 1,
        };
        _card.Run(
            AttentionCode.Rotate,
            _card.GroupsFor((long)tableRows.Length * shape.Heads * (shape.Rotated / 2)),
            values.Values.Floats(),
            table.Floats(),
            tableRows.Integers(),
            sizes);
    }

    /// <summary>None: scores never exist all at once.</summary>
    public int AttentionScratch(in AttentionShape shape, int longest) => 0;

    /// <inheritdoc/>
    public void Attention(in AttentionCall call)
    {
        var sizes = Sizes(call, strideD: 0);
        _card.Run(
            AttentionCode.Forward,
            GroupsOf(call, sizes, sizes.QueryHeads),
            call.Sequences.Integers(),
            call.Queries.Values.Floats(),
            call.Keys.Values.Floats(),
            call.Values.Values.Floats(),
            call.Output.Values.Floats(),
            call.LogSumExp.Floats(),
            sizes);
    }

    /// <inheritdoc/>
    public void AttentionBackward(in AttentionGradient gradient)
    {
        var call = gradient.Forward;
        var sizes = Sizes(call, gradient.DQueries.Stride);
        var rows = 0;
        foreach (var sequence in Written(call)) rows = Math.Max(rows, sequence.QueryStart + sequence.QueryCount);
        if (rows == 0) return;
        var deltas = _floats.View((long)rows * sizes.QueryHeads);
        var views = new AttentionViews
        {
            Queries = call.Queries.Values.Floats(),
            Keys = call.Keys.Values.Floats(),
            Values = call.Values.Values.Floats(),
            DOutput = gradient.DOutput.Values.Floats(),
            LogSums = call.LogSumExp.Floats(),
        };
        var places = call.Sequences.Integers();
        _card.Run(AttentionCode.Deltas, _card.GroupsFor(deltas.Length), call.Output.Values.Floats(), views.DOutput, deltas, sizes);
        _card.Run(
            AttentionCode.Queries,
            GroupsOf(call, sizes, sizes.QueryHeads),
            places,
            views,
            deltas,
            gradient.DQueries.Values.Floats(),
            sizes);
        _card.Run(
            AttentionCode.Keys,
            GroupsOf(call, sizes, call.Shape.KeyValueHeads),
            places,
            views,
            deltas,
            gradient.DKeys.Values.Floats(),
            gradient.DValues.Values.Floats(),
            sizes);
    }

    /// <inheritdoc/>
    public void SoftmaxStatistics(in LogitBlock block, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit) => _card.Run(
        SoftmaxCode.Statistics,
        _card.GroupsOf(block.Rows),
        block.Logits.Floats(),
        Sizes(block),
        block.Targets.Integers(),
        maximum.Floats(),
        sum.Floats(),
        targetLogit.Floats());

    /// <inheritdoc/>
    public void SoftmaxGradient(in LogitBlock block, BufferSlice weights, BufferSlice maximum, BufferSlice sum) => _card.Run(
        SoftmaxCode.Gradient,
        _card.GroupsFor((long)block.Rows * block.Columns),
        block.Logits.Floats(),
        Sizes(block),
        block.Targets.Integers(),
        weights.Floats(),
        maximum.Floats(),
        sum.Floats());

    /// <inheritdoc/>
    public void StartPredictions(BufferSlice sums)
    {
        var rows = sums.Length / PredictionSums.Floats;
        _card.Run(SoftmaxCode.StartPredictions, _card.GroupsFor(rows), sums.Floats(), rows);
    }

    /// <inheritdoc/>
    public void PredictionStatistics(in LogitBlock block, BufferSlice sums) => _card.Run(
        SoftmaxCode.Predictions,
        _card.GroupsOf(block.Rows),
        block.Logits.Floats(),
        Sizes(block),
        block.Targets.Integers(),
        sums.Floats());

    private static LogitSizes Sizes(in LogitBlock block) => new()
    {
        Rows = block.Rows,
        Columns = block.Columns,
        FirstColumn = block.FirstColumn,
        Scale = block.Rule.Scale,
        Softcap = block.Rule.Softcap,
    };

    private static AttentionSizes Sizes(in AttentionCall call, int strideD) => new()
    {
        QueryHeads = call.Shape.QueryHeads,
        Group = call.Shape.Group,
        Size = call.Shape.HeadSize,
        Window = call.Shape.Window,
        Longest = Longest(call),
        StrideQ = call.Queries.Stride,
        StrideKV = call.Keys.Stride,
        StrideO = call.Output.Stride,
        StrideD = strideD,
        Scale = call.Shape.Scale,
        Softcap = call.Shape.Softcap,
        SeesBehind = call.Shape.SeesBehind ? 1 : 0,
    };

    private static ReadOnlySpan<SequenceRows> Written(in AttentionCall call) =>
        MemoryMarshal.Cast<int, SequenceRows>(call.Sequences.Written());

    private static int Longest(in AttentionCall call)
    {
        var longest = 0;
        foreach (var sequence in Written(call)) longest = Math.Max(longest, sequence.QueryCount);
        return longest;
    }

    private int GroupsOf(in AttentionCall call, in AttentionSizes sizes, int heads) =>
        _card.GroupsOf((long)Written(call).Length * sizes.Longest * heads);
}
