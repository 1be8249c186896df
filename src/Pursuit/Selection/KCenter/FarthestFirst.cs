using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.KCenter;

/// <summary>
/// Farthest-first traversal: each next row is the one farthest from all taken so far. A row at distance d from its nearest taken
/// row can't come nearer by one that is 2 d or more away from that (the triangle inequality), so most need no look.
/// </summary>
internal sealed class FarthestFirst
{
    private readonly EmbeddingRows _pool;
    private readonly SelectionProblem _problem;
    private readonly double[] _squared;
    private readonly int[] _owner;
    private readonly List<float[]> _centres = [];
    private readonly bool[] _barred;

    /// <summary>Nothing is taken yet.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="problem">Content ids for ties; rows without a token to train on are never taken.</param>
    public FarthestFirst(EmbeddingRows pool, SelectionProblem problem)
    {
        _pool = pool;
        _problem = problem;
        _squared = new double[pool.Count];
        Array.Fill(_squared, double.PositiveInfinity);
        _owner = new int[pool.Count];
        _barred = new bool[pool.Count];
        if (problem.TokenCounts is { } counts)
            for (var i = 0; i < _barred.Length; i++) _barred[i] = counts.Supervised[i] == 0;
    }

    /// <summary>Each row's distance to the nearest taken one.</summary>
    public IEnumerable<double> Distances => _squared.Select(s => Math.Sqrt(s) / _pool.Factor);

    /// <summary>Finds the row nearest to the pool's mean; ties by content id.</summary>
    /// <returns>The row, -1 where none can be taken.</returns>
    public int First(CancellationToken cancellationToken)
    {
        var mean = Mean(cancellationToken);
        var workers = _pool.ForEachTile(_problem.Threads, () => new Best(this), (best, rows, first, count) =>
        {
            for (var r = 0; r < count; r++) best.Offer(first + r, -SquaredDistance.Of(rows.Slice(r * _pool.Dimension, _pool.Dimension), mean));
        }, cancellationToken);
        var nearest = new Best(this);
        foreach (var worker in workers)
            if (worker.Row >= 0) nearest.Offer(worker.Row, worker.Score);
        return nearest.Row;
    }

    /// <summary>Finds the row farthest from all taken; ties by content id.</summary>
    /// <returns>The row, -1 where none is left.</returns>
    public int Farthest()
    {
        var best = new Best(this);
        for (var row = 0; row < _squared.Length; row++) best.Offer(row, _squared[row]);
        return best.Row;
    }

    /// <summary>Takes a row.</summary>
    /// <returns>Its distance to the nearest row taken before; 0 for the first, which has none.</returns>
    public double Take(int row, CancellationToken cancellationToken)
    {
        var distance = _centres.Count == 0 ? 0 : Math.Sqrt(_squared[row]) / _pool.Factor;
        _barred[row] = true;
        Add(row, cancellationToken);
        return distance;
    }

    private void Add(int row, CancellationToken cancellationToken)
    {
        var centre = new float[_pool.Dimension];
        _pool.Gather([row], centre);
        // A quarter of the squared distance to each earlier centre, a little less for its rounding.
        var quarter = new double[_centres.Count];
        Parallel.For(0, quarter.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _problem.Threads), CancellationToken = cancellationToken }, c => quarter[c] = 0.25 * (1 - 1e-12) * SquaredDistance.Of(centre, _centres[c]));
        _centres.Add(centre);
        _pool.ForEachTile(_problem.Threads, () => 0, (_, rows, first, count) =>
        {
            for (var r = 0; r < count && !rows.IsEmpty; r++)
            {
                var i = first + r;
                if (!MayComeNearer(i, quarter)) continue;
                var squared = SquaredDistance.Of(rows.Slice(r * _pool.Dimension, _pool.Dimension), centre);
                if (squared < _squared[i]) (_squared[i], _owner[i]) = (squared, _centres.Count - 1);
            }
        }, cancellationToken, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
                if (MayComeNearer(i, quarter)) return true;
            return false;
        });
    }

    private bool MayComeNearer(int row, double[] quarter) => quarter.Length == 0 || _squared[row] > quarter[_owner[row]];

    /// <summary>The mean row; sums in fixed point, so that their order doesn't matter.</summary>
    private float[] Mean(CancellationToken cancellationToken)
    {
        var largest = 0.0;
        foreach (var norms in _pool.ForEachTile(_problem.Threads, () => new double[1], (most, rows, _, count) =>
                 {
                     foreach (var value in rows) most[0] = Math.Max(most[0], Math.Abs(value));
                 }, cancellationToken)) largest = Math.Max(largest, norms[0]);
        var unit = Math.ScaleB(1, 61 - Math.ILogB(Math.Max(double.Epsilon, largest) * _pool.Count) - 1);
        var sums = new long[_pool.Dimension];
        if (largest > 0)
        {
            foreach (var part in _pool.ForEachTile(_problem.Threads, () => new long[_pool.Dimension], (state, rows, _, count) =>
                     {
                         for (var r = 0; r < count; r++) FixedPoint.Add(rows.Slice(r * _pool.Dimension, _pool.Dimension), unit, state);
                     }, cancellationToken))
                for (var k = 0; k < sums.Length; k++) sums[k] += part[k];
        }

        return Array.ConvertAll(sums, s => (float)(s / unit / _pool.Count));
    }

    /// <summary>The row of largest score that may be taken; ties by content id.</summary>
    private sealed class Best(FarthestFirst owner)
    {
        public int Row { get; private set; } = -1;

        public double Score { get; private set; }

        public void Offer(int row, double score)
        {
            if (owner._barred[row]) return;
            if (Row < 0 || score > Score || (score == Score && owner._problem.ContentIds[row].CompareTo(owner._problem.ContentIds[Row]) < 0)) (Row, Score) = (row, score);
        }
    }
}
