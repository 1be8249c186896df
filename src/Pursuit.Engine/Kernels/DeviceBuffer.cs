namespace Pursuit.Engine.Kernels;

/// <summary>
/// Memory for values of one type on the device of an <see cref="IDecoderOperations"/>. It has exactly one owner, who
/// disposes it; everything else holds a <see cref="BufferSlice"/>.
/// </summary>
internal abstract class DeviceBuffer : IDisposable
{
    /// <summary>Creates the base of a buffer.</summary>
    /// <param name="length">Number of values.</param>
    /// <param name="type">Their type.</param>
    protected DeviceBuffer(long length, ElementType type) => (Length, Type) = (length, type);

    /// <summary>Number of values.</summary>
    public long Length { get; }

    /// <summary>What a value is.</summary>
    public ElementType Type { get; }

    /// <summary>A view of part of the buffer.</summary>
    /// <param name="offset">First value.</param>
    /// <param name="length">Number of values.</param>
    public BufferSlice Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
        return new BufferSlice(this, offset, length);
    }

    /// <summary>Frees the memory. Slices of it must not be used any more.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory.</summary>
    /// <param name="disposing">False when called by the finalizer.</param>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A view of <see cref="Length"/> consecutive values of a <see cref="DeviceBuffer"/>.</summary>
/// <param name="Buffer">The memory; its owner keeps it alive.</param>
/// <param name="Offset">First value.</param>
/// <param name="Length">Number of values.</param>
internal readonly record struct BufferSlice(DeviceBuffer Buffer, long Offset, int Length)
{
    /// <summary>The rest of this view from a value on.</summary>
    public BufferSlice From(int start) => Part(start, Length - start);

    /// <summary>A part of this view.</summary>
    public BufferSlice Part(int start, int length)
    {
        if ((uint)start > (uint)Length || (uint)length > (uint)(Length - start))
            throw new ArgumentOutOfRangeException(nameof(start), $"part [{start}, {start + length}) of a slice of {Length} values");
        return new BufferSlice(Buffer, Offset + start, length);
    }
}

/// <summary>A row-major matrix within a buffer; how many rows and columns of it count, an operation is told besides.</summary>
/// <param name="Values">The values from the first one on.</param>
/// <param name="Stride">Values from one row to the next.</param>
internal readonly record struct MatrixSlice(BufferSlice Values, int Stride)
{
    /// <summary>The matrix that begins at another value.</summary>
    public MatrixSlice From(int start) => this with { Values = Values.From(start) };
}
