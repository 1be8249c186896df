namespace Pursuit.Proof;

/// <summary>
/// The linear datamodeling score (Park et al., "TRAK: Attributing Model Behavior at Scale", ICML 2023, arXiv 2303.14186, section 2.3): for
/// each target example, the rank correlation over random subsets of the pool between the sum of a method's scores of the subset's
/// examples and how low the loss of a model trained on the subset is; the mean over target examples.
/// </summary>
internal static class DatamodelScore
{
    /// <summary>Scores a method.</summary>
    /// <param name="targets">
    /// Per target, the sums of scores and the losses, each [target examples][subsets]; the targets count alike.
    /// </param>
    /// <param name="seed">Seed of the interval's draws.</param>
    /// <returns>
    /// The mean, and a 95% interval that resamples subsets and target examples, each on its own (<see cref="Bootstrap"/>). How far the
    /// subsets move the mean is taken from leaving each out in turn (Tukey's pseudo-values).
    /// </returns>
    public static Interval Of(IReadOnlyList<(double[][] Sums, double[][] Losses)> targets, ulong seed)
    {
        var subsets = targets[0].Sums[0].Length;
        var all = Means(targets, leftOut: null);
        var mean = all.Average(t => t.Average());
        double[] ofExamples = [.. all.SelectMany(t => t.Select(r => (r - t.Average()) / (t.Length * (double)targets.Count)))];
        double[] pseudo =
        [
            .. Enumerable.Range(0, subsets)
                .Select(j => subsets * mean - (subsets - 1) * Means(targets, leftOut: j).Average(t => t.Average())),
        ];
        var center = pseudo.Average();
        return Bootstrap.Crossed(mean, [.. pseudo.Select(p => (p - center) / subsets)], ofExamples, seed);
    }

    /// <summary>Each target example's correlation, [targets][target examples].</summary>
    private static double[][] Means(IReadOnlyList<(double[][] Sums, double[][] Losses)> targets, int? leftOut) =>
        [.. targets.Select(t => t.Sums.Select((sums, q) => Correlation(sums, t.Losses[q], leftOut)).ToArray())];

    private static double Correlation(double[] sums, double[] losses, int? leftOut)
    {
        double[] gains = [.. losses.Select(l => -l)];
        return leftOut is { } j ? RankCorrelation.Of(Without(sums, j), Without(gains, j)) : RankCorrelation.Of(sums, gains);
    }

    private static double[] Without(double[] values, int index) => [.. values[..index], .. values[(index + 1)..]];
}
