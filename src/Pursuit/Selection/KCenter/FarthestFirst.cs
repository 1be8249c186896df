using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.KCenter;

/// <summary>A row that may be taken and what it is compared by; row -1 for none.</summary>
/// <param name="Row">The row.</param>
/// <param name="Score">The larger, the better.</param>
internal readonly record struct TakeableRow(int Row, double Score)
{
    /// <summary>No row.</summary>
    public static TakeableRow None { get; } = new(-1, double.NegativeInfinity);

    /// <summary>The better of two; ties by content id.</summary>
    public TakeableRow Or(TakeableRow other, IReadOnlyList<ContentId> contentIds) =>
        other.Row >= 0
            && (
                Row < 0 || other.Score > Score
                    || (other.Score == Score && contentIds[other.Row].CompareTo(contentIds[Row]) < 0)) ? other : this;

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static TakeableRow Read(BinaryReader reader) => new(reader.ReadInt32(), reader.ReadDouble());

    /// <summary>Writes it for another process.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(Row);
        writer.Write(Score);
    }
}

/// <summary>
/// Farthest-first traversal of one process's rows: each next row is the one farthest from all taken so far. A row at distance d from its
/// nearest taken row can't come nearer by one that is 2 d or more away from that (the triangle inequality), so most need no look.
/// </summary>
/// <remarks>Squared distances are in the rows' own units, as <see cref="EmbeddingRows.Factor"/> makes them.</remarks>
internal sealed class FarthestFirst
{
    private readonly EmbeddingRows _pool;
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly int _threads;
    private readonly double[] _squared;
    private readonly int[] _owner;
    private readonly List<float[]> _centres = [];
    private readonly bool[] _excluded;

    /// <summary>Nothing is taken yet.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="contentIds">For ties, [pool].</param>
    /// <param name="excluded">Rows that are never taken.</param>
    /// <param name="threads">At most this many.</param>
    public FarthestFirst(EmbeddingRows pool, IReadOnlyList<ContentId> contentIds, IEnumerable<int> excluded, int threads)
    {
        (_pool, _contentIds, _threads) = (pool, contentIds, threads);
        _squared = new double[pool.Own.Count];
        Array.Fill(_squared, double.PositiveInfinity);
        _owner = new int[pool.Own.Count];
        _excluded = new bool[pool.Own.Count];
        foreach (var row in excluded.Where(pool.Own.Contains)) _excluded[row - pool.Own.First] = true;
    }

    /// <summary>Each row's squared distance to the nearest taken one, [own rows].</summary>
    public ReadOnlySpan<double> Squared => _squared;

    /// <summary>Which taken row that is, by the order they were taken in, [own rows].</summary>
    public ReadOnlySpan<int> Owners => _owner;

    /// <summary>The largest size of a number.</summary>
    public double LargestNumber(
        CancellationToken cancellationToken) => _pool.ForEachTile(_threads, () => new double[1], (most, rows, _, _) =>
    {
        foreach (var value in rows) most[0] = Math.Max(most[0], Math.Abs(value));
    }, cancellationToken).Max(most => most[0]);

    /// <summary>Sums of the rows' numbers in fixed point, so that their order doesn't matter, [dimension].</summary>
    public long[] Sums(double unit, CancellationToken cancellationToken)
    {
        var sums = new long[_pool.Dimension];
        foreach (var part in _pool.ForEachTile(_threads, () => new long[_pool.Dimension], (state, rows, _, count) =>
                 {
                     for (var r = 0; r < count; r++) FixedPoint.Add(rows.Slice(r * _pool.Dimension, _pool.Dimension), unit, state);
                 }, cancellationToken))
            for (var k = 0; k < sums.Length; k++) sums[k] += part[k];
        return sums;
    }

    /// <summary>The row nearest to a point.</summary>
    public TakeableRow Nearest(float[] point, CancellationToken cancellationToken)
    {
        var workers = _pool.ForEachTile(_threads, () => new[] { TakeableRow.None }, (best, rows, first, count) =>
        {
            for (var r = 0; r < count; r++)
                if (!_excluded[first + r - _pool.Own.First])
                {
                    best[0] = best[0].Or(
                        new TakeableRow(first + r, -SquaredDistance.Of(rows.Slice(r * _pool.Dimension, _pool.Dimension), point)),
                        _contentIds);
                }
        }, cancellationToken);
        return workers.Aggregate(TakeableRow.None, (best, worker) => best.Or(worker[0], _contentIds));
    }

    /// <summary>The row farthest from all taken, by squared distance.</summary>
    public TakeableRow Farthest()
    {
        var best = TakeableRow.None;
        for (var i = 0; i < _squared.Length; i++)
            if (!_excluded[i]) best = best.Or(new TakeableRow(_pool.Own.First + i, _squared[i]), _contentIds);
        return best;
    }

    /// <summary>Takes a row.</summary>
    /// <param name="row">Of any process.</param>
    /// <param name="centre">Its numbers, [dimension].</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public void Take(int row, float[] centre, CancellationToken cancellationToken)
    {
        if (_pool.Own.Contains(row)) _excluded[row - _pool.Own.First] = true;
        // A quarter of the squared distance to each earlier centre, a little less for its rounding.
        var quarter = new double[_centres.Count];
        Parallel.For(
            0,
            quarter.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _threads), CancellationToken = cancellationToken },
            c => quarter[c] = 0.25 * (1 - 1e-12) * SquaredDistance.Of(centre, _centres[c]));
        _centres.Add(centre);
        _pool.ForEachTile(_threads, () => 0, (_, rows, first, count) =>
        {
            for (var r = 0; r < count && !rows.IsEmpty; r++)
            {
                var i = first + r - _pool.Own.First;
                if (!MayComeNearer(i, quarter)) continue;
                var squared = SquaredDistance.Of(rows.Slice(r * _pool.Dimension, _pool.Dimension), centre);
                if (squared < _squared[i]) (_squared[i], _owner[i]) = (squared, _centres.Count - 1);
            }
        }, cancellationToken, (first, count) =>
        {
            for (var i = first - _pool.Own.First; i < first - _pool.Own.First + count; i++)
                if (MayComeNearer(i, quarter)) return true;
            return false;
        });
    }

    private bool MayComeNearer(int own, double[] quarter) => quarter.Length == 0 || _squared[own] > quarter[_owner[own]];
}
