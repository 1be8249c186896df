using System.Runtime.InteropServices;

namespace Pursuit.Numerics;

/// <summary>
/// The two packing buffers of one thread: native, aligned to a cache line, grown on demand, freed with their thread's
/// owner object. So that GEMM allocates nothing once warm and buffers of dead threads don't stay.
/// </summary>
internal sealed unsafe class PackingBuffers
{
    private const int Alignment = 64;

    [ThreadStatic]
    private static PackingBuffers? ThreadBuffers;

    private static long LiveBytesTotal;

    private float* _a;
    private float* _b;
    private long _aLength;
    private long _bLength;

    private PackingBuffers()
    {
    }

    ~PackingBuffers()
    {
        Free(_a, _aLength);
        Free(_b, _bLength);
    }

    /// <summary>The calling thread's buffers.</summary>
    public static PackingBuffers OfThread => ThreadBuffers ??= new PackingBuffers();

    /// <summary>Bytes held by all threads; a test counts them.</summary>
    public static long LiveBytes => Interlocked.Read(ref LiveBytesTotal);

    /// <summary>At least <paramref name="length"/> floats for blocks of A; what they hold is undefined.</summary>
    public float* A(long length) => Grow(ref _a, ref _aLength, length);

    /// <summary>At least <paramref name="length"/> floats for panels of B; what they hold is undefined.</summary>
    public float* B(long length) => Grow(ref _b, ref _bLength, length);

    private static float* Grow(ref float* buffer, ref long held, long length)
    {
        if (length > held)
        {
            Free(buffer, held);
            buffer = null;
            held = 0;
            buffer = (float*)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), Alignment);
            held = length;
            Interlocked.Add(ref LiveBytesTotal, length * sizeof(float));
        }

        return buffer;
    }

    private static void Free(float* buffer, long length)
    {
        if (buffer is null)
            return;
        NativeMemory.AlignedFree(buffer);
        Interlocked.Add(ref LiveBytesTotal, -length * sizeof(float));
    }
}
