using System.Runtime.InteropServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Values in the process's native memory, aligned to 64 bytes (one AVX-512 vector, one cache line), zero at birth.</summary>
internal sealed unsafe partial class HostBuffer : DeviceBuffer
{
    private const int Alignment = 64;

    private const int GlibcMapsFrom = -3; // M_MMAP_THRESHOLD
    private const int MappedFrom = 1 << 20;

    private static long LiveBytesTotal;

    private byte* _pointer;

    /// <summary>
    /// glibc learns from every large piece that is freed to take the next one from its heap, and keeps that; with a threshold of its own
    /// large pieces go back to the system when they are freed, and a process holds what it uses.
    /// </summary>
    static HostBuffer()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetAllocator(GlibcMapsFrom, MappedFrom);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Not glibc: musl always gives large pieces back.
        }
    }

    /// <summary>Allocates the memory.</summary>
    /// <param name="length">Number of values.</param>
    /// <param name="type">Their type.</param>
    /// <exception cref="PursuitException">The machine has not that much memory.</exception>
    public HostBuffer(long length, ElementType type = ElementType.Float32)
        : base(length, type)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var bytes = checked(length * type.Bytes());
        try
        {
            _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), Alignment);
        }
        catch (OutOfMemoryException e)
        {
            GC.SuppressFinalize(this);
            throw PursuitException.At(
                "memory",
                $"{bytes / (1024.0 * 1024.0):F0} MiB could not be allocated",
                "that much free memory",
                "Use a smaller model, shorter examples or smaller micro-batches.",
                e);
        }

        NativeMemory.Clear(_pointer, (nuint)bytes);
        Interlocked.Add(ref LiveBytesTotal, bytes);
        GC.AddMemoryPressure(Math.Max(bytes, 1));
    }

    /// <summary>Frees what an owner forgot.</summary>
    ~HostBuffer() => Dispose(false);

    /// <summary>Bytes held by all buffers that are not freed yet.</summary>
    public static long LiveBytes => Interlocked.Read(ref LiveBytesTotal);

    /// <summary>The values as a span.</summary>
    /// <typeparam name="T">The type in memory: float, ushort for bf16, int.</typeparam>
    /// <param name="type">The type that the caller takes them for.</param>
    /// <param name="offset">First value.</param>
    /// <param name="length">Number of values.</param>
    internal Span<T> Span<T>(ElementType type, long offset, int length)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        if (type != Type)
            throw new InvalidOperationException($"a buffer of {Type} was taken for one of {type}");
        if (offset < 0 || length < 0 || offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"values [{offset}, {offset + length}) of a buffer of {Length}");
        return new Span<T>((T*)_pointer + offset, length);
    }

    /// <summary>Where the values lie; they never move.</summary>
    internal nint Address => (nint)_pointer;

    /// <summary>Bytes of the values, whatever their type.</summary>
    internal Span<byte> Raw(long first, int count)
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Length * Type.Bytes());
        return new Span<byte>(_pointer + first, count);
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_pointer is null)
            return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        var bytes = Length * Type.Bytes();
        Interlocked.Add(ref LiveBytesTotal, -bytes);
        GC.RemoveMemoryPressure(Math.Max(bytes, 1));
    }
}

/// <summary>Access to slices that lie in the process's own memory.</summary>
internal static class HostSlices
{
    /// <summary>The values of a slice of float32.</summary>
    /// <exception cref="InvalidOperationException">The slice lies on another device, or holds another type.</exception>
    public static Span<float> AsSpan(this BufferSlice slice) => slice.Values<float>(ElementType.Float32);

    /// <summary>The values of a slice of bf16.</summary>
    /// <exception cref="InvalidOperationException">The slice lies on another device, or holds another type.</exception>
    public static Span<ushort> AsBFloat16(this BufferSlice slice) => slice.Values<ushort>(ElementType.BFloat16);

    /// <summary>The values of a slice of integers.</summary>
    /// <exception cref="InvalidOperationException">The slice lies on another device, or holds another type.</exception>
    public static Span<int> AsIntegers(this BufferSlice slice) => slice.Values<int>(ElementType.Int32);

    /// <summary>The sequences in a slice of integers, four to each.</summary>
    public static ReadOnlySpan<SequenceRows> AsSequences(this BufferSlice slice) =>
        MemoryMarshal.Cast<int, SequenceRows>(slice.AsIntegers());

    /// <summary>The statistics in a slice of float32, <see cref="PredictionSums.Floats"/> to each row.</summary>
    public static Span<PredictionSums> AsPredictionSums(this BufferSlice slice) =>
        MemoryMarshal.Cast<float, PredictionSums>(slice.AsSpan());

    private static Span<T> Values<T>(this BufferSlice slice, ElementType type)
        where T : unmanaged =>
        slice.Buffer is HostBuffer host
            ? host.Span<T>(type, slice.Offset, slice.Length)
            : throw new InvalidOperationException($"a slice of {slice.Buffer?.GetType().Name ?? "nothing"} is not in host memory");
}
