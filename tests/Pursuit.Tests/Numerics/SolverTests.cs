using Pursuit.Numerics;
using Pursuit.TestKit;

namespace Pursuit.Tests.Numerics;

public sealed class SolverTests
{
    [Fact]
    public void A_factor_grown_by_columns_solves_the_whole_system()
    {
        var random = new SeededRandom(1, "test/cholesky");
        const int N = 60;
        var (gram, _) = Problem(random, N, 90, 1, 0);
        var factor = new CholeskyFactor();
        for (var i = 0; i < N; i++)
        {
            factor.TryAppend(Enumerable.Range(0, i).Select(j => gram[i * N + j]).ToArray(), gram[i * N + i] + 0.5).ShouldBeTrue();
            var size = i + 1;
            var x = Enumerable.Range(0, size).Select(_ => random.NextGaussian()).ToArray();
            var right = Enumerable.Range(0, size)
                .Select(r => Enumerable.Range(0, size).Sum(c => (gram[r * N + c] + (r == c ? 0.5 : 0)) * x[c])).ToArray();
            var solved = new double[size];
            factor.Solve(right, solved);
            for (var j = 0; j < size; j++)
                solved[j].ShouldBe(x[j], 1e3 * Tolerances.DoubleReordered); // condition number of about 100
        }

        factor.Clear();
        factor.Size.ShouldBe(0);
    }

    [Fact]
    public void A_dependent_column_is_refused_and_changes_nothing()
    {
        var factor = new CholeskyFactor();
        factor.TryAppend([], 4).ShouldBeTrue();
        factor.TryAppend([2], 1).ShouldBeFalse(); // half the first column
        factor.TryAppend([2], double.NaN).ShouldBeFalse();
        factor.Size.ShouldBe(1);
        factor.TryAppend([2], 2).ShouldBeTrue();
        var x = new double[2];
        factor.Solve([8, 6], x);
        x.ShouldBe([1, 2]);
        Should.Throw<PursuitException>(() => factor.TryAppend([1], 1)).Message
            .ShouldContain("a column of 1 numbers for a factor of size 2");
        Should.Throw<PursuitException>(() => factor.Solve([1], x)).Message.ShouldContain("2 each");
    }

    [Fact]
    public void Planted_directions_are_found_by_spherical_k_means()
    {
        var random = new SeededRandom(1, "test/kmeans");
        const int Rows = 300, Dim = 20, Clusters = 5;
        var rows = new float[Rows * Dim];
        for (var i = 0; i < Rows; i++)
        {
            var length = 0.1 + 10 * random.NextDouble(); // length must not matter
            for (var p = 0; p < Dim; p++)
                rows[i * Dim + p] = (float)(length * ((p == i % Clusters ? 1 : 0) + 0.05 * random.NextGaussian()));
        }

        var result = SphericalKMeans.Cluster(rows, Rows, Dim, Clusters, new SeededRandom(3, "test/kmeans/seed"));
        result.Converged.ShouldBeTrue();
        result.MeanCosine.ShouldBeGreaterThan(0.95);
        for (var i = 0; i < Rows; i++)
            result.Assignment[i].ShouldBe(result.Assignment[i % Clusters]);
        result.Assignment.Take(Clusters).Distinct().Count().ShouldBe(Clusters);
        SphericalKMeans.Cluster(rows, Rows, Dim, Clusters, new SeededRandom(3, "test/kmeans/seed")).Assignment.ShouldBe(result.Assignment);
        for (var c = 0; c < Clusters; c++)
            DotProduct.SquaredNorm(result.Centres.AsSpan(c * Dim, Dim)).ShouldBe(1f, Tolerances.FloatReordered);
    }

    [Fact]
    public void K_means_stands_zero_rows_duplicates_and_as_many_clusters_as_rows()
    {
        float[] rows = [1, 0, 1, 0, 0, 0, 0, 1, -1, 0];
        var result = SphericalKMeans.Cluster(rows, 5, 2, 5, new SeededRandom(1, "test/kmeans/edge"));
        result.Assignment[0].ShouldBe(result.Assignment[1]);
        result.Assignment[3].ShouldNotBe(result.Assignment[4]);
        result.Centres.ShouldAllBe(x => float.IsFinite(x));
        SphericalKMeans.Cluster(rows, 5, 2, 1, new SeededRandom(1, "test/kmeans/edge")).Assignment.ShouldAllBe(c => c == 0);
        Should.Throw<PursuitException>(() => SphericalKMeans.Cluster(rows, 5, 2, 6, new SeededRandom(1, "x"))).Message
            .ShouldContain("6 clusters");
    }

    private static (double[] Gram, double[] Linear) Problem(SeededRandom random, int n, int equations, int rights, int extra)
    {
        var a = new double[equations, n];
        var b = new double[equations, rights];
        for (var e = 0; e < equations; e++)
        {
            for (var i = 0; i < n; i++)
                a[e, i] = random.NextGaussian();
            for (var j = 0; j < rights; j++)
                b[e, j] = random.NextGaussian() + a[e, j % n];
        }

        var leading = n + extra;
        var gram = new double[(n - 1) * leading + n];
        var linear = new double[rights * n];
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < n; k++)
                gram[i * leading + k] = Enumerable.Range(0, equations).Sum(e => a[e, i] * a[e, k]);
            for (var j = 0; j < rights; j++)
                linear[j * n + i] = Enumerable.Range(0, equations).Sum(e => a[e, i] * b[e, j]);
        }

        return (gram, linear);
    }
}
