using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Bilevel;

/// <summary>
/// Probabilistic bilevel coresets (Zhou et al., "Probabilistic Bilevel Coreset Selection", ICML 2022): every candidate has a probability of
/// being in the coreset; coresets are drawn, a proxy is trained on each, and the probabilities move so that the outer loss falls. The most
/// probable are kept.
/// </summary>
internal sealed class BilevelSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "bilevel";

    private readonly BilevelOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public BilevelSelector(BilevelOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var rows = GradientRows.OfPool(problem.RequirePoolGradients(Name), _options.Rows);
        var target = problem.Gradients.Target is null ? null : rows.OfTarget(problem.RequireTargetGradients(Name));
        var order = Order(problem, rows, target, context);
        if (order.Length == 0) return BudgetFiller.Fill(Name, problem, [], problem.Gradients.Pool); // says what is wrong with the pool
        // In the order of their ids, which no order of the pool changes.
        int[] candidates = [.. order.Take(_options.Candidates).OrderBy(i => problem.ContentIds[i])];
        var fit = new ProxyFit(rows, candidates, target, _options.Ridge, context);
        var most = Math.Min(candidates.Length, problem.RowsOfBudget(i => rows.Norms[i] > 0));
        var probabilities = new CoresetProbabilities(candidates.Length, most, _options.LearningRate);
        var firstLoss = most == candidates.Length ? null : (double?)Optimize(problem, candidates, fit, probabilities, context);

        var scores = new double[rows.Count];
        for (var c = 0; c < candidates.Length; c++) scores[candidates[c]] = probabilities.Values[c];
        RankedRow[] ranked = [.. order.Select(i => new RankedRow(i, scores[i])).OrderByDescending(r => r.Score)]; // a stable sort
        var selection = BudgetFiller.Fill(Name, problem, ranked, problem.Gradients.Pool);
        var chosen = selection.Rows.Select(r => r.Position).ToHashSet();
        var undecided = probabilities.Values.Count(s => s is > 0.05 and < 0.95);
        return selection with
        {
            Remarks = [.. selection.Remarks, .. Remarks(order.Length, candidates.Length, most, undecided)],
            Details = new BilevelDetails
            {
                Candidates = candidates.Length,
                Iterations = firstLoss is null ? 0 : _options.Iterations,
                FirstLoss = firstLoss,
                Loss = fit.Loss([.. Enumerable.Range(0, candidates.Length).Where(c => chosen.Contains(candidates[c]))]),
                Undecided = undecided,
            },
        };
    }

    /// <summary>
    /// All rows that can be chosen: those most like the target's mean first, or in an order of chance where there is no target; ties by
    /// content id.
    /// </summary>
    private static int[] Order(SelectionProblem problem, GradientRows rows, GradientRows? target, SelectionContext context)
    {
        var scores = new double[rows.Count];
        if (target is null)
        {
            for (var i = 0; i < scores.Length; i++)
                scores[i] = SeededRandom.ForExample(problem.Seed, "bilevel/candidates", problem.ContentIds[i]);
        }
        else
        {
            var mean = GroupMeans.Compute(target, new int[target.Count], ["target"], context.Threads, context.CancellationToken);
            rows.Scan(Array.ConvertAll(mean, m => (float)m), 1, scores, context.Threads, context.CancellationToken);
        }

        return
        [
            .. RowOrder.ByScore(scores, problem.ContentIds).Select(r => r.Position)
                .Where(i => rows.Norms[i] > 0 && problem.TokenCounts?.Supervised[i] != 0),
        ];
    }

    /// <summary>Moves the probabilities.</summary>
    /// <returns>The mean loss of the first step's coresets.</returns>
    private double Optimize(
        SelectionProblem problem, int[] candidates, ProxyFit fit, CoresetProbabilities probabilities, SelectionContext context)
    {
        var first = 0.0;
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, context.Threads),
            CancellationToken = context.CancellationToken,
        };
        for (var iteration = 0; iteration < _options.Iterations; iteration++)
        {
            var members = new bool[_options.Samples][];
            var losses = new double[_options.Samples];
            var step = iteration;
            Parallel.For(0, members.Length, options, sample =>
            {
                members[sample] = Draw(problem, candidates, probabilities.Values, FormattableString.Invariant($"bilevel/{step}/{sample}"));
                losses[sample] = fit.Loss([.. members[sample].Index().Where(m => m.Item).Select(m => m.Index)]);
            });
            if (iteration == 0) first = losses.Average();
            probabilities.Step(CoresetProbabilities.Gradient(probabilities.Values, members, losses));
            context.Progress?.Report(new WorkProgress("coreset", iteration + 1, _options.Iterations, "steps"));
        }

        return first;
    }

    private static bool[] Draw(SelectionProblem problem, int[] candidates, double[] probabilities, string purpose)
    {
        var members = new bool[candidates.Length];
        for (var c = 0; c < members.Length; c++)
        {
            var draw = (SeededRandom.ForExample(problem.Seed, purpose, problem.ContentIds[candidates[c]]) >> 11) * (1.0 / (1UL << 53));
            members[c] = draw < probabilities[c];
        }

        return members;
    }

    private static IEnumerable<string> Remarks(int rows, int candidates, int most, int undecided)
    {
        if (candidates < rows)
            yield return FormattableString.Invariant($"Of {rows:N0} examples {candidates:N0} were considered (bilevel.candidates).");
        if (most < candidates && undecided > most)
            yield return FormattableString.Invariant($"{undecided:N0} candidates are still undecided for a budget of {most:N0}: ")
                + "raise bilevel.iterations.";
    }
}
