using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Numerics;

public sealed class KernelTests
{
    public static TheoryData<string, string> PairsAndPaths
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var pair in KernelRegistry.Pairs)
            {
                foreach (var path in SimdPaths.Names)
                    data.Add(pair.Name, path);
            }

            return data;
        }
    }

    public static TheoryData<string> Paths => [.. SimdPaths.Names];

    [Theory]
    [MemberData(nameof(PairsAndPaths))]
    public void A_kernel_agrees_with_its_plain_twin_at_every_length(string name, string path)
    {
        var pair = KernelRegistry.Pairs.Single(pair => pair.Name == name);
        var random = new SeededRandom(1, "test/kernels");
        foreach (var n in Enumerable.Range(0, 150).Concat([1000, 4097]))
        {
            using GuardedFloats x = new(n), y = new(n), fast = new(4 * n + 16);
            var twin = new float[fast.Length];
            foreach (ref var value in x.Span)
                value = (float)random.NextGaussian();
            foreach (ref var value in y.Span)
                value = (float)random.NextGaussian();
            pair.Fast(SimdPaths.Parse(path), x.Span, y.Span, fast.Span);
            pair.Twin(x.Span, y.Span, twin);
            for (var i = 0; i < twin.Length; i++)
            {
                if (pair.SameBits)
                    BitConverter.SingleToInt32Bits(fast.Span[i])
                        .ShouldBe(BitConverter.SingleToInt32Bits(twin[i]), $"{name}, {path}, n = {n}, element {i}");
                else
                    fast.Span[i].ShouldBe(twin[i], Tolerances.FloatReordered * (1 + Math.Sqrt(n)), $"{name}, {path}, n = {n}, element {i}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_scan_gives_a_row_the_same_bits_in_any_block_with_any_company(string path)
    {
        var simd = SimdPaths.Parse(path);
        var random = new SeededRandom(1, "test/scan");
        foreach (var (rowCount, dim, rightCount) in new[] { (23, 77, 9), (9, 64, 4), (5, 16, 1), (6, 5, 3), (7, 130, 2), (4, 0, 3) })
        {
            var rows = Draw(random, rowCount * dim);
            var right = Draw(random, rightCount * dim);
            var narrow = new ushort[rows.Length];
            FloatConversion.SingleToBFloat16(rows, narrow);
            float[] dots = new float[rowCount * rightCount], dotsNarrow = new float[dots.Length], expected = new float[dots.Length];
            RowScan.Dots(simd, rows, rowCount, dim, right, rightCount, dots);
            ReferenceVectors.Scan(rows, rowCount, dim, right, rightCount, expected);
            dots.ShouldBe(expected);
            RowScan.Dots(simd, narrow, rowCount, dim, right, rightCount, dotsNarrow);
            FloatConversion.BFloat16ToSingle(narrow, rows);
            RowScan.Dots(simd, rows, rowCount, dim, right, rightCount, dots);
            dotsNarrow.ShouldBe(dots);
            for (var first = 0; first < rowCount; first++)
            {
                var count = 1 + random.NextInt(rowCount - first);
                var part = new float[count * rightCount];
                RowScan.Dots(simd, narrow.AsSpan(first * dim, count * dim), count, dim, right, rightCount, part);
                part.ShouldBe(dots[(first * rightCount)..((first + count) * rightCount)]);
                RowScan.Dots(narrow.AsSpan(first * dim, count * dim), count, new PackedRights(right, rightCount, dim, dim), part);
                part.ShouldBe(dots[(first * rightCount)..((first + count) * rightCount)]);
            }

            for (var j = 0; j < rightCount; j++)
            {
                var one = new float[rowCount];
                RowScan.Dots(simd, rows, rowCount, dim, right.AsSpan(j * dim, dim), 1, one);
                one.ShouldBe(Enumerable.Range(0, rowCount).Select(i => dots[i * rightCount + j]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_scan_of_bytes_is_exact_at_the_largest_numbers_too(string path)
    {
        var random = new SeededRandom(1, "test/byte-scan");
        foreach (var (rowCount, dim, rightCount) in new[]
        {
            (23, 77, 9), (9, 64, 4), (5, 16, 1), (6, 5, 3), (7, 130, 2), (4, 0, 3), (5, 20_000, 6),
        })
        {
            var rows = new sbyte[rowCount * dim];
            foreach (ref var value in rows.AsSpan()) value = (sbyte)(random.NextInt(256) - 128);
            rows.AsSpan(0, dim).Fill(-128);
            var right = Draw(random, rightCount * dim);
            right.AsSpan(0, dim).Fill(-3);
            var dots = new long[rowCount * rightCount];
            ByteScan.Dots(SimdPaths.Parse(path), rows, rowCount, new PackedWords(right, rightCount, dim, dim), dots);
            for (var i = 0; i < rowCount; i++)
                for (var j = 0; j < rightCount; j++)
                    dots[i * rightCount + j].ShouldBe(
                        ReferenceVectors.DotOfBytes(rows.AsSpan(i * dim, dim), right.AsSpan(j * dim, dim)),
                        $"{path}, [{i}, {j}] of [{rowCount}, {rightCount}], {dim} numbers");
            if (dim > 0) dots[0].ShouldBe(128L * short.MaxValue * dim);
        }

        Should.Throw<PursuitException>(() => new PackedWords([1, float.NaN], 1, 2, 2)).Message.ShouldContain("NaN");
        Should.Throw<PursuitException>(() => ByteScan.Dots(new sbyte[3], 2, new PackedWords(new float[2], 1, 2, 2), new long[2])).Message
            .ShouldContain("rows [2, 2] in 3 bytes");
        Should.Throw<PursuitException>(() => RowScan.Dots(new float[3], 2, 2, new float[2], 1, new float[2])).Message
            .ShouldContain("rows [2, 2] in 3 numbers");
    }

    [Fact]
    public void A_cosine_is_1_for_a_scaled_self_and_0_for_a_zero_vector()
    {
        float[] a = [1, -2, 3], zero = new float[3];
        DotProduct.Cosine(a, [1e18f, -2e18f, 3e18f]).ShouldBe(1f);
        DotProduct.Cosine(a, [-2, 4, -6]).ShouldBe(-1f);
        DotProduct.Cosine(a, zero).ShouldBe(0f);
        DotProduct.SquaredNorm(a).ShouldBe(14f);
        Should.Throw<PursuitException>(() => DotProduct.Of(a, [1f])).Message.ShouldContain("3 and 1");
        Should.Throw<PursuitException>(() => Axpy.Add(1, a, new float[2])).Message.ShouldContain("3 and 2");
    }

    [Fact]
    public void Kernels_allocate_nothing()
    {
        float[] a = new float[1000], b = new float[1000], c = new float[1000];
        void Run()
        {
            DotProduct.Cosine(a, b);
            Axpy.Add(1, a, b);
            RowScan.Dots(a, 10, 100, b.AsSpan(0, 500), 5, c.AsSpan(0, 50));
        }

        Allocations.LeastOf(Run).ShouldBe(0);
    }

    private static float[] Draw(SeededRandom random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)random.NextGaussian())];
}
