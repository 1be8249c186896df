using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Pursuit.Numerics;

/// <summary>
/// Conversions between fp32 and the 16-bit formats of model files. A bf16 number is the upper half of an fp32 number,
/// kept as <see cref="ushort"/>; an fp16 number is a <see cref="Half"/>.
/// </summary>
/// <remarks>
/// Widening is exact, subnormal numbers included. Narrowing rounds to nearest, ties to even; what is too large becomes
/// infinity; NaN stays NaN (quiet, sign kept). The bits are the same on every machine. No allocation.
/// </remarks>
internal static class FloatConversion
{
    /// <summary>destination[i] = source[i], exactly.</summary>
    /// <param name="source">bf16 numbers [n].</param>
    /// <param name="destination">At least n floats.</param>
    /// <exception cref="PursuitException">The destination is shorter than the source.</exception>
    public static void BFloat16ToSingle(ReadOnlySpan<ushort> source, Span<float> destination) =>
        BFloat16ToSingle(Simd.Best, source, destination);

    /// <summary>destination[i] = the bf16 number nearest to source[i].</summary>
    /// <param name="source">Floats [n].</param>
    /// <param name="destination">At least n bf16 numbers.</param>
    /// <exception cref="PursuitException">The destination is shorter than the source.</exception>
    public static void SingleToBFloat16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        SingleToBFloat16(Simd.Best, source, destination);

    /// <summary>destination[i] = source[i], exactly.</summary>
    /// <param name="source">fp16 numbers [n].</param>
    /// <param name="destination">At least n floats.</param>
    /// <exception cref="PursuitException">The destination is shorter than the source.</exception>
    public static void HalfToSingle(ReadOnlySpan<Half> source, Span<float> destination)
    {
        CheckLength(source.Length, destination.Length);
        TensorPrimitives.ConvertToSingle(source, destination);
    }

    /// <summary>destination[i] = the fp16 number nearest to source[i].</summary>
    /// <param name="source">Floats [n].</param>
    /// <param name="destination">At least n fp16 numbers.</param>
    /// <exception cref="PursuitException">The destination is shorter than the source.</exception>
    public static void SingleToHalf(ReadOnlySpan<float> source, Span<Half> destination)
    {
        CheckLength(source.Length, destination.Length);
        TensorPrimitives.ConvertToHalf(source, destination);
    }

    /// <summary>destination[i] = the float nearest to source[i].</summary>
    /// <param name="source">Doubles [n].</param>
    /// <param name="destination">At least n floats.</param>
    /// <exception cref="PursuitException">The destination is shorter than the source.</exception>
    public static void DoubleToSingle(ReadOnlySpan<double> source, Span<float> destination)
    {
        CheckLength(source.Length, destination.Length);
        TensorPrimitives.ConvertTruncating(source, destination);
    }

    /// <summary>One bf16 number as a float.</summary>
    public static float ToSingle(ushort bfloat16) => BitConverter.UInt32BitsToSingle((uint)bfloat16 << 16);

    internal static unsafe void BFloat16ToSingle(SimdPath path, ReadOnlySpan<ushort> source, Span<float> destination)
    {
        CheckLength(source.Length, destination.Length);
        fixed (ushort* from = &MemoryMarshal.GetReference(source))
        fixed (float* to = &MemoryMarshal.GetReference(destination))
        {
            nint done = path switch
            {
                SimdPath.Vector512 => Widen<Simd512>(from, to, 0, source.Length),
                SimdPath.Vector256 => Widen<Simd256>(from, to, 0, source.Length),
                _ => 0,
            };
            Widen<SimdPlain>(from, to, done, source.Length);
        }
    }

    internal static unsafe void SingleToBFloat16(SimdPath path, ReadOnlySpan<float> source, Span<ushort> destination)
    {
        CheckLength(source.Length, destination.Length);
        fixed (float* from = &MemoryMarshal.GetReference(source))
        fixed (ushort* to = &MemoryMarshal.GetReference(destination))
        {
            nint done = path switch
            {
                SimdPath.Vector512 => Narrow<Simd512>(from, to, 0, source.Length),
                SimdPath.Vector256 => Narrow<Simd256>(from, to, 0, source.Length),
                _ => 0,
            };
            Narrow<SimdPlain>(from, to, done, source.Length);
        }
    }

    private static unsafe nint Widen<TVector>(ushort* source, float* destination, nint done, nint count)
        where TVector : unmanaged, ISimd<TVector>
    {
        for (; done + TVector.Count <= count; done += TVector.Count)
            TVector.LoadBFloat16(source + done).Store(destination + done);
        return done;
    }

    private static unsafe nint Narrow<TVector>(float* source, ushort* destination, nint done, nint count)
        where TVector : unmanaged, ISimd<TVector>
    {
        for (; done + TVector.Count <= count; done += TVector.Count)
            TVector.Load(source + done).StoreBFloat16(destination + done);
        return done;
    }

    private static void CheckLength(int source, int destination)
    {
        if (destination < source)
            throw PursuitException.At(
                "FloatConversion", $"a source of {source} and a destination of {destination} numbers", $"room for {source}");
    }
}
