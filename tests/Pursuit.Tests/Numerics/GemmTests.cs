using System.Runtime.InteropServices;
using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Numerics;

public sealed class GemmTests
{
    public static TheoryData<string> Paths => [.. SimdPaths.Names];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_small_shape_has_the_promised_bits(string path)
    {
        var random = new SeededRandom(1, "test/gemm/small");
        foreach (var m in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 20 })
        {
            for (var n = 0; n <= 20; n++)
            {
                foreach (var k in new[] { 0, 1, 2, 3, 7, 8, 9, 16, 19 })
                    Check(path, random, transposes: (m + n + k) % 4, m, n, k, ldaExtra: k % 3, ldbExtra: n % 2, ldcExtra: m % 4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Larger_shapes_that_cross_every_block_have_the_promised_bits(string path)
    {
        var random = new SeededRandom(1, "test/gemm/large");
        (int M, int N, int K)[] shapes =
        [
            (33, 47, 300), (8, 96, 1025), (9, 97, 512), (3, 145, 513), (17, 48, 31), (1, 500, 70), (130, 1, 70), (515, 50, 40),
            (100, 99, 3), (5, 2350, 9), (260, 2310, 2), (140, 130, 20),
        ];
        foreach (var (m, n, k) in shapes)
        {
            for (var transposes = 0; transposes < 4; transposes++)
                Check(
                    path, random, transposes, m, n, k, ldaExtra: random.NextInt(9), ldbExtra: random.NextInt(9),
                    ldcExtra: random.NextInt(9));
        }
    }

    [Fact]
    public void The_product_is_close_to_one_summed_in_double()
    {
        var random = new SeededRandom(1, "test/gemm/double");
        const int M = 37, N = 61, K = 700;
        float[] a = Draw(random, M * K), b = Draw(random, K * N), c = Draw(random, M * N), expected = [.. c];
        Gemm.Multiply(false, false, M, N, K, 0.5f, a, K, b, N, -2, c, N);
        ReferenceGemm.Multiply(false, false, M, N, K, 0.5f, a, K, b, N, -2, expected, N);
        for (var i = 0; i < c.Length; i++)
            c[i].ShouldBe(expected[i], Tolerances.FloatReordered * Math.Sqrt(K));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_row_does_not_depend_on_its_batch_nor_an_element_on_its_column(string path)
    {
        var random = new SeededRandom(1, "test/gemm/batch");
        const int M = 67, N = 101, K = 333;
        float[] a = Draw(random, M * K), b = Draw(random, K * N), whole = new float[M * N];
        Multiply(path, false, false, M, N, K, 1, a, K, b, N, 0, whole, N);
        foreach (var (first, rows) in new[] { (0, 1), (5, 1), (66, 1), (11, 2), (3, 4), (20, 8), (1, 31), (17, 50) })
        {
            var part = new float[rows * N];
            Multiply(path, false, false, rows, N, K, 1, a.AsSpan(first * K), K, b, N, 0, part, N);
            part.ShouldBe(whole[(first * N)..((first + rows) * N)]);
        }

        foreach (var (first, columns) in new[] { (0, 1), (100, 1), (7, 16), (50, 48), (3, 97) })
        {
            var part = new float[M * columns];
            Multiply(path, false, false, M, columns, K, 1, a, K, b.AsSpan(first), N, 0, part, columns);
            for (var i = 0; i < M; i++)
                part.AsSpan(i * columns, columns).SequenceEqual(whole.AsSpan(i * N + first, columns)).ShouldBeTrue();
        }
    }

    [Fact]
    public void Every_thread_gets_the_same_bits()
    {
        var random = new SeededRandom(1, "test/gemm/threads");
        const int M = 50, N = 70, K = 300;
        float[] a = Draw(random, M * K), b = Draw(random, K * N), expected = new float[M * N];
        Gemm.Multiply(false, true, M, N, K, 1, a, K, b, K, 0, expected, N);
        Parallel.For(0, 16, _ =>
        {
            var c = new float[M * N];
            Gemm.Multiply(false, true, M, N, K, 1, a, K, b, K, 0, c, N);
            c.ShouldBe(expected);
        });
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_NaN_or_infinity_reaches_its_row_and_column_only(string path)
    {
        const int M = 11, N = 53, K = 20;
        float[] a = new float[M * K], b = new float[K * N], c = new float[M * N];
        a.AsSpan().Fill(1);
        b.AsSpan().Fill(1);
        a[4 * K + 3] = float.NaN;
        b[7 * N + 50] = float.PositiveInfinity;
        Multiply(path, false, false, M, N, K, 1, a, K, b, N, 0, c, N);
        for (var i = 0; i < M; i++)
        {
            for (var j = 0; j < N; j++)
                c[i * N + j].ShouldBe(i == 4 ? float.NaN : j == 50 ? float.PositiveInfinity : K);
        }
    }

    [Fact]
    public void C_is_not_read_when_beta_is_0_nor_A_and_B_when_alpha_is_0()
    {
        float[] nan = [float.NaN, float.NaN, float.NaN, float.NaN], one = [1, 1, 1, 1];
        float[] c = [.. nan];
        Gemm.Multiply(false, false, 2, 2, 2, 1, one, 2, one, 2, 0, c, 2);
        c.ShouldBe([2, 2, 2, 2]);
        Gemm.Multiply(false, false, 2, 2, 2, 0, nan, 2, nan, 2, 3, c, 2);
        c.ShouldBe([6, 6, 6, 6]);
        Gemm.Multiply(false, false, 2, 2, 0, 1, [], 0, Array.Empty<float>(), 2, 0, c, 2);
        c.ShouldBe([0, 0, 0, 0]);
    }

    [Fact]
    public void A_matrix_that_does_not_fit_is_refused_with_its_numbers()
    {
        var c = new float[4];
        Should.Throw<PursuitException>(() => Gemm.Multiply(false, false, 2, 2, 3, 1, new float[5], 3, new float[6], 2, 0, c, 2)).Message
            .ShouldBe("Gemm: matrix A is stored [2, 3] with leading dimension 3 in a span of 5 elements; expected at least 6 elements.");
        Should.Throw<PursuitException>(() => Gemm.Multiply(false, true, 2, 2, 3, 1, new float[6], 3, new float[6], 2, 0, c, 2)).Message
            .ShouldContain("matrix B is stored [2, 3] with leading dimension 2");
        Should.Throw<PursuitException>(() => Gemm.Multiply(false, false, -1, 2, 3, 1, new float[6], 3, new float[6], 2, 0, c, 2)).Message
            .ShouldContain("m = -1");
        Should.Throw<PursuitException>(
            () => Gemm.Multiply(false, false, 65536, 65536, 1, 1, new float[6], 1, new float[6], 65536, 0, c, 65536)).Message
            .ShouldContain("4294967296");
    }

    [Fact]
    public void Nothing_is_allocated_once_warm_and_a_dead_threads_buffers_are_freed()
    {
        const int N = 100;
        float[] a = new float[N * N], b = new float[N * N], c = new float[N * N];
        void Run() => Gemm.Multiply(false, false, N, N, N, 1, a, N, b, N, 0, c, N);
        Allocations.LeastOf(Run).ShouldBe(0);

        // Other tests' pool threads hold buffers too, so the law is about this one thread's share: it isn't kept.
        for (var i = 0; i < 50; i++)
        {
            var thread = new Thread(Run);
            thread.Start();
            thread.Join();
        }

        var most = PackingBuffers.LiveBytes;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        PackingBuffers.LiveBytes.ShouldBeLessThan(most);
    }

    private static void Check(
        string path, SeededRandom random, int transposes, int m, int n, int k, int ldaExtra, int ldbExtra, int ldcExtra)
    {
        bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
        int lda = (ta ? m : k) + ldaExtra, ldb = (tb ? k : n) + ldbExtra, ldc = n + ldcExtra;
        using var a = Matrix(random, ta ? k : m, ta ? m : k, lda);
        using var b = Matrix(random, tb ? n : k, tb ? k : n, ldb);
        using var c = Matrix(random, m, n, ldc);
        var before = c.Span.ToArray();
        var expected = c.Span.ToArray();
        var alpha = (transposes + k) % 2 == 0 ? 1 : -0.75f;
        var beta = (m % 3) switch { 0 => 0f, 1 => 1f, _ => 0.3f };
        ReferenceGemm.MultiplyInPromisedOrder(ta, tb, m, n, k, alpha, a.Span, lda, b.Span, ldb, beta, expected, ldc);
        Multiply(path, ta, tb, m, n, k, alpha, a.Span, lda, b.Span, ldb, beta, c.Span, ldc);
        // Bits, so that the NaN sentinels between rows count as well.
        MemoryMarshal.Cast<float, int>(c.Span).SequenceEqual(MemoryMarshal.Cast<float, int>(expected)).ShouldBeTrue(Case("float32"));

        // In bf16 it also ends at a forbidden page, and its bits are those of the same numbers in float32.
        using var half = new GuardedFloats((b.Span.Length + 1) / 2);
        var narrow = MemoryMarshal.Cast<float, ushort>(half.Span)[^b.Span.Length..];
        FloatConversion.SingleToBFloat16(b.Span, narrow);
        FloatConversion.BFloat16ToSingle(narrow, b.Span);
        before.CopyTo(expected, 0);
        before.CopyTo(c.Span);
        ReferenceGemm.MultiplyInPromisedOrder(ta, tb, m, n, k, alpha, a.Span, lda, b.Span, ldb, beta, expected, ldc);
        Gemm.Multiply(SimdPaths.Parse(path), ta, tb, m, n, k, alpha, a.Span, lda, narrow, ldb, beta, c.Span, ldc);
        MemoryMarshal.Cast<float, int>(c.Span).SequenceEqual(MemoryMarshal.Cast<float, int>(expected)).ShouldBeTrue(Case("bf16"));

        string Case(string type) =>
            $"{path}, {type}: {m} x {n} x {k}, transposes {ta} {tb}, leading {lda} {ldb} {ldc}, alpha {alpha}, beta {beta}";
    }

    /// <summary>A matrix whose gaps between rows hold NaN, and whose last row ends at a forbidden page.</summary>
    private static GuardedFloats Matrix(SeededRandom random, int rows, int columns, int leading)
    {
        var memory = new GuardedFloats(rows == 0 ? 0 : (rows - 1) * leading + columns);
        memory.Span.Fill(float.NaN);
        for (var r = 0; r < rows; r++)
        {
            foreach (ref var x in memory.Span.Slice(r * leading, columns))
                x = (float)random.NextDouble() - 0.5f;
        }

        return memory;
    }

    private static float[] Draw(SeededRandom random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)random.NextDouble() - 0.5f)];

    private static void Multiply(
        string path, bool ta, bool tb, int m, int n, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb,
        float beta, Span<float> c, int ldc) =>
        Gemm.Multiply(SimdPaths.Parse(path), ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
