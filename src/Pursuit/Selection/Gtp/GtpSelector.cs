using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// Gradient Trajectory Pursuit: the rows, jointly and with non-negative weights, whose gradients add up to the target's along a
/// training trajectory, at most a budget of them (docs/methods/gtp.md, with what is the paper's and what is ours).
/// Without a target they add up to the pool's own mean.
/// </summary>
internal sealed class GtpSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "gtp";

    private readonly GtpOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public GtpSelector(GtpOptions options)
    {
        options.Validate(Name);
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        _options.RequirePossible(PursuitQuestion.Of(problem, context));
        using var session = PursuitSession.Open(problem, Name, _options, context);
        var selection = Pursued(session, problem, context);
        var times = ClosedLoop.Times(_options, problem, selection, context);
        if (times == 0) return selection;
        session.LeaveDevice(); // the model needs its memory
        var loop = ClosedLoop.Of(problem, session, context);
        var again = new GtpSelector(_options with { Retrain = 0, Rounds = 1 });
        for (var time = 0; time < times; time++)
        {
            // A few thousand rows in memory: nothing that a journal or a bound need keep.
            selection = loop.Again(
                selection, among => again.Select(among, context with { Journal = null, Memory = null }), context.CancellationToken);
        }

        return selection;
    }

    private SelectionResult Pursued(PursuitSession session, SelectionProblem problem, SelectionContext context)
    {
        var remarks = new List<string>();
        var heldOut = _options.NoiseFloor == GtpNoiseFloor.HeldOut ? HeldOutPursuit(problem, session, context) : null;
        var rows = heldOut is { Rows: > 0 } ? Math.Min(session.RowBudget, heldOut.Value.Rows) : session.RowBudget;
        var outcome = Pursue(session, rows, context);
        var noise = NoiseRemark(session.Problem.Target, outcome);
        if (noise is not null) remarks.Add(noise);
        var ranked = session.Ranked(outcome).ToList();
        // Where no row points toward the target no fill would serve it either; where the target is noise, its mean is all there is.
        if (ranked.Count > 0 || outcome.Reason == StopReason.NoiseFloor) Fill(session, problem, ranked, context);

        var left = session.Left(ranked.Select(r => r.Position));
        if (_options.Fill == GtpFill.None && left > 0 && outcome.Positions.Length < session.RowBudget)
            remarks.Add($"{session.Unused(outcome, left)} {Name}.fill=herd would use them.");
        remarks.AddRange(PursuitSession.FitRemarks(outcome));
        var selection = session.Select(ranked, remarks);
        var details = session.Details(outcome, selection, context.CancellationToken) with { HeldOutIterations = heldOut?.Iterations ?? [] };
        if (details.TargetBelowFloor > 0.5)
            selection = selection with { Remarks = [.. selection.Remarks, BelowFloorRemark(details)] };
        return selection with { Details = details };
    }

    /// <summary>
    /// Tells of groups whose examples have nothing in common that their number could show; refuses where that is all groups and no fill.
    /// </summary>
    private string? NoiseRemark(PursuitTarget target, PursuitOutcome outcome)
    {
        if (_options.NoiseFloor == GtpNoiseFloor.Off) return null;
        // ||B_j||^2 is c_j: noise of that energy leaves nothing of the mean.
        var lost = Enumerable.Range(0, target.Groups)
            .Where(j => target.Noise[j] >= target.Shares[j])
            .Select(j => target.Names[j])
            .ToArray();
        if (lost.Length == 0) return null;
        var found = $"the examples of {string.Join(", ", lost.Select(n => $"'{n}'"))} agree so little "
            + "that their mean is no longer than its own sampling noise";
        const string Advice = "Give more examples, or narrower groups.";
        if (outcome.Positions.Length > 0) return $"For target groups no row was pursued: {found}. {Advice}";
        return _options.Fill == GtpFill.None
            ? throw PursuitException.At(
                $"{Name}.noise-floor",
                found,
                "a group whose examples have something in common",
                $"{Advice} Or set {Name}.fill=herd to serve their mean all the same, or {Name}.noise-floor=off to fit the noise.")
            : $"Nothing was pursued, and every row serves the target's mean alone: {found}. {Advice}";
    }

    private static string BelowFloorRemark(PursuitDetails details) =>
        $"{details.TargetBelowFloor:P0} of the target's gradients are shorter than the pool's norm floor: "
        + "the model nearly knows the target already, or the two were made with different losses.";

    /// <summary>The pursuit; where a token budget buys fewer rows than thought, again with as many as it buys.</summary>
    private PursuitOutcome Pursue(PursuitSession session, int rows, SelectionContext context)
    {
        const int Attempts = 3;
        for (var attempt = 1; ; attempt++)
        {
            session.Problem.Gains!.Clear();
            var outcome = _options.Rounds == 2
                ? new TwoRounds(session.Problem, _options, _options.Stops).Run(rows, context.Progress, context.CancellationToken)
                : new GtpSolver(session.Problem, _options, _options.Stops)
                    .Run(rows, null, context.Progress, context.CancellationToken).Outcome;
            var over = -session.Left(outcome.Positions);
            var spent = outcome.Positions.Sum(session.Cost);
            // A twentieth over the budget is cut off where the ranks are filled.
            if (over <= 0.05 * (spent - over) || attempt == Attempts || rows == 1) return outcome;
            rows = Math.Max(1, (int)((double)outcome.Positions.Length * (spent - over) / spent));
        }
    }

    private void Fill(PursuitSession session, SelectionProblem problem, List<RankedRow> ranked, SelectionContext context)
    {
        if (_options.Fill == GtpFill.None) return;
        var left = session.Left(ranked.Select(r => r.Position));
        if (left > 0 && _options.Fill == GtpFill.Peel) Peel(session, ranked, context);
        left = session.Left(ranked.Select(r => r.Position));
        var weight = ranked.Count > 0 ? ranked.Average(r => r.Weight) : 1;
        if (left > 0)
        {
            var herding = new HerdingFill(session.Problem, ranked.Select(r => r.Position));
            var filled = herding.Fill(session.Cost, left, session.RowsFor(left), context.Progress, context.CancellationToken);
            ranked.AddRange(filled.Select(p => new RankedRow(p, 0, weight)));
        }

        if (problem.Quotas.Count > 0) ranked.AddRange(Others(session, ranked, weight, context.CancellationToken));
    }

    /// <summary>Pursues again on what is left, layer by layer, until the budget is full or a layer is empty.</summary>
    private void Peel(PursuitSession session, List<RankedRow> ranked, SelectionContext context)
    {
        var near = new NearRows(session.Problem.Rows.Dimension, NearRows.FillCosine);
        var row = new float[session.Problem.Rows.Dimension];
        var layer = ranked.ToArray();
        while (layer.Length > 0 && session.Left(ranked.Select(r => r.Position)) is var left && left > 0)
        {
            var rest = session.Problem.For(session.Problem.Target);
            foreach (var chosen in ranked) rest.Excluded[chosen.Position] = true;
            foreach (var chosen in layer)
            {
                session.Problem.Rows.Gather([chosen.Position], row);
                near.Add(row);
            }

            var outcome = new GtpSolver(rest, _options, _options.Stops).Run(
                session.RowsFor(left), near, context.Progress, context.CancellationToken).Outcome;
            session.Problem.CountReadBy(rest);
            layer = [.. session.Ranked(outcome).Select(r => r with { Score = 0 })];
            ranked.AddRange(layer);
        }
    }

    /// <summary>Everything else by its agreement with the uniform target, for sources whose quota reaches that far.</summary>
    private static IEnumerable<RankedRow> Others(
        PursuitSession session, List<RankedRow> ranked, double weight, CancellationToken cancellationToken)
    {
        var problem = session.Problem;
        var scores = new double[problem.Rows.Count];
        problem.Scan(problem.Target.Uniform, 1, scores, cancellationToken);
        var chosen = ranked.Select(r => r.Position).ToHashSet();
        return RowOrder.ByScore(scores, problem.ContentIds)
            .Where(r => !chosen.Contains(r.Position))
            .Select(r => r with { Score = 0, Weight = weight });
    }

    /// <summary>Pursues half of each group and watches the residual on the other half.</summary>
    private (int Rows, IReadOnlyList<PursuitIteration> Iterations)? HeldOutPursuit(
        SelectionProblem selection, PursuitSession session, SelectionContext context)
    {
        if (session.Target is null) return null;
        var (first, second) = TargetHalves.Draw(selection, Name, session.Target, _options, context);
        var problem = session.Problem.For(first);
        var stops = _options.Stops with { HeldOut = second };
        var (outcome, trace) = new GtpSolver(problem, _options, stops).Run(
            session.RowBudget, null, context.Progress, context.CancellationToken);
        session.Problem.CountReadBy(problem);
        return (trace.BestHeldOutRows, outcome.Iterations);
    }
}
