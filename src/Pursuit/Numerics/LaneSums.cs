using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>One row's running sums against a few right-hand sides, a vector of lanes for each; a struct stays in registers.</summary>
internal unsafe interface ILaneSums<TSelf, TVector>
    where TSelf : unmanaged, ILaneSums<TSelf, TVector>
    where TVector : unmanaged, ISimd<TVector>
{
    /// <summary>Right-hand sides.</summary>
    static abstract int Count { get; }

    /// <summary>A vector of each right-hand side, 16 numbers apart (<see cref="PackedRights"/>).</summary>
    static abstract TSelf Load(float* right);

    /// <summary>sums + row * right.</summary>
    static abstract TSelf MultiplyAdd(TVector row, TSelf right, TSelf sums);

    /// <summary>Writes the vectors, 16 numbers apart.</summary>
    static abstract void Store(TSelf sums, float* destination);
}

/// <summary>One right-hand side.</summary>
internal unsafe struct LaneSums1<TVector> : ILaneSums<LaneSums1<TVector>, TVector>
    where TVector : unmanaged, ISimd<TVector>
{
    private TVector _v0;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSums1<TVector> Load(float* right) => new() { _v0 = TVector.Load(right) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSums1<TVector> MultiplyAdd(TVector row, LaneSums1<TVector> right, LaneSums1<TVector> sums) =>
        new() { _v0 = TVector.FusedMultiplyAdd(row, right._v0, sums._v0) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(LaneSums1<TVector> sums, float* destination) => sums._v0.Store(destination);
}

/// <summary>Four right-hand sides.</summary>
internal unsafe struct LaneSums4<TVector> : ILaneSums<LaneSums4<TVector>, TVector>
    where TVector : unmanaged, ISimd<TVector>
{
    private TVector _v0;
    private TVector _v1;
    private TVector _v2;
    private TVector _v3;

    /// <inheritdoc/>
    public static int Count => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSums4<TVector> Load(float* right) => new()
    {
        _v0 = TVector.Load(right),
        _v1 = TVector.Load(right + 16),
        _v2 = TVector.Load(right + 32),
        _v3 = TVector.Load(right + 48),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSums4<TVector> MultiplyAdd(TVector row, LaneSums4<TVector> right, LaneSums4<TVector> sums) => new()
    {
        _v0 = TVector.FusedMultiplyAdd(row, right._v0, sums._v0),
        _v1 = TVector.FusedMultiplyAdd(row, right._v1, sums._v1),
        _v2 = TVector.FusedMultiplyAdd(row, right._v2, sums._v2),
        _v3 = TVector.FusedMultiplyAdd(row, right._v3, sums._v3),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(LaneSums4<TVector> sums, float* destination)
    {
        sums._v0.Store(destination);
        sums._v1.Store(destination + 16);
        sums._v2.Store(destination + 32);
        sums._v3.Store(destination + 48);
    }
}
