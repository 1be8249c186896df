using Pursuit.Numerics;

namespace Pursuit.Benchmarks;

/// <summary>
/// `gemm`: our GEMM against one thread of OpenBLAS (run with OPENBLAS_CORETYPE=SkylakeX where it doesn't know the
/// processor) and against what the registers can do.
/// </summary>
internal static class GemmBenchmark
{
    private static readonly (int M, int N, int K)[] Shapes =
    [
        (2048, 2048, 2048), (4096, 288, 288), (4096, 768, 288), (4096, 288, 768), (288, 768, 4096), (1024, 1024, 1024), (256, 256, 256),
        (64, 64, 64), (128, 2048, 64), (4096, 32, 576), (1, 2048, 2048), (4, 2048, 2048), (16, 2048, 2048), (2048, 1, 2048),
        (2048, 8, 2048), (2048, 16, 2048), (2048, 2048, 8),
    ];

    /// <summary>Verifies every shape against OpenBLAS, then prints the ratios.</summary>
    public static int Run()
    {
        if (!OpenBlas.TryLoad())
        {
            Console.Error.WriteLine("libopenblas.so.0 isn't here: install libopenblas0-pthread to compare with it");
            return 1;
        }

        var peak = Measure.PeakFlops() / 1e9;
        Console.WriteLine($"{Measure.Machine()}, OpenBLAS kernels {OpenBlas.CoreName}, path {Simd.Best}, FMA ceiling {peak:F0} GFLOP/s");
        Console.WriteLine("One thread, best of 12 alternating rounds by processor time.\n\n| m x n x k | transposes | Pursuit GFLOP/s | "
            + "OpenBLAS GFLOP/s | ratio | share of ceiling |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (m, n, k) in Shapes)
        {
            foreach (var (ta, tb) in new[] { (false, false), (false, true), (true, false), (true, true) })
            {
                var random = new SeededRandom(1, "benchmark/gemm");
                float[] a = new float[m * k], b = new float[k * n], ours = new float[m * n], theirs = new float[m * n];
                foreach (ref var x in a.AsSpan()) x = (float)random.NextDouble() - 0.5f;
                foreach (ref var x in b.AsSpan()) x = (float)random.NextDouble() - 0.5f;
                int lda = ta ? m : k, ldb = tb ? k : n;
                var work = 2.0 * m * n * k;
                var repeats = (int)Math.Clamp(2e8 / work, 1, 2000);
                var seconds = Measure.AlternateProcessorTime(12,
                    () =>
                    {
                        for (var i = 0; i < repeats; i++)
                            Gemm.Multiply(ta, tb, m, n, k, 1, a, lda, b, ldb, 0, ours, n);
                    },
                    () =>
                    {
                        for (var i = 0; i < repeats; i++)
                            OpenBlas.Multiply(ta, tb, m, n, k, 1, a, lda, b, ldb, 0, theirs, n);
                    });
                for (var i = 0; i < ours.Length; i++)
                {
                    if (!(Math.Abs(ours[i] - theirs[i]) <= 1e-5 * Math.Sqrt(k)))
                        throw new InvalidOperationException(
                            $"{m} x {n} x {k}, transposes {ta} {tb}: element {i} is {ours[i]}, OpenBLAS has {theirs[i]}");
                }

                var gflops = work * repeats / seconds[0] / 1e9;
                Console.WriteLine($"| {m} x {n} x {k} | {(ta ? 'T' : 'N')}{(tb ? 'T' : 'N')} | {gflops:F0} | "
                    + $"{work * repeats / seconds[1] / 1e9:F0} | {seconds[1] / seconds[0]:F2} | {gflops / peak:P0} |");
            }
        }

        return 0;
    }
}
