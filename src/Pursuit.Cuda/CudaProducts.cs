using ILGPU;
using ILGPU.Runtime;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>What goes into products; sums are float32 always.</summary>
/// <param name="Type">Float32: operands as they are, weights in bf16 widened. BFloat16: both operands rounded to it.</param>
/// <param name="RowsAtOnce">
/// Rows of every product with rows of its own, the last ones filled up. cuBLAS chooses its kernel by a product's sizes; of equal sizes, a
/// row of the result has the same bits wherever it stands.
/// </param>
internal readonly record struct ProductOptions(BlasType Type, int RowsAtOnce);

/// <summary>
/// Row-major products by a column-major library: the transpose of C is op(B)^T op(A)^T, and the memory of a row-major matrix is that of
/// its transpose.
/// </summary>
internal sealed class CudaProducts(CudaCard card, Cublas blas, ProductOptions options) : IDisposable
{
    private readonly Scratch<float> _wide = new(card);
    private readonly Scratch<float> _rest = new(card);
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

        var whole = p.Rows / options.RowsAtOnce * options.RowsAtOnce;
        for (var row = 0; row < whole; row += options.RowsAtOnce)
        {
            var a = Left(p.A.From(row * p.A.Stride).Values.Floats(), p.A.Stride, options.RowsAtOnce, p.Terms, transposed: false);
            Call(options.RowsAtOnce, p, a, right, p.C.From(row * p.C.Stride).Values.Floats(), p.C.Stride);
        }

        if (whole < p.Rows) MultiplyRest(p, whole, right);
    }

    public void Dispose()
    {
        card.Stream.Synchronize();
        card.Accelerator.Bind();
        blas.Dispose();
        _wide.Dispose();
        _rest.Dispose();
        _result.Dispose();
        _left.Dispose();
        _right.Dispose();
    }

    /// <summary>The last rows, filled up to as many as all others; what is computed of the filling is dropped.</summary>
    private void MultiplyRest(in Product p, int first, BlasOperand right)
    {
        var rows = p.Rows - first;
        var (rest, result) = (_rest.View((long)options.RowsAtOnce * p.Terms), _result.View((long)options.RowsAtOnce * p.Columns));
        rest.SubView(rows * (long)p.Terms).MemSetToZero(card.Stream);
        CopyRows(p.A.From(first * p.A.Stride).Values.Floats(), p.A.Stride, rows, p.Terms, rest, p.Terms);
        var target = p.C.From(first * p.C.Stride).Values.Floats();
        if (p.Beta != 0)
        {
            result.SubView(rows * (long)p.Columns).MemSetToZero(card.Stream);
            CopyRows(target, p.C.Stride, rows, p.Columns, result, p.Columns);
        }

        Call(options.RowsAtOnce, p, Left(rest, p.Terms, options.RowsAtOnce, p.Terms, transposed: false), right, result, p.Columns);
        CopyRows(result, p.Columns, rows, p.Columns, target, p.C.Stride);
    }

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
        var narrow = scratch.View((long)outer * inner);
        card.Run(RowCode.NarrowRows, card.GroupsFor(narrow.Length), values, stride, outer, inner, narrow);
        return new(Address(narrow), BlasType.BFloat16, inner, transposed);
    }

    private void Call(int rows, in Product p, BlasOperand left, BlasOperand right, ArrayView<float> result, int stride)
    {
        card.Accelerator.Bind(); // cuBLAS works on the thread's own card
        blas.Multiply(new(p.Columns, rows, p.Terms, right, left, Address(result), stride, p.Alpha, p.Beta));
    }

    private static nint Address<T>(ArrayView<T> view)
        where T : unmanaged =>
        view.LoadEffectiveAddressAsPtr();
}
