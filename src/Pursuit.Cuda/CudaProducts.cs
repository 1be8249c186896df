using ILGPU;
using ILGPU.Runtime;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>What goes into products; sums are float32 always.</summary>
/// <param name="Type">Float32: operands as they are, weights in bf16 widened. BFloat16: both operands rounded to it.</param>
/// <param name="FewestRows">Rows of a product with rows of its own, at least: one of fewer is filled up.</param>
/// <param name="MostRows">Rows that go at once, at most; a multiple of the fewest.</param>
internal readonly record struct ProductOptions(BlasType Type, int FewestRows, int MostRows)
{
    /// <summary>Values of a result that keep a card busy: two tiles of 128 x 128 for each of the 132 processors of an H100.</summary>
    private const int BusyValues = 1 << 22;

    /// <summary>
    /// Rows that go at once, the last ones filled up. cuBLAS chooses its kernel by a product's sizes; of equal sizes, a row of the result
    /// has the same bits wherever it stands. So this depends on the weights alone, never on how many rows there are.
    /// </summary>
    /// <param name="columns">Columns of the result.</param>
    public int RowsAtOnce(int columns)
    {
        var rows = FewestRows;
        while (rows < MostRows && (long)rows * columns < BusyValues) rows *= 2;
        return rows;
    }
}

/// <summary>
/// Row-major products by a column-major library: the transpose of C is op(B)^T op(A)^T, and the memory of a row-major matrix is that of
/// its transpose.
/// </summary>
internal sealed class CudaProducts(CudaCard card, Cublas blas, ProductOptions options) : IDisposable
{
    /// <summary>Floats of 16 bytes, which is how much cuBLAS's kernels load at once where they may.</summary>
    private const int Lane = 4;

    private readonly Scratch<float> _wide = new(card);
    private readonly Scratch<float> _rest = new(card);
    private readonly Scratch<float> _evenLeft = new(card);
    private readonly Scratch<float> _evenRight = new(card);
    private readonly Scratch<float> _result = new(card);
    private readonly Scratch<ushort> _left = new(card);
    private readonly Scratch<ushort> _right = new(card);

    /// <summary>What goes into products.</summary>
    public ProductOptions Options => options;

    /// <inheritdoc cref="Cublas.Version"/>
    public int BlasVersion => blas.Version;

    /// <summary>A product; see <see cref="Product"/>.</summary>
    public void Multiply(in Product p)
    {
        if (p.Rows == 0 || p.Columns == 0) return;
        if (p.Terms == 0)
        {
            var groups = card.GroupsFor((long)p.Rows * p.Columns);
            card.Run(RowCode.MultiplyRows, groups, p.C.Values.Floats(), p.C.Stride, p.Rows, p.Columns, p.Beta);
            return;
        }

        var right = Right(p);
        if (p.TransposeA)
        {
            var a = Left(p.A.Values.Floats(), p.A.Stride, p.Terms, p.Rows, transposed: true);
            Call(p.Rows, p, a, right, p.C.Values.Floats(), p.C.Stride);
            return;
        }

        var atOnce = options.RowsAtOnce(p.Columns);
        var whole = p.Rows / atOnce * atOnce;
        for (var row = 0; row < whole; row += atOnce)
        {
            var a = Left(p.A.From(row * p.A.Stride).Values.Floats(), p.A.Stride, atOnce, p.Terms, transposed: false);
            Call(atOnce, p, a, right, p.C.From(row * p.C.Stride).Values.Floats(), p.C.Stride);
        }

        if (whole < p.Rows) MultiplyRest(p, whole, atOnce, right);
    }

    /// <summary>
    /// A product for every segment of rows. What cuBLAS is asked for one depends on the segment alone, not on where in the batch it lies:
    /// operands whose rows, and results that, begin at any value are brought to where they begin at multiples of 16 bytes.
    /// </summary>
    public void MultiplySegments(in SegmentProducts p)
    {
        var offsets = p.Segments.Offsets.Written().Slice(p.Segments.First, p.Segments.Count + 1);
        var (first, all, length) = (offsets[0], offsets[^1] - offsets[0], p.Rows * p.Columns);
        if (p.Segments.Count == 0 || length == 0) return;
        var target = p.C.Part(0, p.Segments.Count * length).Floats();
        if (all == 0)
        {
            target.MemSetToZero(card.Stream);
            return;
        }

        var apart = Rounded(length, Lane);
        var c = apart == length ? target : _result.View((long)p.Segments.Count * apart);
        var left = Even(p.A.From(first * p.A.Stride).Values.Floats(), p.A.Stride, all, p.Rows, _evenLeft, _left) with { Transposed = true };
        var right = Even(p.B.From(first * p.B.Stride).Values.Floats(), p.B.Stride, all, p.Columns, _evenRight, _right);
        for (var i = 0; i < p.Segments.Count; i++)
        {
            var (row, terms) = (offsets[i] - first, offsets[i + 1] - offsets[i]);
            var own = c.SubView((long)i * apart, length);
            if (terms == 0) own.MemSetToZero(card.Stream);
            else Call(new(p.Columns, p.Rows, terms, right.FromRow(row), left.FromRow(row), Address(own), p.Columns, p.Alpha, 0));
        }

        if (apart != length) CopyRows(c, apart, p.Segments.Count, length, target, length);
    }

    public void Dispose()
    {
        card.Stream.Synchronize();
        card.Accelerator.Bind();
        blas.Dispose();
        _wide.Dispose();
        _rest.Dispose();
        _evenLeft.Dispose();
        _evenRight.Dispose();
        _result.Dispose();
        _left.Dispose();
        _right.Dispose();
    }

    /// <summary>
    /// The last rows, filled up to as many as all others and at the same distance from one another; what is computed of the filling is
    /// dropped.
    /// </summary>
    private void MultiplyRest(in Product p, int first, int atOnce, BlasOperand right)
    {
        var rows = p.Rows - first;
        var (source, target) = (p.A.From(first * p.A.Stride).Values.Floats(), p.C.From(first * p.C.Stride).Values.Floats());
        var (rest, result) = (Like(source, _rest, (long)atOnce * p.A.Stride), Like(target, _result, (long)atOnce * p.C.Stride));
        rest.SubView(rows * (long)p.A.Stride).MemSetToZero(card.Stream);
        CopyRows(source, p.A.Stride, rows, p.Terms, rest, p.A.Stride);
        if (p.Beta != 0)
        {
            result.SubView(rows * (long)p.C.Stride).MemSetToZero(card.Stream);
            CopyRows(target, p.C.Stride, rows, p.Columns, result, p.C.Stride);
        }

        Call(atOnce, p, Left(rest, p.A.Stride, atOnce, p.Terms, transposed: false), right, result, p.C.Stride);
        CopyRows(result, p.C.Stride, rows, p.Columns, target, p.C.Stride);
    }

    /// <summary>Room that begins as far behind a multiple of 16 bytes as some values do: cuBLAS looks at addresses too.</summary>
    private static ArrayView<float> Like(ArrayView<float> values, Scratch<float> scratch, long length)
    {
        var behind = (int)((Address(values) / sizeof(float) % Lane + Lane) % Lane);
        return scratch.View(length + Lane).SubView(behind, length);
    }

    /// <summary>Rows each of which begins at a multiple of 16 bytes: where they are if they do.</summary>
    private BlasOperand Even(
        ArrayView<float> values, int stride, int outer, int inner, Scratch<float> even, Scratch<ushort> narrow)
    {
        if (options.Type == BlasType.BFloat16) return Narrowed(values, stride, outer, inner, narrow, transposed: false);
        if (stride % Lane == 0) return new(Address(values), BlasType.Float32, stride, Transposed: false);
        var width = Rounded(inner, Lane);
        var copy = even.View((long)outer * width);
        CopyRows(values, stride, outer, inner, copy, width);
        return new(Address(copy), BlasType.Float32, width, Transposed: false);
    }

    private static int Rounded(int length, int lane) => (length + lane - 1) / lane * lane;

    private void CopyRows(ArrayView<float> source, int sourceStride, int rows, int columns, ArrayView<float> destination, int stride) =>
        card.Run(RowCode.CopyRows, card.GroupsFor((long)rows * columns), source, sourceStride, rows, columns, destination, stride);

    private BlasOperand Right(in Product p)
    {
        var (outer, inner) = p.TransposeB ? (p.Columns, p.Terms) : (p.Terms, p.Columns);
        var isNarrow = p.B.Values.Buffer.Type == ElementType.BFloat16;
        if (options.Type == BlasType.BFloat16)
        {
            if (isNarrow) return new(Address(p.B.Values.Narrow()), BlasType.BFloat16, p.B.Stride, p.TransposeB);
            return Narrowed(p.B.Values.Floats(), p.B.Stride, outer, inner, _right, p.TransposeB);
        }

        if (!isNarrow) return new(Address(p.B.Values.Floats()), BlasType.Float32, p.B.Stride, p.TransposeB);
        var length = (outer - 1) * p.B.Stride + inner;
        var wide = _wide.View(length);
        card.Run(ElementCode.Widen, card.GroupsFor(length), p.B.Values.Part(0, length).Narrow(), wide);
        return new(Address(wide), BlasType.Float32, p.B.Stride, p.TransposeB);
    }

    private BlasOperand Left(ArrayView<float> values, int stride, int outer, int inner, bool transposed) =>
        options.Type == BlasType.BFloat16
            ? Narrowed(values, stride, outer, inner, _left, transposed)
            : new(Address(values), BlasType.Float32, stride, transposed);

    private BlasOperand Narrowed(ArrayView<float> values, int stride, int outer, int inner, Scratch<ushort> scratch, bool transposed)
    {
        var width = Rounded(inner, 2 * Lane);
        var narrow = scratch.View((long)outer * width);
        card.Run(RowCode.NarrowRows, card.GroupsFor((long)outer * inner), values, stride, outer, inner, narrow, width);
        return new(Address(narrow), BlasType.BFloat16, width, transposed);
    }

    private void Call(int rows, in Product p, BlasOperand left, BlasOperand right, ArrayView<float> result, int stride) =>
        Call(new(p.Columns, rows, p.Terms, right, left, Address(result), stride, p.Alpha, p.Beta));

    private void Call(in GemmCall call)
    {
        card.Accelerator.Bind(); // cuBLAS works on the thread's own card
        blas.Multiply(call);
    }

    private static nint Address<T>(ArrayView<T> view)
        where T : unmanaged =>
        view.LoadEffectiveAddressAsPtr();
}
