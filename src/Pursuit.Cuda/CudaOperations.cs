using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>
/// The decoder's operations on a card: kernels for what goes value by value or row by row, <see cref="Cublas"/> for products. All workers
/// of a card share its stream; each has a cuBLAS handle and scratch of its own.
/// </summary>
internal sealed partial class CudaOperations : IDecoderOperations
{
    /// <summary>What to do where memory doesn't suffice.</summary>
    internal const string LowerAdvice =
        "Use a smaller micro-batch, shorter examples, a smaller model, or another device; other processes' memory on the card counts too.";

    private readonly CudaCard _card;
    private readonly Func<CudaCard, Cublas> _createBlas;
    private readonly CudaProducts _products;
    private readonly Scratch<float> _floats;
    private readonly Scratch<double> _doubles;
    private readonly Scratch<long> _integers;

    /// <summary>Operations on a card.</summary>
    /// <param name="card">The card, which others may use too.</param>
    /// <param name="createBlas">Makes a handle of cuBLAS that works in the card's stream.</param>
    /// <param name="products">What goes into products.</param>
    public CudaOperations(CudaCard card, Func<CudaCard, Cublas> createBlas, ProductOptions products)
    {
        (_card, _createBlas) = (card, createBlas);
        _products = new CudaProducts(card, createBlas(card), products);
        (_floats, _doubles, _integers) = (new(card), new(card), new(card));
    }

    /// <inheritdoc/>
    public string Name => _card.Name;

    /// <summary>What goes into products.</summary>
    public BlasType ProductType => _products.Options.Type;

    /// <summary>cuBLAS's version.</summary>
    public int BlasVersion => _products.BlasVersion;

    /// <inheritdoc/>
    public IDecoderOperations CreateWorker() => new CudaOperations(_card, _createBlas, _products.Options);

    /// <inheritdoc/>
    public void Finish() => _card.Stream.Synchronize();

    /// <inheritdoc/>
    public DeviceBuffer Allocate(long length, ElementType type = ElementType.Float32) => new CudaBuffer(_card, length, type);

    /// <inheritdoc/>
    public void Read(BufferSlice source, Span<float> destination)
    {
        if (source.Length == 0) return;
        ArrayView<float> values;
        if (source.Buffer.Type == ElementType.BFloat16)
        {
            values = _floats.View(source.Length);
            _card.Run(ElementCode.Widen, _card.GroupsFor(source.Length), source.Narrow(), values);
        }
        else
        {
            values = source.Floats();
        }

        values.CopyToCPU(_card.Stream, destination[..source.Length]);
        _card.Stream.Synchronize();
    }

    /// <inheritdoc/>
    public void ReadRows(MatrixSlice source, int rows, int columns, Span<float> destination)
    {
        if (rows * columns == 0) return;
        var dense = _floats.View(rows * columns);
        _card.Run(RowCode.CopyRows, _card.GroupsFor(rows * columns), source.Values.Floats(), source.Stride, rows, columns, dense, columns);
        dense.CopyToCPU(_card.Stream, destination[..(rows * columns)]);
        _card.Stream.Synchronize();
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<float> source, BufferSlice destination) => Write(source, destination.Floats());

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<ushort> source, BufferSlice destination) => Write(source, destination.Narrow());

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<int> source, BufferSlice destination)
    {
        Write(source, destination.Integers());
        source.CopyTo(((CudaBuffer)destination.Buffer).Integers.AsSpan((int)destination.Offset));
    }

    /// <inheritdoc/>
    public void BeginUpload(HostBuffer source, long first, long length, DeviceBuffer destination)
    {
        var target = (CudaBuffer)destination;
        if (source.Type == ElementType.BFloat16) Upload<ushort>();
        else Upload<float>();

        unsafe void Upload<T>()
            where T : unmanaged =>
            target.All<T>().SubView(0, length).CopyFromCPUUnsafeAsync(
                _card.UploadStream, ref Unsafe.AsRef<T>((T*)source.Address + first), length);
    }

    /// <inheritdoc/>
    public void EndUploads() => _card.UploadStream.Synchronize();

    /// <summary>
    /// Locks the pages, so that a copy goes beside the work at the bus's rate. Where the system doesn't let so much be locked, copies are
    /// slower and right all the same.
    /// </summary>
    public IDisposable? PageLock(HostBuffer memory)
    {
        if (_card.Accelerator is not CudaAccelerator || memory.Length == 0) return null;
        try
        {
            _card.Accelerator.Bind();
            return _card.Accelerator.CreatePageLockFromPinned<byte>(memory.Address, memory.Length * memory.Type.Bytes());
        }
        catch (CudaException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Fill(float value, BufferSlice destination) =>
        _card.Run(ElementCode.Fill, _card.GroupsFor(destination.Length), destination.Floats(), value);

    /// <inheritdoc/>
    public void Copy(BufferSlice source, BufferSlice destination) => _card.Run(
        RowCode.CopyRows,
        _card.GroupsFor(source.Length),
        source.Floats(),
        source.Length,
        1,
        source.Length,
        destination.Floats(),
        source.Length);

    /// <inheritdoc/>
    public void Multiply(float factor, BufferSlice values) =>
        _card.Run(ElementCode.Multiply, _card.GroupsFor(values.Length), values.Floats(), factor);

    /// <inheritdoc/>
    public void AddScaled(float alpha, BufferSlice source, BufferSlice destination) =>
        _card.Run(ElementCode.AddScaled, _card.GroupsFor(source.Length), source.Floats(), destination.Floats(), alpha);

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<BufferSlice> values)
    {
        const int Stretch = 1 << 16;
        var parts = 0;
        foreach (var slice in values) parts += Stretches(slice);
        if (parts == 0) return 0;
        var sums = _doubles.View(parts);
        var first = 0;
        foreach (var slice in values)
        {
            var own = Stretches(slice);
            if (own > 0) _card.Run(ElementCode.SumOfSquares, own, slice.Floats(), Stretch, sums.SubView(first, own));
            first += own;
        }

        var read = new double[parts];
        sums.CopyToCPU(_card.Stream, read.AsSpan());
        _card.Stream.Synchronize();
        return read.Sum();

        static int Stretches(BufferSlice slice) => (int)(((long)slice.Length + Stretch - 1) / Stretch);
    }

    /// <inheritdoc/>
    public void Multiply(in Product product) => _products.Multiply(product);

    /// <inheritdoc/>
    public void MultiplySegments(in SegmentProducts products) => _products.MultiplySegments(products);

    /// <inheritdoc/>
    public void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment) =>
        _card.Run(
            ElementCode.AdamW,
            _card.GroupsFor(weights.Length),
            gradient.Floats(),
            weights.Floats(),
            firstMoment.Floats(),
            secondMoment.Floats(),
            AdamWFactors.Of(step));

    /// <inheritdoc/>
    public void AddSketches(BufferSlice values, int rows, SketchKey key, int dimension, MatrixSlice destination)
    {
        if (values.Length == 0) return;
        var (length, width) = (values.Length / rows, dimension + SketchKey.BlockSize - 1);
        var (units, sums) = (_doubles.View(rows), _integers.View((long)rows * width));
        sums.MemSetToZero(_card.Stream);
        _card.Run(SketchCode.Units, _card.GroupsOf(rows), values.Floats(), length, units);
        _card.Run(SketchCode.Add, _card.GroupsFor(values.Length), values.Floats(), length, units, key.Value, dimension, sums);
        _card.Run(SketchCode.Take, _card.GroupsFor(sums.Length), sums, units, width, destination.Values.Floats(), destination.Stride);
    }

    /// <inheritdoc/>
    public void WrapSketches(int dimension, int rows, MatrixSlice sketches) =>
        _card.Run(SketchCode.Wrap, _card.GroupsFor(rows), sketches.Values.Floats(), sketches.Stride, dimension, rows);

    /// <inheritdoc/>
    public void Scale(BufferSlice factors, int rows, BufferSlice values)
    {
        var count = rows * factors.Length;
        _card.Run(ElementCode.Scale, _card.GroupsFor(count), factors.Floats(), values.Part(0, count).Floats());
    }

    /// <inheritdoc/>
    public void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, int rows, BufferSlice gradients)
    {
        var count = rows * firstMoment.Length;
        _card.Run(
            ElementCode.AdamDirection,
            _card.GroupsFor(count),
            firstMoment.Floats(),
            secondMoment.Floats(),
            gradients.Part(0, count).Floats(),
            AdamDirectionFactors.Of(adam));
    }

    /// <summary>Frees the handle and the scratch; the card stays.</summary>
    public void Dispose()
    {
        _products.Dispose();
        _floats.Dispose();
        _doubles.Dispose();
        _integers.Dispose();
    }

    private void Write<T>(ReadOnlySpan<T> source, ArrayView<T> destination)
        where T : unmanaged
    {
        if (source.IsEmpty) return;
        destination.SubView(0, source.Length).CopyFromCPU(_card.Stream, source);
        _card.Stream.Synchronize(); // the host's memory is the caller's again
    }
}
