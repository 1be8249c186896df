namespace Pursuit.Proof;

/// <summary>
/// A figure on the examples of one test, over several seeds: its mean is the sum of <paramref name="Totals"/> over that of
/// <paramref name="Sizes"/>. For the loss per answer token, an example's total is its summed loss and its size its answer tokens;
/// for a score, the score and 1.
/// </summary>
/// <param name="Totals">Each seed's total of each example, [seeds][examples].</param>
/// <param name="Sizes">Each example's size, above 0 somewhere, [examples].</param>
internal sealed record ExampleScores(IReadOnlyList<double[]> Totals, double[] Sizes)
{
    /// <summary>Number of seeds.</summary>
    public int Seeds => Totals.Count;

    /// <summary>Number of test examples.</summary>
    public int Examples => Sizes.Length;

    /// <summary>The sum of the sizes.</summary>
    public double Size => Sizes.Sum();

    /// <summary>The mean over everything.</summary>
    public double Mean => Totals.Average(t => t.Sum()) / Size;

    /// <summary>Mean loss and number of labels per example, seed by seed, as the figure "loss per answer token".</summary>
    public static ExampleScores OfLosses(IReadOnlyList<IReadOnlyList<double>> losses, IReadOnlyList<int> labels) =>
        new([.. losses.Select(seed => seed.Select((loss, i) => loss * labels[i]).ToArray())], [.. labels.Select(l => (double)l)]);

    /// <summary>One value per example, seed by seed, each of size 1.</summary>
    public static ExampleScores OfValues(IReadOnlyList<IReadOnlyList<double>> values) =>
        new([.. values.Select(seed => seed.ToArray())], [.. Enumerable.Repeat(1.0, values[0].Count)]);

    /// <summary>This less another, seed by seed and example by example.</summary>
    /// <exception cref="ArgumentException">The two are of other seeds or examples.</exception>
    public ExampleScores Less(ExampleScores other)
    {
        if (other.Seeds != Seeds || !other.Sizes.AsSpan().SequenceEqual(Sizes))
            throw new ArgumentException(
                $"{Seeds} seeds of {Examples} examples against {other.Seeds} of {other.Examples}, or examples of other sizes",
                nameof(other));
        return new ExampleScores([.. Totals.Zip(other.Totals, (a, b) => a.Zip(b, (x, y) => x - y).ToArray())], Sizes);
    }
}
