namespace Pursuit.Proof;

/// <summary>Spearman's rank correlation.</summary>
internal static class RankCorrelation
{
    /// <summary>The correlation of two variables' ranks, ties sharing their mean rank; 0 where either never varies.</summary>
    /// <param name="first">[values].</param>
    /// <param name="second">[values], of the same length.</param>
    public static double Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length) throw new ArgumentException($"{first.Length} values against {second.Length}", nameof(second));
        var (a, b) = (Ranks(first), Ranks(second));
        var mean = (first.Length - 1) / 2.0;
        var (products, squaresA, squaresB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            var (x, y) = (a[i] - mean, b[i] - mean);
            (products, squaresA, squaresB) = (products + x * y, squaresA + x * x, squaresB + y * y);
        }

        return squaresA == 0 || squaresB == 0 ? 0 : products / Math.Sqrt(squaresA * squaresB);
    }

    /// <summary>Each value's rank from 0, the mean of the ranks where values are equal.</summary>
    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        var (sorted, order) = (values.ToArray(), new int[values.Length]);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        var ranks = new double[order.Length];
        for (int first = 0, end; first < order.Length; first = end)
        {
            for (end = first + 1; end < order.Length && sorted[end].Equals(sorted[first]);) end++;
            for (var i = first; i < end; i++) ranks[order[i]] = (first + end - 1) / 2.0;
        }

        return ranks;
    }
}
