using Pursuit.Distribution;
using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// Rank 0's side of searches over embeddings that several processes share (docs/scale.md): queries go out, each process searches its own
/// shards, and rank 0 merges what comes back.
/// </summary>
/// <remarks>
/// Lists are merged by distance and content id, sums are in fixed point, and what is computed of a row depends on that row alone: so every
/// result is that of one process to the last bit, for any number of them. Single rows are read from the pool's files, which every
/// process sees.
/// </remarks>
internal sealed class EmbeddingTeam : ITeam
{
    private readonly TeamChannel _channel;
    private readonly RowRange[] _ranges;

    /// <summary>Shares out a pool's rows.</summary>
    /// <param name="features">The pool's embeddings, which every process has open.</param>
    /// <param name="group">The processes; this is rank 0.</param>
    public EmbeddingTeam(IDenseFeatures features, IProcessGroup group)
    {
        _channel = new TeamChannel(group);
        _ranges = [.. Enumerable.Range(0, group.Count).Select(rank => RowRange.Of(features, rank, group.Count))];
    }

    /// <summary>Rank 0's own rows.</summary>
    public RowRange Own => _ranges[0];

    /// <inheritdoc/>
    public Traffic Traffic => _channel.Traffic;

    /// <inheritdoc/>
    public void Done() => _channel.Tell(EmbeddingRequest.Done, _ => { });

    /// <summary>Every process makes rows of its embeddings.</summary>
    public void Open(bool unit, double factor) => _channel.Tell(EmbeddingRequest.Open, w =>
    {
        w.Write(unit);
        w.Write(factor);
    });

    /// <summary>Every process puts its rows to the nearest of some centres.</summary>
    /// <returns>Rank 0's cells, and the rows of the whole pool in each.</returns>
    public (RowCells Cells, int[] Counts) Cells(Func<RowCells> here, RowCentres centres)
    {
        var counts = new int[centres.Count];
        var cells = _channel.Ask(EmbeddingRequest.Cells, w => w.WriteArray(centres.Values), here, (_, reader) => Add(reader.ReadArray<int>()), isPass: true);
        Add(cells.Counts(Own));
        return (cells, counts);

        void Add(int[] part)
        {
            for (var c = 0; c < counts.Length; c++) counts[c] += part[c];
        }
    }

    /// <summary>Each query's nearest rows.</summary>
    public NeighbourLists Nearest(Func<NeighbourLists> here, IReadOnlyList<ContentId> contentIds, float[] queries, int length, ProbedCells? probed) =>
        Lists(EmbeddingRequest.Nearest, w => w.WriteArray<int>([.. (probed?.Of ?? []).SelectMany(cells => cells)]), here, contentIds, queries, length);

    /// <summary>Each target example's most similar rows.</summary>
    public NeighbourLists MostSimilar(Func<NeighbourLists> here, IReadOnlyList<ContentId> contentIds, float[] target, int length) =>
        Lists(EmbeddingRequest.MostSimilar, _ => { }, here, contentIds, target, length);

    /// <summary>Kernels of all rows about some queries.</summary>
    public KernelSums Kernels(RadiusSearch search, int[] positions, float[] values, double squaredWidth, double unit, CancellationToken cancellationToken)
    {
        var others = new List<(long[] Sums, int[] Near)>();
        var own = _channel.Ask(
            EmbeddingRequest.Kernels,
            w =>
            {
                w.Write(squaredWidth);
                w.Write(unit);
                w.WriteArray<int>(positions);
                w.WriteArray<float>(values);
            },
            () => KernelSums.Of(search, positions, values, squaredWidth, unit, cancellationToken),
            (_, reader) => others.Add((reader.ReadArray<long>(), reader.ReadArray<int>())),
            isPass: true);
        foreach (var (sums, near) in others) own.Add(sums, near);
        return own;
    }

    /// <summary>Each row's largest similarity to any target example, [pool].</summary>
    public double[] Largest(Func<double[]> here, float[] target) => All(EmbeddingRequest.Largest, w => w.WriteArray<float>(target), here, isPass: true);

    /// <summary>Every process begins to take rows far from each other.</summary>
    public KCenterTeam OpenKCenter(int[] barred)
    {
        _channel.Tell(EmbeddingRequest.OpenKCenter, w => w.WriteArray<int>(barred));
        return new KCenterTeam(this, _channel);
    }

    /// <summary>A number for each row, [pool].</summary>
    public double[] All(EmbeddingRequest request, Action<BinaryWriter> write, Func<double[]> here, bool isPass)
    {
        var all = new double[_ranges[^1].End];
        _channel.Ask(request, write, here, (rank, reader) => reader.ReadArray<double>().CopyTo(all, _ranges[rank].First), isPass).CopyTo(all, 0);
        return all;
    }

    private NeighbourLists Lists(EmbeddingRequest request, Action<BinaryWriter> write, Func<NeighbourLists> here, IReadOnlyList<ContentId> contentIds, float[] queries, int length)
    {
        var parts = new List<NeighbourLists>();
        parts.Add(_channel.Ask(
            request,
            w =>
            {
                w.Write(length);
                write(w);
                w.WriteArray<float>(queries);
            },
            here,
            (_, reader) => parts.Add(EmbeddingWorker.ReadLists(reader)),
            isPass: true));
        return NeighbourLists.Merge(parts, length, contentIds);
    }
}
