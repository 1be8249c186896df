namespace Pursuit.Proof;

/// <summary>
/// 95% intervals by resampling. Test examples and seeds are crossed (every seed's model answers every example), so each is
/// resampled on its own and the deviations are added:
/// <c>theta* = theta + k(S) mean of S drawn seed deviations + k(N) sum of N drawn example deviations</c>, with k from
/// <see cref="SmallSample.Expansion"/>. What only a seed and an example together explain is counted in both, so where nothing
/// else varies the interval is up to 1.4 times too wide. Across targets, the targets' means take the place of
/// the examples: the noise of a target's examples is already in how its mean differs from the others'.
/// </summary>
/// <remarks>
/// The interval is the 2.5% to 97.5% percentile of theta*. A quotient of sums (loss per answer token) is taken to first order in
/// the sums. Draw r depends on the seed and r alone, so two comparisons of the same shape see the same draws.
/// </remarks>
internal static class Bootstrap
{
    /// <summary>Draws behind an interval: its ends then move by about a fortieth of its width from one seed to another.</summary>
    public const int Draws = 2000;

    /// <summary>The interval of one test's mean, or of the mean of a difference (<see cref="ExampleScores.Less"/>).</summary>
    /// <param name="scores">What to average.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static Interval OfTest(ExampleScores scores, ulong seed) =>
        Resample(scores.Mean, SeedDeviations([scores]), ExampleDeviations(scores), scores.Examples, seed);

    /// <summary>The interval of the mean over targets, each counting alike; one target is as <see cref="OfTest"/>.</summary>
    /// <param name="targets">Each target's figures, over the same seeds, at least one.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static Interval OfTargets(IReadOnlyList<ExampleScores> targets, ulong seed)
    {
        if (targets is [var only]) return OfTest(only, seed);
        var mean = targets.Average(t => t.Mean);
        double[] deviations = [.. targets.Select(t => (t.Mean - mean) / targets.Count)];
        return Resample(mean, SeedDeviations(targets), deviations, targets.Count, seed);
    }

    /// <summary>
    /// What one seed adds to the mean: its own mean over targets less the mean over seeds, over the number of seeds [seeds].
    /// </summary>
    private static double[] SeedDeviations(IReadOnlyList<ExampleScores> targets)
    {
        var seeds = targets[0].Seeds;
        double[] means = [.. Enumerable.Range(0, seeds).Select(s => targets.Average(t => t.Totals[s].Sum() / t.Size))];
        var mean = means.Average();
        return [.. means.Select(m => (m - mean) / seeds)];
    }

    /// <summary>What one example adds to the mean, to first order: (its total - mean x its size) / the sum of sizes [examples].</summary>
    private static double[] ExampleDeviations(ExampleScores scores)
    {
        var (mean, size) = (scores.Mean, scores.Size);
        var deviations = new double[scores.Examples];
        for (var i = 0; i < deviations.Length; i++)
            deviations[i] = (scores.Totals.Average(t => t[i]) - mean * scores.Sizes[i]) / size;
        return deviations;
    }

    /// <summary>The interval of a mean over two crossed kinds of things, each resampled on its own.</summary>
    /// <param name="estimate">The mean.</param>
    /// <param name="first">What each of the one kind adds to it, summing to 0, at least two.</param>
    /// <param name="second">What each of the other kind adds to it.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static Interval Crossed(double estimate, double[] first, double[] second, ulong seed) =>
        Resample(estimate, first, second, second.Length, seed);

    private static Interval Resample(double estimate, double[] seedDeviations, double[] deviations, int count, ulong seed)
    {
        if (count < 2) return new Interval(estimate, null, null);
        var ofSeeds = seedDeviations.Length > 1 ? SmallSample.Expansion(seedDeviations.Length) : 0;
        var ofExamples = SmallSample.Expansion(count);
        var draws = new double[Draws];
        for (var r = 0; r < Draws; r++)
        {
            var random = new SeededRandom(seed, "proof/bootstrap", (ulong)r);
            draws[r] = ofExamples * Drawn(random, deviations);
            if (ofSeeds > 0) draws[r] += ofSeeds * Drawn(random, seedDeviations);
        }

        Array.Sort(draws);
        return new Interval(estimate, estimate + Quantile(draws, 0.025), estimate + Quantile(draws, 0.975));
    }

    private static double Drawn(SeededRandom random, double[] deviations)
    {
        var sum = 0.0;
        for (var i = 0; i < deviations.Length; i++) sum += deviations[random.NextInt(deviations.Length)];
        return sum;
    }

    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
