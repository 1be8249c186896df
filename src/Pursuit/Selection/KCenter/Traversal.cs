using Pursuit.Selection.Distributed;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.KCenter;

/// <summary>Rank 0's farthest-first traversal of the whole pool: every process keeps the distances of its own rows.</summary>
internal sealed class Traversal
{
    private readonly EmbeddingRows _pool;
    private readonly SelectionProblem _problem;
    private readonly FarthestFirst _own;
    private readonly KCenterTeam? _team;

    /// <summary>Nothing is taken yet.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="problem">Content ids for ties; rows without a token to train on, or without features, are never taken.</param>
    public Traversal(EmbeddingRows pool, SelectionProblem problem)
    {
        (_pool, _problem) = (pool, problem);
        var empty = FeaturelessRows.Of(KCenterSelector.Name, problem);
        int[] barred = [.. Enumerable.Range(0, pool.Count).Where(i => problem.TokenCounts?.Supervised[i] == 0 || empty?[i] == true)];
        _own = new FarthestFirst(pool, problem.ContentIds, barred, problem.Threads);
        _team = pool.Team?.OpenKCenter(barred);
    }

    /// <summary>Finds the row nearest to the pool's mean; ties by content id.</summary>
    /// <returns>The row, -1 where none can be taken.</returns>
    public int First(CancellationToken cancellationToken)
    {
        double Largest() => _own.LargestNumber(cancellationToken);
        var largest = _team?.LargestNumber(Largest) ?? Largest();
        var unit = Math.ScaleB(1, 61 - Math.ILogB(Math.Max(double.Epsilon, largest) * _pool.Count) - 1);
        long[] Sums() => _own.Sums(unit, cancellationToken);
        var sums = largest == 0 ? new long[_pool.Dimension] : _team?.Sums(Sums, unit) ?? Sums();
        var mean = Array.ConvertAll(sums, s => (float)(s / unit / _pool.Count));
        TakeableRow Nearest() => _own.Nearest(mean, cancellationToken);
        return (_team?.Nearest(Nearest, mean, _problem.ContentIds) ?? Nearest()).Row;
    }

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    /// <returns>The row farthest from all taken, and its distance to the nearest of them; ties by content id, -1 where none is left.</returns>
    public TakeableRow Take(int row, CancellationToken cancellationToken)
    {
        var centre = new float[_pool.Dimension];
        _pool.Gather([row], centre);
        TakeableRow Next()
        {
            _own.Take(row, centre, cancellationToken);
            return _own.Farthest();
        }

        var next = _team?.Take(Next, row, centre, _problem.ContentIds) ?? Next();
        return next with { Score = Math.Sqrt(Math.Max(0, next.Score)) / _pool.Factor };
    }

    /// <summary>Each row's distance to the nearest taken one, [pool].</summary>
    public double[] Distances()
    {
        var squared = _team?.Squared(_own) ?? _own.Squared.ToArray();
        return Array.ConvertAll(squared, s => Math.Sqrt(s) / _pool.Factor);
    }
}
