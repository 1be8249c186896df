using Pursuit.Engine.Kernels;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Cuda.Tests;

/// <summary>Products through cuBLAS's functions, against the plain twin.</summary>
public sealed class ProductTests
{
    public static MatrixTheoryData<bool, bool, int> Shapes { get; } = new([false, true], [false, true], [1, 15, 16, 17, 37]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_of_any_number_of_rows_and_strides_equal_the_twin(bool transposeA, bool transposeB, int rows)
    {
        foreach (var narrowWeights in new[] { false, true })
        {
            foreach (var beta in new[] { 0f, 0.5f })
            {
                var (fast, plain) = (Run(ThisDevice.Operations), Run(OperationRegistry.Plain));
                Relative(fast, plain).ShouldBeLessThan(Tolerances.OperationAgainstTwin);

                float[] Run(IDecoderOperations operations) =>
                    Multiplied(operations, new(rows, transposeA, transposeB, narrowWeights, beta), x => x);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_in_bf16_are_those_of_operands_rounded_beforehand(bool transposeA, bool transposeB, int rows)
    {
        using var operations = ThisDevice.New(BlasType.BFloat16);
        foreach (var narrowWeights in new[] { false, true })
        {
            var problem = new Problem(rows, transposeA, transposeB, narrowWeights, 0.5f);
            var expected = Multiplied(OperationRegistry.Plain, problem, Rounded);
            Relative(Multiplied(operations, problem, x => x), expected).ShouldBeLessThan(Tolerances.OperationAgainstTwin);
            Relative(Multiplied(OperationRegistry.Plain, problem, x => x), expected).ShouldBeGreaterThan(1e-4, "it rounds nothing");
        }
    }

    [Fact]
    public void A_row_has_the_same_bits_among_any_others()
    {
        var all = Multiplied(ThisDevice.Operations, new(37, false, true, false, 0), x => x);
        var few = Multiplied(ThisDevice.Operations, new(3, false, true, false, 0), x => x);
        all.AsSpan(0, few.Length).SequenceEqual(few).ShouldBeTrue();
    }

    [Fact]
    public void A_product_without_terms_is_what_beta_leaves()
    {
        var operations = ThisDevice.Operations;
        using var buffer = operations.Allocate(12);
        operations.Write([1f, 2, 3, 4, 5, 6], buffer.Slice(0, 6));
        var c = new MatrixSlice(buffer.Slice(0, 6), 3);
        operations.Multiply(new(2, 2, 0, c, c, c) { Beta = 2 });
        operations.Multiply(new(1, 2, 0, c, c, c));
        var read = new float[6];
        operations.Read(buffer.Slice(0, 6), read);
        read.ShouldBe([0, 0, 3, 8, 10, 6]);
    }

    [Fact]
    public unsafe void A_refusal_of_cuBLAS_is_an_error_with_its_numbers()
    {
        using var blas = New(ThisDevice.Stream);
        blas.Version.ShouldBe(130101);
        var operand = new BlasOperand(0, BlasType.Float32, 1, false);
        Should.Throw<PursuitException>(() => blas.Multiply(new(2, 3, 4, operand, operand, 0, 2, 1, 0)))
            .Message.ShouldStartWith("cuBLAS: status 7 (invalid value) for a product of 2 x 3 with 4 terms of Float32");
        var held = ThisDevice.Card.HeldMemory;
        Should.Throw<PursuitException>(() => New(stream: 1)).Message.ShouldContain("for its stream");
        ThisDevice.Card.HeldMemory.ShouldBe(held);

        static Cublas New(nint stream) =>
            new(PlainCublas.Functions, stream, new CublasWorkspace(ThisDevice.Card, ThisDevice.WorkspaceBytes));
    }

    [Theory]
    [InlineData(768, 2048)]
    [InlineData(4096, 1024)]
    [InlineData(22016, 256)]
    [InlineData(128256, 256)]
    public void Rows_that_go_at_once_keep_a_card_busy_and_depend_on_the_columns_alone(int columns, int rows) =>
        new ProductOptions(BlasType.Float32, 256, 2048).RowsAtOnce(columns).ShouldBe(rows);

    /// <summary>The last rows of a product lie elsewhere than the others, an example's in another place of another batch.</summary>
    [Fact]
    public void CuBLAS_is_asked_the_same_for_rows_wherever_they_stand()
    {
        List<GemmCall> all = [];
        PlainCublas.Asked = all;
        Multiplied(ThisDevice.Operations, new(37, false, true, false, 0.5f), x => x);
        all.Select(c => (c.M, c.N, c.K, c.B.Leading, c.LeadingC, c.B.Address % 16, c.C % 16)).Distinct().Count().ShouldBe(1);
        all.Count.ShouldBe(3);
        all.Clear();
        Segments(ThisDevice.Operations, [5, 3, 5, 0, 5]);
        PlainCublas.Asked = null;
        all.Select(c => (c.M, c.N, c.A.Leading, c.B.Leading, c.LeadingC, c.A.Address % 16, c.B.Address % 16, c.C % 16))
            .Distinct().Count().ShouldBe(1);
        all.Select(c => c.K).ShouldBe([5, 3, 5, 5]);
    }

    [Fact]
    public void Segments_products_equal_the_twins()
    {
        int[] lengths = [5, 3, 5, 0, 5, 1];
        Relative(Segments(ThisDevice.Operations, lengths), Segments(OperationRegistry.Plain, lengths))
            .ShouldBeLessThan(Tolerances.OperationAgainstTwin);
    }

    /// <summary>Products of segments whose rows begin at any value and whose results are no multiples of 16 bytes.</summary>
    private static float[] Segments(IDecoderOperations operations, int[] lengths)
    {
        const int Rows = 3, Columns = 5;
        var random = new SeededRandom(6, "test/segments");
        var offsets = lengths.Aggregate(new List<int> { 0 }, (all, next) => [.. all, all[^1] + next]);
        var a = Enumerable.Range(0, offsets[^1] * Rows).Select(_ => (float)random.NextGaussian()).ToArray();
        var b = Enumerable.Range(0, offsets[^1] * Columns).Select(_ => (float)random.NextGaussian()).ToArray();
        using var places = operations.Allocate(offsets.Count, ElementType.Int32);
        using var left = operations.Allocate(a.Length);
        using var right = operations.Allocate(b.Length);
        using var result = operations.Allocate(lengths.Length * Rows * Columns);
        operations.Write([.. offsets], places.Slice(0, offsets.Count));
        operations.Write(a, left.Slice(0, a.Length));
        operations.Write(b, right.Slice(0, b.Length));
        operations.MultiplySegments(new(
            new(places.Slice(0, offsets.Count), 0, lengths.Length),
            Rows,
            Columns,
            new(left.Slice(0, a.Length), Rows),
            new(right.Slice(0, b.Length), Columns),
            result.Slice(0, (int)result.Length))
        {
            Alpha = 0.5f,
        });
        var read = new float[result.Length];
        operations.Read(result.Slice(0, read.Length), read);
        return read;
    }

    /// <summary>A product with strides wider than its rows; the same numbers on every device.</summary>
    private static float[] Multiplied(IDecoderOperations operations, Problem p, Func<float, float> round)
    {
        const int Columns = 21, Terms = 33;
        var random = new SeededRandom(5, "test/products");
        var (strideA, strideB, strideC) = ((p.TransposeA ? p.Rows : Terms) + 2, (p.TransposeB ? Terms : Columns) + 1, Columns + 3);
        var b = Random((p.TransposeB ? Columns : Terms) * strideB).Select(p.NarrowWeights ? Rounded : round).ToArray();
        var c = Random(40 * strideC);
        var a = Random((p.TransposeA ? Terms : p.Rows) * strideA).Select(round).ToArray();
        using var left = operations.Allocate(a.Length);
        using var right = operations.Allocate(b.Length, p.NarrowWeights ? ElementType.BFloat16 : ElementType.Float32);
        using var result = operations.Allocate(c.Length);
        operations.Write(a, left.Slice(0, a.Length));
        if (p.NarrowWeights) operations.Write([.. b.Select(ReferenceFloatConversion.SingleToBFloat16)], right.Slice(0, b.Length));
        else operations.Write(b, right.Slice(0, b.Length));
        operations.Write(c, result.Slice(0, c.Length));
        operations.Multiply(new(
            p.Rows,
            Columns,
            Terms,
            new(left.Slice(0, a.Length), strideA),
            new(right.Slice(0, b.Length), strideB),
            new(result.Slice(0, c.Length), strideC))
        {
            TransposeA = p.TransposeA,
            TransposeB = p.TransposeB,
            Alpha = 0.75f,
            Beta = p.Beta,
        });
        operations.Read(result.Slice(0, c.Length), c);
        c.AsSpan(p.Rows * strideC).SequenceEqual(Random(40 * strideC, new SeededRandom(5, "test/products"), b.Length)
            .AsSpan(p.Rows * strideC)).ShouldBeTrue("rows behind the result are left alone");
        return c[..(p.Rows * strideC)];

        float[] Random(int length, SeededRandom? own = null, int skipped = 0)
        {
            own ??= random;
            for (var i = 0; i < skipped; i++) own.NextGaussian();
            return [.. Enumerable.Range(0, length).Select(_ => (float)own.NextGaussian())];
        }
    }

    private static float Rounded(float x) => ReferenceFloatConversion.BFloat16ToSingle(ReferenceFloatConversion.SingleToBFloat16(x));

    private static double Relative(float[] x, float[] y) =>
        Math.Sqrt(x.Zip(y, (a, b) => ((double)a - b) * ((double)a - b)).Sum() / y.Sum(b => (double)b * b));

    private sealed record Problem(int Rows, bool TransposeA, bool TransposeB, bool NarrowWeights, float Beta);
}
