namespace Pursuit.Data.Deduplication;

/// <summary>
/// How a signature is cut into bands: two examples whose signatures agree in all rows of some band are compared (Leskovec, Rajaraman and
/// Ullman, "Mining of Massive Datasets", 3.4).
/// </summary>
/// <param name="Bands">Bands of a signature.</param>
/// <param name="Rows">Numbers of a band.</param>
internal sealed record BandPlan(int Bands, int Rows)
{
    /// <summary>
    /// The share of pairs just at the threshold that must be compared. Being missed can't be made good, being compared for nothing can, so
    /// that it is near 1; the usual balance of both errors would miss 6 pairs of 10 there.
    /// </summary>
    public const double LeastFound = 0.99;

    /// <summary>The longest bands that find <see cref="LeastFound"/> of the pairs at a threshold.</summary>
    /// <param name="threshold">A Jaccard similarity.</param>
    /// <param name="permutations">Numbers of a signature.</param>
    public static BandPlan For(double threshold, int permutations)
    {
        for (var rows = permutations; rows > 1; rows--)
        {
            var plan = new BandPlan(permutations / rows, rows);
            if (plan.Probability(threshold) >= LeastFound) return plan;
        }

        return new BandPlan(permutations, 1);
    }

    /// <summary>The probability that a pair of a similarity is compared: 1 - (1 - s^rows)^bands.</summary>
    public double Probability(double similarity) => 1 - Math.Pow(1 - Math.Pow(similarity, Rows), Bands);
}
