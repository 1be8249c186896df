using System.Runtime.Intrinsics;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>Dropout by <see cref="DropoutMask"/>; every width gives the same bits.</summary>
internal static unsafe class DropoutKernels
{
    /// <summary>destination (+)= source / (1 - probability) where kept, else 0.</summary>
    public static void Drop<TVector>(ReadOnlySpan<float> source, float probability, ulong stream, bool accumulate, Span<float> destination)
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = 1 / (1 - probability);
        var done = 0;
        fixed (float* s = source, d = destination)
        {
            if (TVector.Count == Vector512<float>.Count)
                done = Drop512(s, source.Length, factor, DropoutMask.Threshold(probability), stream, accumulate, d);
            else if (TVector.Count == Vector256<float>.Count)
                done = Drop256(s, source.Length, factor, DropoutMask.Threshold(probability), stream, accumulate, d);
            for (var i = done; i < source.Length; i++)
            {
                var value = DropoutMask.Keeps(stream, (uint)i, probability) ? s[i] * factor : 0;
                d[i] = accumulate ? d[i] + value : value;
            }
        }
    }

    private static int Drop512(float* s, int count, float factor, uint threshold, ulong stream, bool accumulate, float* d)
    {
        var place = Vector512<uint>.Indices + Vector512.Create((uint)stream);
        var key = Vector512.Create((uint)(stream >> 32));
        var i = 0;
        for (; i + Vector512<float>.Count <= count; i += Vector512<float>.Count)
        {
            var x = (place ^ (place >>> 16)) * DropoutMask.Multiplier1;
            x = (x ^ (x >>> 15) ^ key) * DropoutMask.Multiplier2;
            var kept = Vector512.GreaterThanOrEqual(x ^ (x >>> 16), Vector512.Create(threshold)).AsSingle();
            var value = (Vector512.Load(s + i) * factor) & kept;
            (accumulate ? Vector512.Load(d + i) + value : value).Store(d + i);
            place += Vector512.Create((uint)Vector512<float>.Count);
        }

        return i;
    }

    private static int Drop256(float* s, int count, float factor, uint threshold, ulong stream, bool accumulate, float* d)
    {
        var place = Vector256<uint>.Indices + Vector256.Create((uint)stream);
        var key = Vector256.Create((uint)(stream >> 32));
        var i = 0;
        for (; i + Vector256<float>.Count <= count; i += Vector256<float>.Count)
        {
            var x = (place ^ (place >>> 16)) * DropoutMask.Multiplier1;
            x = (x ^ (x >>> 15) ^ key) * DropoutMask.Multiplier2;
            var kept = Vector256.GreaterThanOrEqual(x ^ (x >>> 16), Vector256.Create(threshold)).AsSingle();
            var value = (Vector256.Load(s + i) * factor) & kept;
            (accumulate ? Vector256.Load(d + i) + value : value).Store(d + i);
            place += Vector256.Create((uint)Vector256<float>.Count);
        }

        return i;
    }
}
