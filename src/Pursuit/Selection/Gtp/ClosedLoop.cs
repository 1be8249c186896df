using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// Closes the loop between choice and trajectory: a random warm-up does not go where training on the choice goes. A model is trained on the
/// choice, gradients where that ends are one more checkpoint, with half of the trajectory's weight, and the rows that were best at first
/// are pursued again (docs/design/gtp-choices.md).
/// </summary>
internal sealed class ClosedLoop
{
    private readonly SelectionProblem _problem;
    private readonly PursuitSession _session;
    private readonly ITrainedGradients _trained;

    private ClosedLoop(SelectionProblem problem, PursuitSession session, ITrainedGradients trained) =>
        (_problem, _session, _trained) = (problem, session, trained);

    /// <summary>Refuses before the first pursuit what could not be done behind it.</summary>
    /// <exception cref="PursuitException">There is no model to train, no target, a quota, or nothing to choose.</exception>
    public static void Require(PursuitQuestion question)
    {
        const string Option = $"{GtpSelector.Name}.retrain";
        if (!question.HasTarget)
            throw PursuitException.At(Option, "given without a target", "a target, whose gradients are taken again", "Omit it.");
        if (question.ChoosesAll)
            throw PursuitException.At(
                Option, "given where the whole pool is chosen", "a budget that leaves something to choose", "Omit it.");
        if (question.HasQuotas)
            throw PursuitException.At(Option, "given with quotas", "one of the two: the second pursuit is among the best examples alone");
        if (!question.CanTrain)
            throw PursuitException.At(
                Option,
                "given with gradients that were brought along",
                "gradients made from a model here, or those of a run of features",
                $"Omit {ApiName.Features}, or the option.");
    }

    /// <summary>Times that the loop is closed, of a choice that was made.</summary>
    /// <param name="options">How the choice was made; what it asks for was required.</param>
    /// <param name="problem">The whole pool's.</param>
    /// <param name="choice">The choice.</param>
    /// <param name="context">With what would train.</param>
    public static int Times(GtpOptions options, SelectionProblem problem, SelectionResult choice, SelectionContext context) =>
        context.Trained is { } trained
        && problem is { Quotas.Count: 0, Gradients: { Pool: { } pool, Target: { } target } }
        && choice.Rows.Count > 0
            ? options.Retrainings(
                LoopWork.Of(choice.Rows.Count, pool.Rows, target.Rows, pool.Checkpoints, pool.Dimension), trained.FollowsWarmup)
            : 0;

    /// <summary>Where a session can pursue again.</summary>
    /// <param name="problem">The whole pool's.</param>
    /// <param name="session">Its first pursuit's, finished.</param>
    /// <param name="context">With what trains.</param>
    public static ClosedLoop Of(SelectionProblem problem, PursuitSession session, SelectionContext context) =>
        new(problem, session, context.Trained!);

    /// <summary>Trains on a choice and pursues again.</summary>
    /// <param name="choice">The choice so far, of the whole pool.</param>
    /// <param name="pursue">Pursues a problem.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public SelectionResult Again(
        SelectionResult choice, Func<SelectionProblem, SelectionResult> pursue, CancellationToken cancellationToken)
    {
        var positions = Candidates(choice);
        var trained = _trained.After(choice.Rows, positions, cancellationToken);
        var found = pursue(Among(positions, trained));
        var kept = choice.Rows.Select(r => r.Position).ToHashSet();
        RankedRow[] rows = [.. found.Rows.Select(r => r with { Position = positions[r.Position] })];
        var remark = FormattableString.Invariant($"Trained on {choice.Rows.Count:N0} examples chosen first for {trained.Steps:N0} steps ")
            + FormattableString.Invariant($"and pursued again among the {positions.Length:N0} best, with gradients taken there: ")
            + FormattableString.Invariant($"{rows.Count(r => kept.Contains(r.Position)):N0} of {rows.Length:N0} examples stayed.");
        return found with { Rows = rows, Remarks = [.. found.Remarks, remark], Details = Whole((PursuitDetails)found.Details!, positions) };
    }

    /// <summary>The choice and the rows that the first pass scored best, ascending.</summary>
    private int[] Candidates(SelectionResult choice)
    {
        var features = _session.Problem.Rows.Features;
        var most = LoopWork.MostCandidates(choice.Rows.Count, features.Checkpoints, features.Dimension);
        var gains = Array.ConvertAll(_session.Problem.Gains!.Kept[0].Gains.Read(), g => (double)g);
        var best = RowOrder.ByScore(gains, _problem.ContentIds).Where(r => r.Score > 0).Take((int)Math.Min(most, int.MaxValue));
        return [.. choice.Rows.Concat(best).Select(r => r.Position).Distinct().Order()];
    }

    /// <summary>The same question among some rows, with one more checkpoint.</summary>
    private SelectionProblem Among(int[] positions, TrainedGradients trained)
    {
        var features = _session.Problem.Rows.Features;
        if (trained.Dimension != features.Dimension)
            throw new InvalidOperationException($"Gradients of {trained.Dimension} numbers beside {features.Dimension}.");
        double[] weights = [.. features.Etabar.Select(e => e / 2), 0.5];
        TokenCounts? counts = _problem.TokenCounts is { } all
            ? new TokenCounts(Array.ConvertAll(positions, p => all.Tokens[p]), Array.ConvertAll(positions, p => all.Supervised[p]))
            : null;
        return _problem with
        {
            ContentIds = Array.ConvertAll(positions, p => _problem.ContentIds[p]),
            Budget = new Budget(_problem.ResolvedBudget, false, _problem.Budget.Unit) { Option = _problem.Budget.Option },
            TokenCounts = counts,
            Sources = [],
            SourceNames = [],
            Gradients = new GradientInputs
            {
                Pool = With("the best examples", _session.Problem.Rows, positions, trained.Pool, weights),
                Target = With("the target", _session.Target!, [.. Enumerable.Range(0, _session.Target!.Count)], trained.Target, weights),
            },
        };
    }

    /// <summary>Rows as they were built at each checkpoint, and one more block.</summary>
    private static MemoryFeatures With(string name, GradientRows rows, int[] positions, float[] last, double[] weights)
    {
        var (checkpoints, dimension) = (rows.Features.Checkpoints, rows.Features.Dimension);
        float[][] blocks = [.. Enumerable.Range(0, checkpoints).Select(_ => new float[last.Length]), last];
        var row = new float[rows.Dimension];
        for (var i = 0; i < positions.Length; i++)
        {
            rows.Gather([positions[i]], row);
            for (var t = 0; t < checkpoints; t++)
            {
                // phi carries the checkpoint's weight, which is put on again.
                var scale = rows.Features.Etabar[t] > 0 ? (float)(1 / Math.Sqrt(rows.Features.Etabar[t])) : 0;
                for (var k = 0; k < dimension; k++) blocks[t][i * dimension + k] = scale * row[t * dimension + k];
            }
        }

        return new MemoryFeatures(name, dimension, blocks, weights);
    }

    private PursuitDetails Whole(PursuitDetails found, int[] positions)
    {
        var gains = new PursuitGains();
        gains.AddAmong(found.Gains!, positions, _problem.ContentIds.Count);
        return found with
        {
            NearDuplicates = [.. found.NearDuplicates.Select(p => p with { First = positions[p.First], Second = positions[p.Second] })],
            Passes = _session.Problem.Passes,
            BytesRead = _session.Problem.BytesRead,
            Gains = gains,
        };
    }
}
