using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>The pursuit itself, in either schedule; docs/methods/gtp.md gives the steps.</summary>
internal sealed class GtpSolver(PursuitProblem problem, GtpOptions options, PursuitStops stops)
{
    // Weights of an over-full support only rank its rows.
    private static readonly NonNegativeSettings Ranking = new(1e-4, 200, 128);

    /// <summary>Pursues at most <paramref name="budget"/> rows.</summary>
    /// <param name="budget">M.</param>
    /// <param name="distinctFrom">Rows that candidates may not resemble, or null.</param>
    /// <param name="progress">Told after every iteration.</param>
    /// <param name="cancellationToken">Stops between shards of a pass.</param>
    public (PursuitOutcome Outcome, PursuitTrace Trace) Run(
        int budget, NearRows? distinctFrom, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var trace = new PursuitTrace(problem, stops, budget, progress);
        var support = problem.NewSupport();
        var reason = trace.IsAllNoise(support.Residual()) ? StopReason.NoiseFloor
            : options.Schedule != GtpSchedule.Paper ? Staged(support, trace, budget, distinctFrom, cancellationToken)
            : Exchange(support, trace, budget, options.Iterations, () => 2 * budget, distinctFrom, cancellationToken);
        trace.Restore(support);
        if (!trace.IsFinal) Settle(support, trace);
        return (trace.Finish(reason, support.Count == 0 ? 0 : ExactFit.Violation(support)), trace);
    }

    /// <summary>
    /// A support grows by a share of itself in every pass, and what a pass offers beyond that pushes the weakest rows out. Nothing on
    /// the way knows the
    /// budget: it says only where the way ends, and how many of the last support's rows stay. So a larger budget has all supports of a
    /// smaller one to choose the best of, and more, and never fits worse.
    /// </summary>
    private StopReason Staged(
        SupportSet support, PursuitTrace trace, int budget, NearRows? distinctFrom, CancellationToken cancellationToken)
    {
        var residual = support.Residual();
        var (settings, isFinal) = (NonNegativeSettings.Early, false);
        var (largest, idle) = (0, 0);
        while (idle <= options.Iterations)
        {
            var before = support.Positions.ToArray();
            var room = options.Grown(before.Length);
            var scores = problem.Identify(trace.Wanted(residual), support, cancellationToken);
            var grown = options.Schedule == GtpSchedule.Shortlist
                ? Choose(support, scores, room, budget, settings, isFinal, distinctFrom)
                : Bite(support, scores, room, settings, isFinal, distinctFrom);
            if (!grown.Helped && isFinal) return trace.Exhausted(support, residual);
            if (grown.IsFull || support.Count > budget)
                return Full(support, trace, budget, grown.Products, distinctFrom, cancellationToken);
            settings = grown.Settings;
            residual = support.Residual();
            var was = isFinal;
            isFinal = settings == NonNegativeSettings.Final;
            idle = support.Count > largest ? 0 : idle + 1;
            largest = Math.Max(largest, support.Count);
            var reason = trace.Record(support, residual, grown.Products, isFinal, grown.IsShort || !grown.Helped);
            if (reason is not (null or StopReason.NoProgress)) return reason.Value;
            // Once both fits that are compared went to the end, it is the rows that make no progress.
            if (reason == StopReason.NoProgress && was) return StopReason.NoProgress;
            if (grown.Helped && was && support.Positions.SequenceEqual(before)) return StopReason.SupportUnchanged;
            if (reason == StopReason.NoProgress) settings = NonNegativeSettings.Final;
        }

        return StopReason.IterationLimit;
    }

    /// <summary>Takes in a pass's best rows, fits, and again those there is room for.</summary>
    private Grown Bite(
        SupportSet support, IScoredRows scores, int room, NonNegativeSettings settings, bool isFinal, NearRows? distinctFrom)
    {
        var helped = CandidateBatch.Add(problem, support, scores, options.Bite(support.Count), distinctFrom) > 0;
        if (!helped && isFinal) return new Grown(false, settings, 0, false);
        // Weights that are fitted loosely hide rows that would help: without any, fit to the end and look again.
        if (!helped) settings = NonNegativeSettings.Final;
        var products = support.Solve(settings);
        var isShort = support.KeepUsed(room);
        if (isShort)
        {
            products += support.Solve(settings);
            support.KeepUsed(room);
        }

        return new Grown(helped, settings, products, isShort);
    }

    /// <summary>Chooses among a pass's best rows.</summary>
    private Grown Choose(
        SupportSet support,
        IScoredRows scores,
        int room,
        int budget,
        NonNegativeSettings settings,
        bool isFinal,
        NearRows? distinctFrom)
    {
        // Where fits go to the end, so does the choice: as many rows as there is room for find the weights that they have together.
        var best = settings == NonNegativeSettings.Final ? [] : scores.Best(options.Offered(support.Count));
        if (best.Length == 0) return Bite(support, scores, room, settings, isFinal, distinctFrom);
        var before = support.Positions.ToArray();
        var choice = new JointChoice(problem, options, stops, support, new Shortlist(problem, best, support), distinctFrom);
        if (choice.Grow(room, budget)) return new Grown(true, settings, choice.Products, IsShort: true, IsFull: true);
        var helped = !support.Positions.SequenceEqual(before);
        if (!helped) settings = NonNegativeSettings.Final;
        var isShort = support.Count >= room;
        var products = choice.Products + support.Solve(settings);
        support.KeepUsed(room);
        return new Grown(helped, settings, products, isShort);
    }

    /// <summary>Keeps a budget of a support that has grown beyond it.</summary>
    private StopReason Full(
        SupportSet support, PursuitTrace trace, int budget, int products, NearRows? distinctFrom, CancellationToken cancellationToken)
    {
        support.KeepUsed(budget);
        products += support.Solve(NonNegativeSettings.Final);
        support.KeepUsed(budget);
        var reason = trace.Record(support, support.Residual(), products, isFinal: true, isShort: true);
        if (reason is not null || options.SwapRounds == 0) return reason ?? StopReason.BudgetFull;
        int Offered() => budget - support.Count + (int)Math.Ceiling(options.SwapShare * budget);
        return Exchange(support, trace, budget, options.SwapRounds, Offered, distinctFrom, cancellationToken);
    }

    /// <summary>Rounds in which rows are offered to a support beyond the budget, and the best of both stay.</summary>
    private StopReason Exchange(
        SupportSet support,
        PursuitTrace trace,
        int budget,
        int rounds,
        Func<int> offered,
        NearRows? distinctFrom,
        CancellationToken cancellationToken)
    {
        var residual = support.Residual();
        for (var round = 0; round < rounds; round++)
        {
            var before = support.Positions.ToArray();
            var scores = problem.Identify(trace.Wanted(residual), support, cancellationToken);
            if (CandidateBatch.Add(problem, support, scores, offered(), distinctFrom) == 0) return trace.Exhausted(support, residual);

            var products = support.Solve(Ranking);
            support.KeepUsed(budget);
            products += support.Solve(NonNegativeSettings.Final);
            support.KeepUsed(budget);
            residual = support.Residual();
            if (trace.Record(support, residual, products, isFinal: true) is { } reason) return reason;
            if (support.Positions.SequenceEqual(before)) return StopReason.SupportUnchanged;
        }

        return StopReason.IterationLimit;
    }

    /// <summary>What was fitted loosely is fitted to the end.</summary>
    private static void Settle(SupportSet support, PursuitTrace trace)
    {
        var products = support.Solve(NonNegativeSettings.Final);
        support.KeepUsed(support.Count);
        trace.Record(support, support.Residual(), products, isFinal: true);
    }

    /// <summary>What a pass made of a support.</summary>
    /// <param name="Helped">It brought rows.</param>
    /// <param name="Settings">How the weights were fitted.</param>
    /// <param name="Products">Products with the Gram matrix that took.</param>
    /// <param name="IsShort">There was no room for all rows that helped.</param>
    /// <param name="IsFull">It went beyond the budget.</param>
    private readonly record struct Grown(
        bool Helped, NonNegativeSettings Settings, int Products, bool IsShort, bool IsFull = false);
}
