using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>How a kernel reads its numbers into vectors, so that fp32 and bf16 rows share one body.</summary>
internal unsafe interface IVectorSource<TElement>
    where TElement : unmanaged
{
    /// <summary>Reads a vector, widened exactly.</summary>
    static abstract TVector Load<TVector>(TElement* source)
        where TVector : unmanaged, ISimd<TVector>;
}

/// <summary>fp32 numbers.</summary>
internal readonly unsafe struct SingleSource : IVectorSource<float>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(float* source)
        where TVector : unmanaged, ISimd<TVector> => TVector.Load(source);
}

/// <summary>bf16 numbers.</summary>
internal readonly unsafe struct BFloat16Source : IVectorSource<ushort>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(ushort* source)
        where TVector : unmanaged, ISimd<TVector> => TVector.LoadBFloat16(source);
}
