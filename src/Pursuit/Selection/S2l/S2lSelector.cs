using System.Globalization;

namespace Pursuit.Selection.S2l;

/// <summary>
/// S2L (Yang et al., "SmallToLarge (S2L): Scalable Data Selection for Fine-tuning Large Language Models by Summarizing Training
/// Trajectories of Small Models", NeurIPS 2024, arXiv 2403.07384): k-means on loss trajectories, then as many from each cluster as
/// the budget allows, small clusters whole.
/// </summary>
/// <remarks>
/// Clusters take turns with a random member each until they run out: the counts are those of the paper's loop over clusters from
/// the smallest on, and a larger budget contains the smaller one's choice.
/// </remarks>
internal sealed class S2lSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "s2l";

    private readonly S2lOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public S2lSelector(S2lOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var losses = problem.Gradients.Losses
            ?? throw PursuitException.At(
                Name,
                "no losses of the pool along a trajectory",
                "those that are kept beside computed gradient features",
                $"Let select compute features with {ApiName.Model}; features brought along hold no losses.");
        if (losses.Rows != problem.ContentIds.Count)
            throw PursuitException.At(Name, $"losses of {losses.Rows:N0} examples", $"the pool's {problem.ContentIds.Count:N0}");
        // By content id, so that nothing depends on the pool's order.
        var order = Enumerable.Range(0, losses.Rows).OrderBy(i => problem.ContentIds[i]).ToArray();
        var rows = Array.ConvertAll(order, i => Array.ConvertAll(losses.Row(i).ToArray(), loss => (double)loss));
        var clusters = TrajectoryClusters.Cluster(
            rows,
            Math.Min(_options.Clusters, rows.Length),
            _options.Iterations,
            new SeededRandom(problem.Seed, "s2l/clusters"),
            context.CancellationToken);
        var members = order.Zip(clusters.Assignment)
            .GroupBy(m => m.Second, m => m.First)
            .Select(
                g => g.OrderBy(
                    i => SeededRandom.ForExample(
                        problem.Seed, "s2l/draw", problem.ContentIds[i])).ThenBy(i => problem.ContentIds[i]).ToArray())
            .OrderBy(g => g.Length).ThenBy(g => problem.ContentIds[g[0]])
            .ToArray();
        var ranked = Enumerable.Range(0, members.Max(m => m.Length))
            .SelectMany(turn => members.Where(m => turn < m.Length).Select(m => new RankedRow(m[turn], -turn)))
            .ToArray();
        var selection = BudgetFiller.Fill(Name, problem, ranked, problem.Gradients.Pool);
        return selection with
        {
            Remarks = clusters.Converged
                ? selection.Remarks
                : [.. selection.Remarks, $"k-means stopped after s2l.iterations, {clusters.Iterations:N0}, before it settled."],
            Details = new S2lDetails
            {
                Clusters = members.Length,
                Checkpoints = losses.Checkpoints,
                Inertia = clusters.Inertia,
                Iterations = clusters.Iterations,
            },
        };
    }
}

/// <summary>What <c>s2l</c> reports.</summary>
internal sealed record S2lDetails : MethodDetails
{
    /// <summary>Clusters with members.</summary>
    public required int Clusters { get; init; }

    /// <summary>Losses per trajectory.</summary>
    public required int Checkpoints { get; init; }

    /// <summary>Sum of squared distances to the centres.</summary>
    public required double Inertia { get; init; }

    /// <summary>Passes of k-means.</summary>
    public required int Iterations { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create(
            "clusters",
            string.Create(
                CultureInfo.InvariantCulture, $"{Clusters:N0} of trajectories of {Checkpoints} losses, after {Iterations} passes")),
    ];
}
