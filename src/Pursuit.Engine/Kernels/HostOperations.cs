namespace Pursuit.Engine.Kernels;

/// <summary>What every implementation in host memory shares: allocation and copies, where there is nothing to gain.</summary>
public abstract class HostOperations
{
    /// <inheritdoc cref="IDecoderOperations.Allocate"/>
    public virtual DeviceBuffer Allocate(long length) => new HostBuffer(length);

    /// <inheritdoc cref="IDecoderOperations.Read"/>
    public virtual void Read(BufferSlice source, Span<float> destination) => source.AsSpan().CopyTo(destination);

    /// <inheritdoc cref="IDecoderOperations.Write"/>
    public virtual void Write(ReadOnlySpan<float> source, BufferSlice destination) => source.CopyTo(destination.AsSpan());

    /// <inheritdoc cref="IDecoderOperations.Fill"/>
    public virtual void Fill(float value, BufferSlice destination) => destination.AsSpan().Fill(value);

    /// <inheritdoc cref="IDecoderOperations.Copy"/>
    public virtual void Copy(BufferSlice source, BufferSlice destination) => source.AsSpan().CopyTo(destination.AsSpan());

    /// <inheritdoc cref="IDecoderOperations.SetRows"/>
    public virtual void SetRows(BufferSlice vector, int rows, int columns, BufferSlice destination, int stride)
    {
        var source = vector.AsSpan()[..columns];
        var target = destination.AsSpan();
        for (var i = 0; i < rows; i++)
            source.CopyTo(target[(i * stride)..]);
    }

    /// <inheritdoc cref="IDecoderOperations.AddToRows"/>
    public virtual void AddToRows(BufferSlice vector, int rows, int columns, BufferSlice destination, int stride)
    {
        var source = vector.AsSpan();
        var target = destination.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                target[i * stride + j] += source[j];
        }
    }

    /// <inheritdoc cref="IDecoderOperations.GatherRows"/>
    public virtual void GatherRows(BufferSlice table, ReadOnlySpan<int> indices, int width, BufferSlice destination)
    {
        var source = table.AsSpan();
        var target = destination.AsSpan();
        for (var i = 0; i < indices.Length; i++)
            source.Slice(indices[i] * width, width).CopyTo(target[(i * width)..]);
    }
}
