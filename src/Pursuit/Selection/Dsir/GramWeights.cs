using Pursuit.Selection.Features;

namespace Pursuit.Selection.Dsir;

/// <summary>Counts n-grams over several threads, and weighs texts by ln(p_target / p_pool) of theirs.</summary>
internal sealed class GramWeights(DsirOptions options, int threads)
{
    /// <summary>Keeps an empty bucket's logarithm finite; the package's constant.</summary>
    public const double Least = 1e-8;

    /// <summary>Each bucket's n-grams, [buckets].</summary>
    public long[] Count(ITextFeatures texts, Action<int>? onTexts, CancellationToken cancellationToken)
    {
        var total = new long[options.Buckets];
        Each(
            texts,
            onTexts,
            () => new long[options.Buckets],
            (counts, _, buckets) =>
            {
                foreach (var bucket in buckets) counts[bucket]++;
            },
            counts =>
            {
                for (var b = 0; b < total.Length; b++) total[b] += counts[b];
            },
            cancellationToken);
        return total;
    }

    /// <summary>ln(p_target + 1e-8) - ln(p_pool + 1e-8), [buckets].</summary>
    public static double[] LogRatios(ReadOnlySpan<long> target, ReadOnlySpan<long> pool)
    {
        var (ofTarget, ofPool) = (Sum(target), Sum(pool));
        var ratios = new double[target.Length];
        for (var b = 0; b < ratios.Length; b++) ratios[b] = Math.Log(target[b] / ofTarget + Least) - Math.Log(pool[b] / ofPool + Least);
        return ratios;
    }

    /// <summary>Each text's sum of log ratios over its n-grams, [texts]; NaN where it has no word.</summary>
    public double[] Weigh(ITextFeatures texts, double[] ratios, Action<int>? onTexts, CancellationToken cancellationToken)
    {
        var weights = new double[texts.Count];
        Each(
            texts,
            onTexts,
            () => weights,
            (result, position, buckets) =>
            {
                var sum = 0.0;
                foreach (var bucket in buckets) sum += ratios[bucket];
                result[position] = buckets.IsEmpty ? double.NaN : sum;
            },
            _ => { },
            cancellationToken);
        return weights;
    }

    private static double Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (var count in counts) sum += count;
        return Math.Max(1, sum);
    }

    private void Each<T>(
        ITextFeatures texts,
        Action<int>? onTexts,
        Func<T> start,
        GramAction<T> visit,
        Action<T> end,
        CancellationToken cancellationToken) =>
        TextPass.Each(
            texts,
            threads,
            onTexts,
            () => (State: start(), Reader: new GramReader(options.Hash, options.Buckets)),
            (local, position, text) => visit(local.State, position, local.Reader.Read(text)),
            local => end(local.State),
            cancellationToken);

    private delegate void GramAction<in T>(T state, int position, ReadOnlySpan<int> buckets);
}
