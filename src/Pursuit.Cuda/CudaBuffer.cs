using ILGPU;
using ILGPU.Runtime;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>
/// Values in a card's memory, zero at birth. Integers are kept on the host too: what reads them there needn't wait for the card.
/// </summary>
internal sealed class CudaBuffer : DeviceBuffer
{
    private readonly CudaCard _card;
    private readonly long _bytes;
    private MemoryBuffer? _memory;

    /// <summary>Allocates the memory.</summary>
    /// <exception cref="PursuitException">The card has not that much memory free.</exception>
    public CudaBuffer(CudaCard card, long length, ElementType type)
        : base(length, type)
    {
        _card = card;
        var room = Math.Max(length, 1);
        _bytes = checked(room * type.Bytes());
        _memory = type switch
        {
            ElementType.BFloat16 => card.Allocate<ushort>(room),
            ElementType.Int32 => card.Allocate<int>(room),
            _ => card.Allocate<float>(room),
        };
        _memory.MemSet(card.Stream, 0, 0, _memory.LengthInBytes);
        card.Hold(_bytes);
        Integers = type == ElementType.Int32 ? new int[length] : [];
    }

    /// <summary>What was written to a buffer of integers; empty for other types.</summary>
    public int[] Integers { get; }

    /// <summary>The values from one on, as a kernel takes them.</summary>
    /// <exception cref="InvalidOperationException">The buffer holds another type.</exception>
    public ArrayView<T> View<T>(long offset, int length)
        where T : unmanaged =>
        All<T>().SubView(offset, length);

    /// <summary>All values.</summary>
    /// <exception cref="InvalidOperationException">The buffer holds another type.</exception>
    public ArrayView<T> All<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        return _memory is MemoryBuffer1D<T, Stride1D.Dense> memory
            ? memory.View.AsContiguous()
            : throw new InvalidOperationException($"a buffer of {Type} was taken for one of {typeof(T).Name}");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_memory is null) return;
        if (disposing)
        {
            _card.Stream.Synchronize(); // what was asked with it may still run
            _memory.Dispose();
        }

        _memory = null; // a buffer that an owner forgot frees itself
        _card.Hold(-_bytes);
    }
}

/// <summary>Access to slices that lie on a card.</summary>
internal static class CudaSlices
{
    /// <summary>The values of a slice of float32.</summary>
    public static ArrayView<float> Floats(this BufferSlice slice) => slice.Buffer().View<float>(slice.Offset, slice.Length);

    /// <summary>The values of a slice of bf16.</summary>
    public static ArrayView<ushort> Narrow(this BufferSlice slice) => slice.Buffer().View<ushort>(slice.Offset, slice.Length);

    /// <summary>The values of a slice of integers.</summary>
    public static ArrayView<int> Integers(this BufferSlice slice) => slice.Buffer().View<int>(slice.Offset, slice.Length);

    /// <summary>What was written to a slice of integers, on the host.</summary>
    public static ReadOnlySpan<int> Written(this BufferSlice slice) =>
        slice.Buffer().Integers.AsSpan((int)slice.Offset, slice.Length);

    private static CudaBuffer Buffer(this BufferSlice slice) => slice.Buffer as CudaBuffer
        ?? throw new InvalidOperationException($"a slice of {slice.Buffer?.GetType().Name ?? "nothing"} is not on this device");
}
