using Pursuit.Selection.Pursuits;

namespace Pursuit.Tests.Selection.Pursuits;

/// <summary>The fit inside a pursuit, by what its theory promises.</summary>
public sealed class NonNegativeSolverTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void The_objective_falls_as_fast_as_accelerated_gradient_descent_promises(double correlation)
    {
        // Beck and Teboulle (2009, theorem 4.4): after k steps f(x_k) - f* <= 2 L ||x_0 - x*||^2 / (k + 1)^2, L the largest
        // eigenvalue (estimated from above by at most a tenth). A step that is too long keeps it only by luck.
        const int N = 40, Stride = 48;
        var gram = Equicorrelated(N, Stride, correlation);
        var largest = 1 + (N - 1) * correlation;
        var random = new SeededRandom(1, "test/non-negative/rate");
        foreach (var along in new[] { 1.0, 0.5, 0.0 }) // from the eigenvector of the largest eigenvalue to anywhere
        {
            var best = Enumerable.Range(0, N).Select(_ => along + (1 - along) * random.NextDouble()).ToArray();
            var linear = Multiply(gram, N, Stride, best);
            var distance = best.Sum(b => b * b);
            for (var steps = 1; steps <= 12; steps++)
            {
                var x = new double[N];
                NonNegativeSolver.Solve(new GramMatrix(gram, Stride, N, 0), [linear], [x], new NonNegativeSettings(0, steps + 1), 1);
                var gap = Objective(gram, N, Stride, linear, x) - Objective(gram, N, Stride, linear, best);
                gap.ShouldBeLessThanOrEqualTo(2 * 1.1 * largest * distance / ((steps + 1) * (steps + 1)), $"after {steps} steps");
            }
        }
    }

    [Fact]
    public void A_column_is_solved_alike_alone_and_beside_others()
    {
        const int N = 30, Stride = 32;
        var gram = Equicorrelated(N, Stride, 0.4);
        var random = new SeededRandom(2, "test/non-negative/columns");
        var linear = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, N).Select(_ => random.NextGaussian()).ToArray()).ToArray();
        var together = linear.Select(_ => new double[N]).ToArray();
        NonNegativeSolver.Solve(new GramMatrix(gram, Stride, N, 0.01), linear, together, NonNegativeSettings.Final, 2);
        for (var j = 0; j < 3; j++)
        {
            double[][] alone = [new double[N]];
            NonNegativeSolver.Solve(new GramMatrix(gram, Stride, N, 0.01), [linear[j]], alone, NonNegativeSettings.Final, 1);
            alone[0].ShouldBe(together[j]);
        }
    }

    [Fact]
    public void A_solution_is_optimal()
    {
        const int N = 60, Stride = 64;
        var random = new SeededRandom(3, "test/non-negative/optimal");
        var rows = Enumerable.Range(0, N)
            .Select(_ => Enumerable.Range(0, 40).Select(_ => (float)random.NextGaussian()).ToArray())
            .ToArray();
        var gram = new float[N * Stride];
        for (var i = 0; i < N; i++)
            for (var k = 0; k < N; k++) gram[i * Stride + k] = rows[i].Zip(rows[k], (a, b) => a * b).Sum();
        const double Ridge = 0.5;
        var linear = Enumerable.Range(0, N).Select(_ => 10 * random.NextGaussian()).ToArray();
        double[][] x = [new double[N]];
        NonNegativeSolver.Solve(new GramMatrix(gram, Stride, N, Ridge), [linear], x, NonNegativeSettings.Final, 1);
        var product = Multiply(gram, N, Stride, x[0]);
        var scale = linear.Max(Math.Abs);
        x[0].ShouldContain(v => v > 0);
        x[0].ShouldContain(v => v == 0);
        for (var i = 0; i < N; i++)
        {
            var gradient = product[i] + Ridge * x[0][i] - linear[i];
            x[0][i].ShouldBeGreaterThanOrEqualTo(0);
            if (x[0][i] > 0) gradient.ShouldBe(0, 1e-5 * scale); // it stops at 1e-6, by products in single precision
            else gradient.ShouldBeGreaterThan(-1e-5 * scale);
        }
    }

    private static float[] Equicorrelated(int n, int stride, double correlation)
    {
        var gram = new float[n * stride];
        for (var i = 0; i < n; i++)
            for (var k = 0; k < n; k++) gram[i * stride + k] = i == k ? 1 : (float)correlation;
        return gram;
    }

    private static double[] Multiply(float[] gram, int n, int stride, double[] x) =>
        [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(k => (double)gram[i * stride + k] * x[k]))];

    private static double Objective(float[] gram, int n, int stride, double[] linear, double[] x)
    {
        var product = Multiply(gram, n, stride, x);
        return Enumerable.Range(0, n).Sum(i => x[i] * (0.5 * product[i] - linear[i]));
    }
}
