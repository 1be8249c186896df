using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tsds;

/// <summary>
/// Solves the transport problem with as many neighbours and densities as it needs: lists grow until the level lies within all of
/// them, and a density is evaluated once its row has mass.
/// </summary>
internal sealed class TransportSolver
{
    /// <summary>Neighbours of the first search.</summary>
    private const int FirstLength = 256;

    private const int Growth = 2;

    /// <summary>Rows whose mean distance to a target is its own measure.</summary>
    private const int ScaleRows = 10;

    /// <summary>Steps of the search for alpha, which ends within 2^(1/16) of the least spread that will do.</summary>
    private const int Doublings = 40, Halvings = 4;

    private const double PapersAlpha = 0.5;

    /// <summary>Neighbours of all targets together at most: 0.4 GB of lists, and as much per thread while they are made.</summary>
    private const int MostNeighbours = 1 << 25;

    private readonly EmbeddingRows _pool;
    private readonly EmbeddingRows _target;
    private readonly SelectionProblem _problem;
    private readonly TsdsOptions _options;
    private readonly SelectionContext _context;
    private readonly int[] _asked;

    /// <summary>Prepares to solve.</summary>
    /// <param name="pool">The pool's rows.</param>
    /// <param name="target">The target's, in the same space.</param>
    /// <param name="problem">Content ids and seed.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="context">Threads; told of searches; stops within a pass.</param>
    public TransportSolver(
        EmbeddingRows pool, EmbeddingRows target, SelectionProblem problem, TsdsOptions options, SelectionContext context)
    {
        _context = context;
        _pool = pool;
        _target = target;
        _problem = problem;
        _options = options;
        _asked = new int[target.Count];
        Queries = target.ToArray();
        Scale = options.Units == TsdsScale.Data ? MeasureScale() : 1;
        Densities = new Densities(pool, options.KernelWidth * Scale, context.Threads);
    }

    /// <summary>The target's rows, [V, dimension].</summary>
    public float[] Queries { get; }

    /// <summary>What distances are measured in.</summary>
    public double Scale { get; }

    /// <summary>C (1 - alpha) / alpha in the embeddings' own units, of the plan that was made.</summary>
    public double Spread { get; private set; }

    /// <summary>What is known of the pool's densities.</summary>
    public Densities Densities { get; }

    /// <summary>Where neighbours are looked for; null for everywhere.</summary>
    public CellIndex? Index { get; private set; }

    /// <summary>Passes over the pool for neighbours.</summary>
    public int NeighbourPasses { get; private set; }

    /// <summary>A search for all targets' nearest rows.</summary>
    public NearestRows All(int length) => new(_pool, _problem.ContentIds, Queries, length, _context.Threads);

    /// <summary>Solves.</summary>
    /// <returns>The lists and the plan over them.</returns>
    /// <exception cref="PursuitException">The authors' truncation was asked of fewer than 20 examples.</exception>
    public (NeighbourLists Lists, TransportPlan Plan) Solve() =>
        _options.Compat == TsdsCompatibility.Authors ? SolveAsAuthors()
        : _options.Units == TsdsScale.Data && _options.Alpha is null ? SolveForBudget()
        : SolveWhole(OpenLists(), _options.Alpha ?? PapersAlpha, _options.C * Scale);

    private NeighbourLists OpenLists()
    {
        if (_options.Index == TsdsIndex.Ivf) Index = OpenIndex();
        return Nearest(Math.Min(Most, FirstLength));
    }

    private int Most => Math.Min(_pool.Count, _options.MaxK ?? Math.Max(1, MostNeighbours / _target.Count));

    /// <summary>
    /// The plan with the least spread whose mass is worth as many equal rows as the budget buys: spread doubles until it is, then the step
    /// is halved.
    /// </summary>
    private (NeighbourLists Lists, TransportPlan Plan) SolveForBudget()
    {
        var lists = OpenLists();
        var wanted = BudgetRows();
        // Of a spread below this each target keeps its nearest row alone.
        var spread = Scale / 1024;
        var found = SolveWhole(lists, PapersAlpha, spread);
        for (var i = 0; i < Doublings && EffectiveRows(found) < wanted && found.Plan.IsReached; i++)
            found = SolveWhole(lists, PapersAlpha, spread *= 2);
        var step = Math.Sqrt(2);
        for (var i = 0; i < Halvings && EffectiveRows(found) >= wanted; i++, step = Math.Sqrt(step))
        {
            var less = SolveWhole(lists, PapersAlpha, spread / step);
            if (EffectiveRows(less) >= wanted) (found, spread) = (less, spread / step);
        }

        // The solver's account is of the plan that is kept.
        return Spread == spread ? found : SolveWhole(lists, PapersAlpha, spread);
    }

    /// <summary>How many rows the budget buys, by what a row costs on average.</summary>
    private double BudgetRows()
    {
        long total = 0;
        for (var i = 0; i < _pool.Count; i++) total += _problem.Budget.Cost(i, _problem.TokenCounts);
        return total == 0 ? 0 : Math.Min(_pool.Count, (double)_problem.ResolvedBudget * _pool.Count / total);
    }

    /// <summary>1 / sum_k p_k^2 of a plan.</summary>
    private static double EffectiveRows((NeighbourLists Lists, TransportPlan Plan) found)
    {
        var mass = new Dictionary<int, double>();
        for (var j = 0; j < found.Lists.Queries; j++)
        {
            var shares = found.Plan.Shares(j);
            for (var k = 0; k < shares.Length; k++)
            {
                var row = found.Lists.Rows[j][k];
                mass[row] = mass.GetValueOrDefault(row) + shares[k];
            }
        }

        return 1 / mass.Values.Sum(m => m * m);
    }

    /// <summary>The median over targets of the mean distance to the nearest rows; 1 where that is 0.</summary>
    private double MeasureScale()
    {
        var nearest = Nearest(Math.Min(_pool.Count, ScaleRows));
        var means = Array.ConvertAll(nearest.Distances, d => d.Average());
        Array.Sort(means);
        var median = means[means.Length / 2];
        return median > 0 ? median : 1;
    }

    private (NeighbourLists Lists, TransportPlan Plan) SolveWhole(NeighbourLists lists, double alpha, double c)
    {
        Spread = c * (1 - alpha) / alpha;
        var most = Most;
        while (true)
        {
            var plan = Plan(lists, alpha, c);
            // A row's weight is never above the 1 assumed while it isn't known: a level beyond a list stays beyond it.
            int[] tooShort = [.. Enumerable.Range(0, lists.Queries)
                .Where(j => lists.Rows[j].Length < most && MayGrow(lists, j) && (!plan.IsReached || plan.RanOut(j)))];
            if (tooShort.Length > 0)
            {
                Lengthen(lists, tooShort, (int)Math.Min(most, (long)Growth * tooShort.Max(j => lists.Rows[j].Length)));
                continue;
            }

            var unknown = Unknown(lists, plan);
            if (unknown.Length == 0) return (lists, plan);
            Densities.Evaluate(unknown, _context.CancellationToken);
            _context.Progress?.Report(new WorkProgress("densities", Densities.Known, Densities.Known, "examples"));
        }
    }

    private (NeighbourLists Lists, TransportPlan Plan) SolveAsAuthors()
    {
        const int AuthorsMostNeighbours = 5000;
        const int AuthorsShare = 10;
        if (_pool.Count < 2 * AuthorsShare)
            throw PursuitException.At(
                "compat=authors",
                $"a pool of {_pool.Count:N0} examples",
                $"at least {2 * AuthorsShare}, of which a tenth are neighbours",
                "Leave compat at none: it has no least size.");
        var lists = Nearest(Math.Min(_options.MaxK ?? AuthorsMostNeighbours, _pool.Count / AuthorsShare));
        if (_options.KernelWidth > 0)
            Densities.EvaluateWithin(
                [.. lists.Rows.SelectMany(rows => rows).Distinct().Order()],
                _problem.ContentIds,
                Math.Min(_options.KdeK, _pool.Count / AuthorsShare),
                _context.CancellationToken);
        return (lists, Plan(lists, _options.Alpha ?? PapersAlpha, _options.C));
    }

    private TransportPlan Plan(NeighbourLists lists, double alpha, double c) =>
        TransportPlan.Solve(lists, Densities.Weight, alpha, c, _pool.Count);

    private NeighbourLists Nearest(int length)
    {
        var lists = new NeighbourLists(new int[_target.Count][], new double[_target.Count][]);
        Lengthen(lists, [.. Enumerable.Range(0, _target.Count)], length);
        return lists;
    }

    private void Lengthen(NeighbourLists lists, int[] some, int length)
    {
        NeighbourPasses += NeighbourSearch.Passes(some.Length);
        NeighbourSearch.Lengthen(lists, All(length), Index, some, _context.CancellationToken);
        foreach (var j in some) _asked[j] = length;
    }

    /// <summary>False where an index gave a target fewer rows than were asked for: there are no more in its cells.</summary>
    private bool MayGrow(NeighbourLists lists, int target) => lists.Rows[target].Length == _asked[target];

    private CellIndex OpenIndex()
    {
        var lists = _options.Lists ?? Math.Clamp((int)Math.Sqrt(_pool.Count), 1, RowCells.MostCells);
        var centres = CellIndex.Train(_pool, _problem.ContentIds, lists, _problem.Seed, _context.Threads, _context.CancellationToken);
        NeighbourPasses++;
        var (cells, counts) = NeighbourRequests.AskCells(_pool, centres, _context.Threads, _context.CancellationToken);
        return new CellIndex(cells, counts, _options.Probes);
    }

    /// <summary>
    /// Rows with mass whose density isn't known, ascending. What they turn out to weigh less than 1 lets the level reach further
    /// rows of the same target, so half as many again are asked for at once.
    /// </summary>
    private int[] Unknown(NeighbourLists lists, TransportPlan plan)
    {
        var unknown = new HashSet<int>();
        for (var j = 0; j < lists.Queries; j++)
        {
            var rows = lists.Rows[j];
            var known = 0;
            while (known < rows.Length && Densities.IsKnown(rows[known])) known++;
            var needed = plan.Neighbours(j);
            if (known >= needed) continue;
            var until = Math.Min(rows.Length, Math.Max(needed, known + known / 2 + 16));
            for (var k = known; k < until; k++)
                if (!Densities.IsKnown(rows[k])) unknown.Add(rows[k]);
        }

        return [.. unknown.Order()];
    }
}
