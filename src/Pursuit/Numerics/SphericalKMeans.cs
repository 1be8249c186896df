namespace Pursuit.Numerics;

/// <summary>
/// k-means on the unit sphere: rows are compared by cosine and a centre is the normalized sum of its rows' unit vectors
/// (Dhillon and Modha, 2001), seeded as k-means++ (Arthur and Vassilvitskii, 2007) with distance 1 - cosine.
/// </summary>
/// <remarks>
/// A row of zeros has cosine 0 to everything. Ties go to the lower centre. A centre that loses all its rows moves to the
/// row worst served. The same seed gives the same clusters on every machine.
/// </remarks>
internal static class SphericalKMeans
{
    /// <summary>Clusters rows.</summary>
    /// <param name="rows">[rowCount, dim]; any length, not only unit rows.</param>
    /// <param name="rowCount">Rows, 1 or more.</param>
    /// <param name="dim">Numbers per row, 1 or more.</param>
    /// <param name="count">Clusters, from 1 to rowCount.</param>
    /// <param name="random">The stream that seeds the centres.</param>
    /// <param name="maxIterations">Passes over the rows at most.</param>
    /// <exception cref="PursuitException">A number is out of range or a span's length doesn't match.</exception>
    public static KMeansResult Cluster(
        ReadOnlySpan<float> rows, int rowCount, int dim, int count, SeededRandom random, int maxIterations = 100)
    {
        if (rowCount < 1 || dim < 1 || rows.Length != (long)rowCount * dim || count < 1 || count > rowCount || maxIterations < 1)
        {
            throw PursuitException
                .At("SphericalKMeans", $"rows [{rowCount}, {dim}] in {rows.Length} numbers, {count} clusters, {maxIterations} iterations",
                $"{(long)rowCount * dim} numbers, 1 to {rowCount} clusters, 1 or more iterations");
        }

        var unit = Normalize(rows, rowCount, dim);
        var centres = Seed(unit, rowCount, dim, count, random);
        var assignment = new int[rowCount];
        var cosine = new float[rowCount];
        Array.Fill(assignment, -1);
        for (var iteration = 1; ; iteration++)
        {
            var changed = Assign(unit, rowCount, dim, centres, count, assignment, cosine);
            changed |= Refill(rowCount, count, assignment, cosine);
            if (!changed || iteration == maxIterations)
            {
                var sum = 0.0;
                foreach (var c in cosine)
                    sum += c;
                return new KMeansResult(assignment, centres, sum / rowCount, iteration, !changed);
            }

            Update(unit, rowCount, dim, centres, count, assignment);
        }
    }

    private static float[] Normalize(ReadOnlySpan<float> rows, int rowCount, int dim)
    {
        var unit = new float[(long)rowCount * dim];
        for (var i = 0; i < rowCount; i++)
            NormalizeInto(rows.Slice(i * dim, dim), unit.AsSpan(i * dim, dim));
        return unit;
    }

    private static void NormalizeInto(ReadOnlySpan<float> row, Span<float> destination)
    {
        var norm = Math.Sqrt(DotProduct.SquaredNorm(row));
        if (norm == 0)
        {
            destination.Clear();
            return;
        }

        for (var p = 0; p < row.Length; p++)
            destination[p] = (float)(row[p] / norm);
    }

    private static float[] Seed(float[] unit, int rowCount, int dim, int count, SeededRandom random)
    {
        var centres = new float[count * dim];
        var distance = new double[rowCount];
        Array.Fill(distance, double.PositiveInfinity);
        var chosen = random.NextInt(rowCount);
        for (var c = 0; c < count; c++)
        {
            unit.AsSpan(chosen * dim, dim).CopyTo(centres.AsSpan(c * dim, dim));
            var total = 0.0;
            for (var i = 0; i < rowCount; i++)
            {
                distance[i] = Math.Min(
                    distance[i], Math.Max(0, 1.0 - DotProduct.Of(unit.AsSpan(i * dim, dim), centres.AsSpan(c * dim, dim))));
                if (i == chosen)
                    distance[i] = 0;
                total += distance[i];
            }

            var target = random.NextDouble() * total;
            chosen = 0;
            for (var seen = distance[0]; chosen + 1 < rowCount && seen <= target; seen += distance[chosen])
                chosen++;
        }

        return centres;
    }

    private static bool Assign(float[] unit, int rowCount, int dim, float[] centres, int count, int[] assignment, float[] cosine)
    {
        const int BlockRows = 256;
        var dots = new float[BlockRows * count];
        var right = new PackedRights(centres, count, dim, dim);
        var changed = false;
        for (var first = 0; first < rowCount; first += BlockRows)
        {
            var block = Math.Min(BlockRows, rowCount - first);
            RowScan.Dots(unit.AsSpan(first * dim, block * dim), block, right, dots.AsSpan(0, block * count));
            for (var i = 0; i < block; i++)
            {
                var best = 0;
                for (var c = 1; c < count; c++)
                {
                    if (dots[i * count + c] > dots[i * count + best])
                        best = c;
                }

                changed |= assignment[first + i] != best;
                assignment[first + i] = best;
                cosine[first + i] = dots[i * count + best];
            }
        }

        return changed;
    }

    /// <summary>Gives each empty cluster the row worst served by a cluster of at least two.</summary>
    private static bool Refill(int rowCount, int count, int[] assignment, float[] cosine)
    {
        var sizes = new int[count];
        foreach (var c in assignment)
            sizes[c]++;
        var changed = false;
        for (var c = 0; c < count; c++)
        {
            if (sizes[c] > 0)
                continue;
            var worst = -1;
            for (var i = 0; i < rowCount; i++)
            {
                if (sizes[assignment[i]] > 1 && cosine[i] < 0.9999f && (worst < 0 || cosine[i] < cosine[worst]))
                    worst = i;
            }

            if (worst < 0)
                continue; // fewer distinct directions than clusters: this one stays empty
            sizes[assignment[worst]]--;
            sizes[c] = 1;
            assignment[worst] = c;
            cosine[worst] = 1;
            changed = true;
        }

        return changed;
    }

    private static void Update(float[] unit, int rowCount, int dim, float[] centres, int count, int[] assignment)
    {
        var sums = new float[count * dim];
        var sizes = new int[count];
        for (var i = 0; i < rowCount; i++)
        {
            sizes[assignment[i]]++;
            Axpy.Add(1, unit.AsSpan(i * dim, dim), sums.AsSpan(assignment[i] * dim, dim));
        }

        for (var c = 0; c < count; c++)
        {
            if (sizes[c] > 0)
                NormalizeInto(sums.AsSpan(c * dim, dim), centres.AsSpan(c * dim, dim));
        }
    }
}

/// <summary>Clusters of rows.</summary>
/// <param name="Assignment">The cluster of each row, [rowCount].</param>
/// <param name="Centres">Unit vectors, [count, dim]; zeros where a cluster's rows cancel out.</param>
/// <param name="MeanCosine">The mean cosine of a row to its centre: the objective, to be maximised.</param>
/// <param name="Iterations">Passes over the rows.</param>
/// <param name="Converged">True when the last pass moved no row.</param>
internal sealed record KMeansResult(int[] Assignment, float[] Centres, double MeanCosine, int Iterations, bool Converged);
