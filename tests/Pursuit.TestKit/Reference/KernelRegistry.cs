using System.Runtime.InteropServices;
using Pursuit.Numerics;

namespace Pursuit.TestKit.Reference;

/// <summary>A fast kernel and its plain twin on common inputs, so that tests treat all kernels alike.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="Fast">Runs the kernel on a path.</param>
/// <param name="Twin">Runs the readable version.</param>
/// <param name="SameBits">True when the twin promises the very bits, false when it is only close.</param>
internal sealed record KernelPair(string Name, KernelPair.FastKernel Fast, KernelPair.TwinKernel Twin, bool SameBits)
{
    /// <summary>x and y have n numbers; the destination is as long as both kernels need, 4 n + 16.</summary>
    public delegate void FastKernel(SimdPath path, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination);

    /// <inheritdoc cref="FastKernel"/>
    public delegate void TwinKernel(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination);
}

/// <summary>Every vectorised kernel beside its twin. A kernel that isn't here isn't tested: add it.</summary>
internal static class KernelRegistry
{
    /// <summary>All pairs.</summary>
    public static IReadOnlyList<KernelPair> Pairs { get; } =
    [
        new("dot", (path, x, y, d) => d[0] = DotProduct.Of(path, x, y), (x, y, d) => d[0] = ReferenceVectors.Dot(x, y), false),
        new(
            "dot in promised order",
            (path, x, y, d) => d[0] = DotProduct.Of(path, x, y),
            (x, y, d) => d[0] = ReferenceVectors.DotInLanes(x, y, 64),
            true),
        new("cosine", (path, x, y, d) => d[0] = DotProduct.Cosine(path, x, y), (x, y, d) => d[0] = ReferenceVectors.Cosine(x, y), false),
        new(
            "axpy",
            (path, x, y, d) => { y.CopyTo(d); Axpy.Add(path, -0.7f, x, d[..x.Length]); },
            (x, y, d) => { y.CopyTo(d); ReferenceVectors.Axpy(-0.7f, x, d[..x.Length]); },
            true),
        new(
            "bf16 there and back",
            (
                path,
                x,
                _,
                d) => { var narrow = new ushort[x.Length]; FloatConversion.SingleToBFloat16(
                    path, x, narrow); FloatConversion.BFloat16ToSingle(path, narrow, d); },
            (x, _, d) => Rounded(x).CopyTo(d),
            true),
        new(
            "scan, one right-hand side",
            (path, x, y, d) => RowScan.Dots(path, x, 1, x.Length, y, 1, d[..1]),
            (x, y, d) => d[0] = ReferenceVectors.DotInLanes(x, y, 16),
            true),
        new(
            "scan bf16, one right-hand side",
            (path, x, y, d) => RowScan.Dots(path, Narrow(x), 1, x.Length, y, 1, d[..1]),
            (x, y, d) => d[0] = ReferenceVectors.DotInLanes(Rounded(x), y, 16),
            true),
        new(
            "scan, as rows of 3 numbers",
            (path, x, y, d) => RowScan.Dots(path, x[..(x.Length / 3 * 3)], x.Length / 3, 3, Padded(y), 5, d[..(x.Length / 3 * 5)]),
            (x, y, d) => ReferenceVectors.Scan(x[..(x.Length / 3 * 3)], x.Length / 3, 3, Padded(y), 5, d),
            true),
        new(
            "scan of bytes, one right-hand side",
            (path, x, y, d) =>
                ByteScan.Dots(path, Bytes(x), 1, new PackedWords(y, 1, y.Length, y.Length), MemoryMarshal.Cast<float, long>(d)[..1]),
            (x, y, d) => MemoryMarshal.Cast<float, long>(d)[0] = ReferenceVectors.DotOfBytes(Bytes(x), y),
            true),
        new(
            "squared distance",
            (_, x, y, d) => BitConverter.TryWriteBytes(MemoryMarshal.AsBytes(d), SquaredDistance.Of(x, y)),
            (x, y, d) => BitConverter.TryWriteBytes(MemoryMarshal.AsBytes(d), ReferenceVectors.SquaredDistance(x, y)),
            true),
        new(
            "gemm, as one column",
            (path, x, y, d) => Gemm.Multiply(path, false, false, x.Length, 1, 1, 1, x, 1, [2f], 1, 0, d, 1),
            (x, y, d) => ReferenceGemm.Multiply(false, false, x.Length, 1, 1, 1, x, 1, [2f], 1, 0, d, 1),
            true),
    ];

    /// <summary>Signed bytes, extremes among them, that depend on x.</summary>
    private static sbyte[] Bytes(ReadOnlySpan<float> x)
    {
        var bytes = new sbyte[x.Length];
        for (var i = 0; i < x.Length; i++) bytes[i] = (sbyte)(BitConverter.SingleToInt32Bits(x[i]) >> 12);
        return bytes;
    }

    private static ushort[] Narrow(ReadOnlySpan<float> x)
    {
        var narrow = new ushort[x.Length];
        for (var i = 0; i < x.Length; i++)
            narrow[i] = ReferenceFloatConversion.SingleToBFloat16(x[i]);
        return narrow;
    }

    private static float[] Rounded(ReadOnlySpan<float> x)
    {
        var rounded = new float[x.Length];
        for (var i = 0; i < x.Length; i++)
            rounded[i] = FloatConversion.ToSingle(ReferenceFloatConversion.SingleToBFloat16(x[i]));
        return rounded;
    }

    /// <summary>Five right-hand sides of 3 numbers from the first of y, zeros where it is shorter.</summary>
    private static float[] Padded(ReadOnlySpan<float> y)
    {
        var right = new float[15];
        y[..Math.Min(15, y.Length)].CopyTo(right);
        return right;
    }
}
