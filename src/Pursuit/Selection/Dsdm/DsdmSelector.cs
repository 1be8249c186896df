using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Dsdm;

/// <summary>
/// DsDm (Engstrom, Feldmann and Madry, "DsDm: Model-Aware Dataset Selection with Datamodels", ICML 2024, arXiv 2401.12926): linear
/// datamodels estimated by TRAK (Park et al., ICML 2023, arXiv 2303.14186) say how the target's mean loss falls with each example trained
/// on; those that lower it most are kept.
/// </summary>
/// <remarks>
/// TRAK writes phi for the gradient of log p / (1 - p) and Q for 1 - p; a loss's gradient is -(1 - p) times that one, so the stored
/// gradients have Q in them.
/// </remarks>
internal sealed class DsdmSelector : IAttributor
{
    /// <summary>The method's name.</summary>
    public const string Name = "dsdm";

    private const int MostPasses = 100;

    /// <summary>The residual of a solve toward a single target example: their sums over subsets are only ranked.</summary>
    private const double AttributedTolerance = 1e-2;

    /// <summary>Rows of the sample that preconditions the solve, and the numbers it may hold (256 MiB).</summary>
    private const int SampleRows = 1024, SampleNumbers = 1 << 25;

    private readonly DsdmOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public DsdmSelector(DsdmOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var (pool, target, solver) = Open(problem, context);
        var mean = GroupMeans.Compute(target, new int[target.Count], ["target"], context.Threads, context.CancellationToken);
        var scores = new double[pool.Count];
        Score(pool, solver, mean, MomentSolver.Tolerance, scores, context);

        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds), problem.Gradients.Pool);
        var passes = solver.Passes + 1;
        return selection with
        {
            Remarks = [.. selection.Remarks, .. Remarks(selection, pool, solver)],
            Details = new DsdmDetails
            {
                Passes = passes,
                Residual = solver.Residual,
                Helpful = scores.Count(s => s > 0),
                BytesRead = passes * pool.PassBytes,
            },
        };
    }

    /// <inheritdoc/>
    public void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit)
    {
        var (pool, target, solver) = Open(problem, context);
        var scores = new double[pool.Count];
        var row = new float[pool.Dimension];
        for (var v = 0; v < target.Count; v++)
        {
            if (target.Norms[v] == 0) continue;
            target.Gather([v], row);
            Score(pool, solver, Array.ConvertAll(row, x => (double)x), AttributedTolerance, scores, context);
            visit(v, scores);
        }
    }

    private (GradientRows Pool, GradientRows Target, MomentSolver Solver) Open(SelectionProblem problem, SelectionContext context)
    {
        var pool = GradientRows.OfPool(problem.RequirePoolGradients(Name), _options.Rows);
        var target = pool.OfTarget(problem.RequireTargetGradients(Name));
        return (pool, target, new MomentSolver(new SecondMoments(pool, context), _options.Ridge, Sample(pool, problem), context));
    }

    /// <summary>tau_i = mean_t phi_i(t) . x_t with x solved for b = <paramref name="right"/>, [pool].</summary>
    private static void Score(
        GradientRows pool, MomentSolver solver, double[] right, double tolerance, double[] scores, SelectionContext context)
    {
        var checkpoints = solver.Checkpoints;
        var solution = Array.ConvertAll(solver.Solve(right, MostPasses, tolerance), x => (float)(x / checkpoints));
        pool.Scan(solution, 1, scores, context.Threads, context.CancellationToken);
    }

    /// <summary>Rows with features, drawn by content id and in its order.</summary>
    private static int[] Sample(GradientRows pool, SelectionProblem problem)
    {
        var ids = problem.ContentIds;
        return
        [
            .. Enumerable.Range(0, pool.Count).Where(i => pool.Norms[i] > 0)
                .Select(i => (Row: i, Draw: SeededRandom.ForExample(problem.Seed, "dsdm/sample", ids[i])))
                .OrderBy(d => d.Draw).ThenBy(d => ids[d.Row])
                .Take(Math.Clamp(SampleNumbers / pool.Dimension, 1, SampleRows))
                .Select(d => d.Row).OrderBy(i => ids[i]),
        ];
    }

    /// <summary>What a person should know of the estimate.</summary>
    internal static IEnumerable<string> Remarks(SelectionResult selection, GradientRows pool, MomentSolver solver)
    {
        var rows = pool.Norms.Count(n => n > 0);
        if (rows < pool.Features.Dimension)
            yield return $"The pool has {rows:N0} rows with features of {pool.Features.Dimension:N0} numbers: what these rows don't span "
                + "is left to the ridge (dsdm.ridge).";
        var harmful = selection.Rows.Count(r => r.Score <= 0);
        if (harmful > 0)
            yield return MessageText.Counted(harmful, "chosen example isn't", "chosen examples aren't")
                + " estimated to lower the target's loss: the budget is larger than what helps.";
        if (solver.Residual > MomentSolver.Tolerance)
            yield return FormattableString.Invariant(
                $"The solve stopped after {solver.Passes} passes at a residual of {solver.Residual:0.0e+0}: raise dsdm.ridge.");
    }
}
