using Pursuit.Numerics;

namespace Pursuit.TestKit.Reference;

/// <summary>The readable twin of <see cref="EuclideanKMeans"/>: one loop over rows and centres, distances in double precision.</summary>
internal static class ReferenceKMeans
{
    /// <summary>Clusters rows; [count, dim]. Rows must leave no centre empty.</summary>
    public static float[] Cluster(float[] rows, int rowCount, int dim, int count, SeededRandom random, int iterations)
    {
        var order = Enumerable.Range(0, rowCount).ToArray();
        var centres = new float[count * dim];
        for (var c = 0; c < count; c++)
        {
            var drawn = c + random.NextInt(rowCount - c);
            (order[c], order[drawn]) = (order[drawn], order[c]);
            for (var k = 0; k < dim; k++) centres[c * dim + k] = rows[order[c] * dim + k];
        }

        for (var iteration = 0; iteration < iterations; iteration++)
        {
            var sums = new double[count * dim];
            var sizes = new int[count];
            for (var i = 0; i < rowCount; i++)
            {
                var nearest = Nearest(rows.AsSpan(i * dim, dim), centres, count);
                sizes[nearest]++;
                for (var k = 0; k < dim; k++) sums[nearest * dim + k] += rows[i * dim + k];
            }

            for (var c = 0; c < count; c++)
                for (var k = 0; k < dim; k++) centres[c * dim + k] = (float)(sums[c * dim + k] / sizes[c]);
        }

        return centres;
    }

    /// <summary>The centre nearest to a row; equal ones by the lower number.</summary>
    public static int Nearest(ReadOnlySpan<float> row, ReadOnlySpan<float> centres, int count)
    {
        var (best, least) = (0, double.PositiveInfinity);
        for (var c = 0; c < count; c++)
        {
            var squared = 0.0;
            for (var k = 0; k < row.Length; k++)
            {
                var difference = (double)row[k] - centres[c * row.Length + k];
                squared += difference * difference;
            }

            if (squared < least) (best, least) = (c, squared);
        }

        return best;
    }
}
