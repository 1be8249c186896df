using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>How a kernel reads its numbers into vectors, so that fp32 and bf16 rows share one body.</summary>
internal unsafe interface IVectorSource<TElement>
    where TElement : unmanaged
{
    /// <summary>Reads a vector, widened exactly.</summary>
    static abstract TVector Load<TVector>(TElement* source)
        where TVector : unmanaged, ISimd<TVector>;

    /// <summary>Reads eight numbers, widened exactly.</summary>
    static abstract Vector256<float> LoadEight(TElement* source);

    /// <summary>Reads one number, widened exactly.</summary>
    static abstract float LoadOne(TElement* source);
}

/// <summary>fp32 numbers.</summary>
internal readonly unsafe struct SingleSource : IVectorSource<float>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(float* source)
        where TVector : unmanaged, ISimd<TVector> => TVector.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadEight(float* source) => Vector256.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(float* source) => *source;
}

/// <summary>bf16 numbers.</summary>
internal readonly unsafe struct BFloat16Source : IVectorSource<ushort>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(ushort* source)
        where TVector : unmanaged, ISimd<TVector> => TVector.LoadBFloat16(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadEight(ushort* source)
    {
        if (Avx2.IsSupported)
            return (Avx2.ConvertToVector256Int32(Vector128.Load(source)) << 16).AsSingle();
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        return (Vector256.Create(low, high) << 16).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(ushort* source) => FloatConversion.ToSingle(*source);
}
