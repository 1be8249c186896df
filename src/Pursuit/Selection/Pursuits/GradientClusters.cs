using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// Spherical k-means over gradient rows: each row belongs to the centre of largest cosine, centres are the directions of
/// their rows' sums (Dhillon and Modha, 2001), started by k-means++ (Arthur and Vassilvitskii, 2007).
/// </summary>
/// <remarks>
/// Streams the store, so a whole pool can be clustered; <see cref="Numerics.SphericalKMeans"/> is for rows in memory. Sums are exact
/// and draws belong to rows, so the clusters depend on no order of rows, nor threads.
/// </remarks>
internal static class GradientClusters
{
    // Ends clusterings that keep trading rows back and forth: each iteration is two passes over the store.
    private const int MaxIterations = 30;

    /// <summary>Each row's cluster, numbered without gaps; fewer than asked where some end empty.</summary>
    /// <param name="rows">What is clustered.</param>
    /// <param name="clusters">How many, at most the number of rows.</param>
    /// <param name="keys">A uniform random number of each row, [rows].</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public static int[] Assign(GradientRows rows, int clusters, IReadOnlyList<ulong> keys, int threads, CancellationToken cancellationToken)
    {
        var centres = Start(rows, clusters, keys, threads, cancellationToken);
        var found = centres.Length / rows.Dimension;
        var cluster = new int[rows.Count];
        Array.Fill(cluster, -1);
        var scores = new double[rows.Count * found];
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            rows.Scan(centres, found, scores, threads, cancellationToken);
            var moved = 0;
            for (var i = 0; i < rows.Count; i++)
            {
                var best = Nearest(scores.AsSpan(i * found, found));
                if (best == cluster[i]) continue;
                cluster[i] = best;
                moved++;
            }

            if (moved == 0) break;
            var sums = RowSums.Compute(rows, cluster, found, threads, cancellationToken);
            for (var c = 0; c < found; c++)
                SetDirection(sums.AsSpan(c * rows.Dimension, rows.Dimension), centres.AsSpan(c * rows.Dimension));
        }

        return WithoutGaps(cluster, found);
    }

    private static float[] Start(
        GradientRows rows, int clusters, IReadOnlyList<ulong> keys, int threads, CancellationToken cancellationToken)
    {
        var centres = new List<float>();
        var nearest = new double[rows.Count];
        var scores = new double[rows.Count];
        var row = new float[rows.Dimension];
        for (var c = 0; c < clusters; c++)
        {
            var drawn = Draw(rows, nearest, keys, c);
            if (drawn < 0) break; // every row lies on a centre
            rows.Gather([drawn], row);
            var direction = new float[rows.Dimension];
            SetDirection(Array.ConvertAll(row, x => (double)x), direction);
            centres.AddRange(direction);
            rows.Scan(direction, 1, scores, threads, cancellationToken);
            for (var i = 0; i < scores.Length; i++)
            {
                var cosine = rows.Norms[i] > 0 ? scores[i] / rows.Norms[i] : 1;
                nearest[i] = c == 0 ? cosine : Math.Max(nearest[i], cosine);
            }
        }

        return [.. centres];
    }

    /// <summary>
    /// A row drawn with probability proportional to 1 - its cosine to the nearest centre, as a race of exponential clocks.
    /// </summary>
    private static int Draw(GradientRows rows, double[] nearest, IReadOnlyList<ulong> keys, int round)
    {
        var winner = -1;
        var earliest = double.PositiveInfinity;
        for (var i = 0; i < rows.Count; i++)
        {
            var mass = round == 0 ? 1 : 1 - nearest[i];
            // A row on a centre: what single precision leaves of 1 - cosine.
            if (rows.Norms[i] == 0 || mass < 1e-6) continue;
            var uniform = (new SeededRandom(keys[i], "k-means/start", (ulong)round).NextUInt64() >> 11) + 0.5;
            var clock = -Math.Log(uniform * (1.0 / (1UL << 53))) / mass;
            if (!(clock < earliest)) continue;
            earliest = clock;
            winner = i;
        }

        return winner;
    }

    private static int Nearest(ReadOnlySpan<double> scores)
    {
        var best = 0;
        for (var c = 1; c < scores.Length; c++)
            if (scores[c] > scores[best]) best = c;
        return best;
    }

    /// <summary>The unit vector along a sum; a vanishing sum leaves the centre where it is.</summary>
    private static void SetDirection(ReadOnlySpan<double> sum, Span<float> centre)
    {
        var square = 0.0;
        foreach (var value in sum) square += value * value;
        if (!(square > 0)) return;
        var scale = 1 / Math.Sqrt(square);
        for (var k = 0; k < sum.Length; k++) centre[k] = (float)(sum[k] * scale);
    }

    private static int[] WithoutGaps(int[] cluster, int clusters)
    {
        var name = new int[clusters];
        Array.Fill(name, -1);
        foreach (var c in cluster) name[c] = 0;
        var next = 0;
        for (var c = 0; c < clusters; c++)
            if (name[c] == 0) name[c] = next++;
        return Array.ConvertAll(cluster, c => name[c]);
    }
}
