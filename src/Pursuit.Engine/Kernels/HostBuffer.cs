using System.Runtime.InteropServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Float32 values in the process's native memory, aligned to 64 bytes (one AVX-512 vector, one cache line), zero at birth.</summary>
public sealed unsafe partial class HostBuffer : DeviceBuffer
{
    private const int Alignment = 64;

    private const int GlibcMapsFrom = -3; // M_MMAP_THRESHOLD
    private const int MappedFrom = 1 << 20;

    private static long LiveBytesTotal;

    private float* _pointer;

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
    /// <param name="length">Number of float32 values.</param>
    /// <exception cref="PursuitException">The machine has not that much memory.</exception>
    public HostBuffer(long length)
        : base(length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var bytes = checked(length * sizeof(float));
        try
        {
            _pointer = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), Alignment);
        }
        catch (OutOfMemoryException e)
        {
            GC.SuppressFinalize(this);
            throw PursuitException.At("memory", $"{bytes / (1024.0 * 1024.0):F0} MiB could not be allocated", "that much free memory", "Use a smaller model, shorter examples or smaller micro-batches.", e);
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
    /// <param name="offset">First value.</param>
    /// <param name="length">Number of values.</param>
    public Span<float> Span(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        if (offset < 0 || length < 0 || offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"values [{offset}, {offset + length}) of a buffer of {Length}");
        return new Span<float>(_pointer + offset, length);
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
        var bytes = Length * sizeof(float);
        Interlocked.Add(ref LiveBytesTotal, -bytes);
        GC.RemoveMemoryPressure(Math.Max(bytes, 1));
    }
}

/// <summary>Access to slices that lie in the process's own memory.</summary>
public static class HostSlices
{
    /// <summary>The values of a slice of a <see cref="HostBuffer"/>.</summary>
    /// <exception cref="InvalidOperationException">The slice lies on another device; read it through its operations.</exception>
    public static Span<float> AsSpan(this BufferSlice slice) =>
        slice.Buffer is HostBuffer host
            ? host.Span(slice.Offset, slice.Length)
            : throw new InvalidOperationException($"a slice of {slice.Buffer?.GetType().Name ?? "nothing"} is not in host memory");
}
