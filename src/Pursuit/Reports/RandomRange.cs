namespace Pursuit.Reports;

/// <summary>What a uniformly random choice of as many examples would take of a part of the pool: the hypergeometric distribution.</summary>
internal static class RandomRange
{
    private const double Tail = 0.025;

    /// <summary>The smallest and largest counts within the central 95% of random choices.</summary>
    /// <param name="pool">Examples in the pool, N.</param>
    /// <param name="part">Those of the part, K.</param>
    /// <param name="chosen">Those chosen, n.</param>
    public static (int Low, int High) Of(int pool, int part, int chosen)
    {
        var (least, most) = (Math.Max(0, chosen + part - pool), Math.Min(part, chosen));
        if (least == most) return (least, most);

        // P(k + 1) / P(k), from the mode outwards, so that nothing under- or overflows; then scaled to sum 1.
        var mode = Math.Clamp((int)((long)(chosen + 1) * (part + 1) / (pool + 2)), least, most);
        var probabilities = new double[most - least + 1];
        probabilities[mode - least] = 1;
        for (var k = mode; k < most; k++)
            probabilities[k + 1 - least] =
                probabilities[k - least] * ((double)(part - k) * (chosen - k)) / ((double)(k + 1) * (pool - part - chosen + k + 1));
        for (var k = mode; k > least; k--)
            probabilities[k - 1 - least] =
                probabilities[k - least] * ((double)k * (pool - part - chosen + k)) / ((double)(part - k + 1) * (chosen - k + 1));

        var total = probabilities.Sum();
        var low = least;
        for (var below = probabilities[0]; below < Tail * total; below += probabilities[low - least]) low++;
        var high = most;
        for (var above = probabilities[^1]; above < Tail * total; above += probabilities[high - least]) high--;
        return (low, high);
    }
}
