using System.Numerics.Tensors;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// What every implementation in host memory shares: allocation, copies and loops over rows, where there is nothing to gain.
/// </summary>
internal abstract class HostOperations
{
    /// <summary>Everything is done when its call returns.</summary>
    public virtual void Finish()
    {
        // Nothing is ever left to wait for.
    }

    /// <inheritdoc cref="IDecoderOperations.Allocate"/>
    public virtual DeviceBuffer Allocate(long length, ElementType type = ElementType.Float32) => new HostBuffer(length, type);

    /// <inheritdoc cref="IDecoderOperations.Read"/>
    public virtual void Read(BufferSlice source, Span<float> destination)
    {
        if (source.Buffer.Type == ElementType.BFloat16)
            FloatConversion.BFloat16ToSingle(source.AsBFloat16(), destination);
        else
            source.AsSpan().CopyTo(destination);
    }

    /// <inheritdoc cref="IDecoderOperations.ReadRows"/>
    public virtual void ReadRows(MatrixSlice source, int rows, int columns, Span<float> destination)
    {
        var values = source.Values.AsSpan();
        for (var i = 0; i < rows; i++)
            values.Slice(i * source.Stride, columns).CopyTo(destination[(i * columns)..]);
    }

    /// <inheritdoc cref="IDecoderOperations.Write(ReadOnlySpan{float}, BufferSlice)"/>
    public virtual void Write(ReadOnlySpan<float> source, BufferSlice destination) => source.CopyTo(destination.AsSpan());

    /// <inheritdoc cref="IDecoderOperations.Write(ReadOnlySpan{ushort}, BufferSlice)"/>
    public virtual void Write(ReadOnlySpan<ushort> source, BufferSlice destination) => source.CopyTo(destination.AsBFloat16());

    /// <inheritdoc cref="IDecoderOperations.Write(ReadOnlySpan{int}, BufferSlice)"/>
    public virtual void Write(ReadOnlySpan<int> source, BufferSlice destination) => source.CopyTo(destination.AsIntegers());

    /// <inheritdoc cref="IDecoderOperations.BeginUpload"/>
    public virtual void BeginUpload(HostBuffer source, long first, long length, DeviceBuffer destination)
    {
        const int Block = 1 << 28;
        var size = source.Type.Bytes();
        for (var at = 0L; at < length * size; at += Block)
        {
            var count = (int)Math.Min(Block, length * size - at);
            source.Raw(first * size + at, count).CopyTo(((HostBuffer)destination).Raw(at, count));
        }
    }

    /// <summary>Every copy is done when its call returns.</summary>
    public virtual void EndUploads()
    {
        // Nothing is ever left to wait for.
    }

    /// <inheritdoc cref="IDecoderOperations.PageLock"/>
    public virtual IDisposable? PageLock(HostBuffer memory) => null;

    /// <inheritdoc cref="IDecoderOperations.Fill"/>
    public virtual void Fill(float value, BufferSlice destination) => destination.AsSpan().Fill(value);

    /// <inheritdoc cref="IDecoderOperations.Copy"/>
    public virtual void Copy(BufferSlice source, BufferSlice destination) => source.AsSpan().CopyTo(destination.AsSpan());

    /// <inheritdoc cref="IDecoderOperations.Multiply(float, BufferSlice)"/>
    public virtual void Multiply(float factor, BufferSlice values) =>
        TensorPrimitives.Multiply(values.AsSpan(), factor, values.AsSpan());

    /// <inheritdoc cref="IDecoderOperations.StartPredictions"/>
    public virtual void StartPredictions(BufferSlice sums) => sums.AsPredictionSums().Fill(PredictionSums.Start);

    /// <inheritdoc cref="IDecoderOperations.SetRows"/>
    public virtual void SetRows(BufferSlice vector, int rows, int columns, MatrixSlice destination)
    {
        var source = vector.AsSpan()[..columns];
        var target = destination.Values.AsSpan();
        for (var i = 0; i < rows; i++)
            source.CopyTo(target[(i * destination.Stride)..]);
    }

    /// <inheritdoc cref="IDecoderOperations.AddToRows"/>
    public virtual void AddToRows(BufferSlice vector, int rows, int columns, MatrixSlice destination)
    {
        var source = vector.AsSpan()[..columns];
        var target = destination.Values.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            var row = target.Slice(i * destination.Stride, columns);
            TensorPrimitives.Add(row, source, row);
        }
    }

    /// <inheritdoc cref="IDecoderOperations.GatherRows"/>
    public virtual void GatherRows(BufferSlice table, BufferSlice indices, int width, BufferSlice destination)
    {
        var rows = indices.AsIntegers();
        var target = destination.AsSpan();
        if (table.Buffer.Type == ElementType.BFloat16)
        {
            for (var i = 0; i < rows.Length; i++)
                FloatConversion.BFloat16ToSingle(table.AsBFloat16().Slice(rows[i] * width, width), target[(i * width)..]);
            return;
        }

        var source = table.AsSpan();
        for (var i = 0; i < rows.Length; i++)
            source.Slice(rows[i] * width, width).CopyTo(target[(i * width)..]);
    }

    /// <inheritdoc cref="IDecoderOperations.ScaleRows"/>
    public virtual void ScaleRows(BufferSlice factors, BufferSlice source, int width, BufferSlice destination)
    {
        var by = factors.AsSpan();
        var from = source.AsSpan();
        var to = destination.AsSpan();
        for (var i = 0; i < by.Length; i++)
            TensorPrimitives.Multiply(from.Slice(i * width, width), by[i], to.Slice(i * width, width));
    }

    /// <inheritdoc cref="IDecoderOperations.DotRows"/>
    public virtual void DotRows(BufferSlice x, BufferSlice y, int width, BufferSlice destination)
    {
        var first = x.AsSpan();
        var second = y.AsSpan();
        var to = destination.AsSpan();
        for (var i = 0; i < to.Length; i++)
            to[i] = TensorPrimitives.Dot(first.Slice(i * width, width), second.Slice(i * width, width));
    }

    /// <inheritdoc cref="IDecoderOperations.ScatterRows"/>
    public virtual void ScatterRows(MatrixSlice source, BufferSlice indices, int width, BufferSlice table)
    {
        var rows = indices.AsIntegers();
        var from = source.Values.AsSpan();
        var to = table.AsSpan();
        for (var i = 0; i < rows.Length; i++)
            from.Slice(i * source.Stride, width).CopyTo(to[(rows[i] * width)..]);
    }
}
