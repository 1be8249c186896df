using Pursuit.Selection.Passes;

namespace Pursuit.Selection.KCenter;

/// <summary>Rank 0's farthest-first traversal of the whole pool: every process keeps the distances of its own rows.</summary>
internal sealed class Traversal
{
    private readonly EmbeddingRows _pool;
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly FarthestFirst _own;

    /// <summary>Nothing is taken yet.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="problem">Content ids for ties; rows without a token to train on, or without features, are never taken.</param>
    /// <param name="threads">At most this many.</param>
    public Traversal(EmbeddingRows pool, SelectionProblem problem, int threads)
    {
        (_pool, _contentIds) = (pool, problem.ContentIds);
        var empty = FeaturelessRows.Find(problem.Embeddings.Pool);
        CanTake = [.. Enumerable.Range(0, pool.Count).Select(i => problem.TokenCounts?.Supervised[i] != 0 && empty?[i] != true)];
        int[] excluded = [.. Enumerable.Range(0, pool.Count).Where(i => !CanTake[i])];
        _own = new FarthestFirst(pool, problem.ContentIds, excluded, threads);
        pool.Team.Tell(KCenterRequests.Open, w => w.WriteArray<int>(excluded));
    }

    /// <summary>Which rows can be taken, [pool].</summary>
    public IReadOnlyList<bool> CanTake { get; }

    /// <summary>Finds the row nearest to the pool's mean; ties by content id.</summary>
    /// <returns>The row, -1 where none can be taken.</returns>
    public int First(CancellationToken cancellationToken)
    {
        var largest = LargestNumber(cancellationToken);
        var unit = Math.ScaleB(1, 61 - Math.ILogB(Math.Max(double.Epsilon, largest) * _pool.Count) - 1);
        var sums = largest == 0 ? new long[_pool.Dimension] : Sums(unit, cancellationToken);
        var mean = Array.ConvertAll(sums, s => (float)(s / unit / _pool.Count));
        return Best(KCenterRequests.Nearest, w => w.WriteArray<float>(mean), () => _own.Nearest(mean, cancellationToken)).Row;
    }

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    /// <returns>
    /// The row farthest from all taken, and its distance to the nearest of them; ties by content id, -1 where none is left.
    /// </returns>
    public TakeableRow Take(int row, CancellationToken cancellationToken)
    {
        var centre = new float[_pool.Dimension];
        _pool.Gather([row], centre);
        var next = Best(
            KCenterRequests.Take,
            w =>
            {
                w.Write(row);
                w.WriteArray<float>(centre);
            },
            () =>
            {
                _own.Take(row, centre, cancellationToken);
                return _own.Farthest();
            });
        return next with { Score = Math.Sqrt(Math.Max(0, next.Score)) / _pool.Factor };
    }

    /// <summary>Each row's distance to the nearest taken one, [pool].</summary>
    public double[] Distances()
    {
        var squared = _pool.AskEach(KCenterRequests.Squared, _ => { }, () => _own.Squared.ToArray(), isPass: false);
        return Array.ConvertAll(squared, s => Math.Sqrt(s) / _pool.Factor);
    }

    /// <summary>Which taken row that is, by the order they were taken in, [pool].</summary>
    public int[] Owners()
    {
        var owners = _pool.AskEach(
            KCenterRequests.Owners, _ => { }, () => Array.ConvertAll(_own.Owners.ToArray(), o => (double)o), isPass: false);
        return Array.ConvertAll(owners, o => (int)o);
    }

    private double LargestNumber(CancellationToken cancellationToken)
    {
        var others = 0.0;
        var own = _pool.Team.Ask(
            KCenterRequests.LargestNumber,
            _ => { },
            () => _own.LargestNumber(cancellationToken),
            (_, reader) => others = Math.Max(others, reader.ReadDouble()),
            isPass: true);
        return Math.Max(own, others);
    }

    private long[] Sums(double unit, CancellationToken cancellationToken)
    {
        var others = new List<long[]>();
        var sums = _pool.Team.Ask(
            KCenterRequests.Sums,
            w => w.Write(unit),
            () => _own.Sums(unit, cancellationToken),
            (_, reader) => others.Add(reader.ReadArray<long>()),
            isPass: true);
        foreach (var other in others)
            for (var k = 0; k < sums.Length; k++) sums[k] += other[k];
        return sums;
    }

    private TakeableRow Best(byte request, Action<BinaryWriter> write, Func<TakeableRow> here)
    {
        var others = TakeableRow.None;
        var own = _pool.Team.Ask(
            request,
            write,
            here,
            (_, reader) => others = others.Or(TakeableRow.Read(reader), _contentIds),
            isPass: true);
        return own.Or(others, _contentIds);
    }
}
