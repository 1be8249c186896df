using Pursuit.Selection.KCenter;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.KCenterWeighted;

/// <summary>
/// The cheapest cover over a geometric grid of radii. The first rows of a farthest-first traversal, as long as each is more than 2 R from
/// those before it, are a maximal set of rows pairwise more than 2 R apart (Gonzalez, 1985), so one traversal serves every radius.
/// </summary>
internal sealed class CoverSearch
{
    private readonly Traversal _traversal;
    private readonly double[] _margins;
    private readonly KCenterWeightedOptions _options;
    private readonly int[] _ranks;
    private Covers _covers;
    private double _radius;

    /// <summary>Searches.</summary>
    /// <param name="problem">The pool and how many rows to choose.</param>
    /// <param name="pool">Its rows.</param>
    /// <param name="margins">u, [pool].</param>
    /// <param name="options">Weight and grid.</param>
    /// <param name="context">Threads, progress and cancellation.</param>
    public CoverSearch(
        SelectionProblem problem, EmbeddingRows pool, double[] margins, KCenterWeightedOptions options, SelectionContext context)
    {
        (_margins, _options) = (margins, options);
        _traversal = new Traversal(pool, problem, context.Threads);
        _covers = new Covers([], problem.ContentIds);
        _ranks = new int[pool.Count];
        Array.Fill(_ranks, int.MaxValue);
        Rows = problem.RowsOfBudget(i => _traversal.CanTake[i]);
        var row = _traversal.First(context.CancellationToken);
        for (var taken = 1; row >= 0; taken++)
        {
            _ranks[row] = taken;
            var next = _traversal.Take(row, context.CancellationToken);
            var left = next.Row < 0 ? 0 : next.Score;
            if (taken == 1) Begin(left, problem.ContentIds);
            Try(taken, left);
            context.Progress?.Report(new WorkProgress(KCenterWeightedSelector.Name, taken, Rows, "examples"));
            if (taken == Rows || left == 0) break;
            row = next.Row;
        }
    }

    /// <summary>The cheapest cover.</summary>
    public Cover Best { get; private set; } = new([], 0, double.PositiveInfinity);

    /// <summary>Rows that the budget is worth: of mean length, where it counts tokens.</summary>
    public int Rows { get; }

    /// <summary>What a margin of 1 of one row costs.</summary>
    public double Lambda { get; private set; }

    /// <summary>Radii that were tried.</summary>
    public int Radii { get; private set; }

    /// <summary>The cover, then all other rows that can be chosen, the least certain first; ties as the traversal took them.</summary>
    public int[] Order() => [.. Best.Rows, .. _covers.Others(Best.Rows, _ranks)];

    private void Begin(double largest, IReadOnlyList<ContentId> contentIds)
    {
        Lambda = _options.Weight * largest / Rows;
        _radius = 2 * largest; // at least the distance of any two rows
        var prices = new double[_margins.Length];
        for (var i = 0; i < prices.Length; i++) prices[i] = _traversal.CanTake[i] ? Lambda * _margins[i] : double.NaN;
        _covers = new Covers(prices, contentIds);
    }

    /// <summary>
    /// Tries the grid's radii of which the centres taken so far are a maximal set; with nothing left to cover, every smaller radius makes
    /// the set of radius 0.
    /// </summary>
    private void Try(int taken, double left)
    {
        if (_radius < left / 2) return;
        var (owners, distances) = (_traversal.Owners(), _traversal.Distances());
        if (left == 0)
        {
            Try(taken, owners, distances, 0);
            return;
        }

        for (; _radius >= left / 2; _radius /= 1 + _options.Epsilon) Try(taken, owners, distances, _radius);
    }

    private void Try(int taken, int[] owners, double[] distances, double radius)
    {
        var cover = _covers.Make(taken, owners, distances, radius, Rows);
        Radii++;
        if (cover.Cost < Best.Cost) Best = cover;
    }
}
