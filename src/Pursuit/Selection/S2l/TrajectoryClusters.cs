namespace Pursuit.Selection.S2l;

/// <summary>
/// k-means by Euclidean distance (Lloyd), seeded as k-means++ (Arthur and Vassilvitskii, 2007), over a few numbers per row. Ties go to the
/// lower centre.
/// </summary>
/// <param name="Assignment">Each row's cluster, [rows].</param>
/// <param name="Inertia">Sum of squared distances to the centres.</param>
/// <param name="Iterations">Passes over the rows.</param>
/// <param name="Converged">False where the passes ran out.</param>
internal sealed record TrajectoryClusters(int[] Assignment, double Inertia, int Iterations, bool Converged)
{
    /// <summary>Clusters rows; their order is part of the result's definition, so callers sort them.</summary>
    /// <param name="rows">[rows][numbers].</param>
    /// <param name="count">Clusters, at least 1; fewer are used where there are fewer different rows.</param>
    /// <param name="iterations">Passes at most.</param>
    /// <param name="random">Seeds the centres.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public static TrajectoryClusters Cluster(
        double[][] rows, int count, int iterations, SeededRandom random, CancellationToken cancellationToken)
    {
        var centres = Seed(rows, count, random);
        var assignment = new int[rows.Length];
        Array.Fill(assignment, -1);
        for (var pass = 1; ; pass++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (changed, inertia) = (false, 0.0);
            for (var i = 0; i < rows.Length; i++)
            {
                var (nearest, distance) = Nearest(rows[i], centres);
                changed |= nearest != assignment[i];
                assignment[i] = nearest;
                inertia += distance;
            }

            if (!changed || pass == iterations) return new TrajectoryClusters(assignment, inertia, pass, !changed);
            Move(rows, assignment, centres);
        }
    }

    private static List<double[]> Seed(double[][] rows, int count, SeededRandom random)
    {
        var centres = new List<double[]> { rows[random.NextInt(rows.Length)].ToArray() };
        var distances = rows.Select(r => Distance(r, centres[0])).ToArray();
        while (centres.Count < count && distances.Sum() is var total && total > 0)
        {
            var mark = random.NextDouble() * total;
            var next = Array.FindLastIndex(distances, d => d > 0); // where rounding leaves the mark beyond the end
            for (var i = 0; i < rows.Length; i++)
            {
                mark -= distances[i];
                if (mark >= 0 || distances[i] == 0) continue;
                next = i;
                break;
            }

            centres.Add(rows[next].ToArray());
            for (var i = 0; i < rows.Length; i++) distances[i] = Math.Min(distances[i], Distance(rows[i], rows[next]));
        }

        return centres;
    }

    private static (int Centre, double Distance) Nearest(double[] row, List<double[]> centres)
    {
        var (best, least) = (0, double.PositiveInfinity);
        for (var c = 0; c < centres.Count; c++)
        {
            var distance = Distance(row, centres[c]);
            if (distance < least) (best, least) = (c, distance);
        }

        return (best, least);
    }

    /// <summary>Every centre becomes its rows' mean; one that lost them all stays.</summary>
    private static void Move(double[][] rows, int[] assignment, List<double[]> centres)
    {
        var sums = centres.Select(c => new double[c.Length]).ToArray();
        var counts = new int[centres.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            counts[assignment[i]]++;
            for (var k = 0; k < rows[i].Length; k++) sums[assignment[i]][k] += rows[i][k];
        }

        for (var c = 0; c < centres.Count; c++)
            if (counts[c] > 0) centres[c] = Array.ConvertAll(sums[c], s => s / counts[c]);
    }

    private static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var k = 0; k < a.Length; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
        return sum;
    }
}
