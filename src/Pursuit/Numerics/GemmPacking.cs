using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>
/// Copies a block of a matrix into a panel [k, width]: the lanes that a micro-kernel needs together stand together.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>Fills <paramref name="panel"/> [k, width], widening; lanes from <paramref name="lanes"/> to width become 0.</summary>
    /// <param name="source">Element (lane 0, k 0).</param>
    /// <param name="lanesTogether">True: lane j of step p is source[p * stride + j]. False: source[j * stride + p].</param>
    /// <param name="stride">Leading dimension of the source.</param>
    /// <param name="lanes">Lanes that exist.</param>
    /// <param name="width">Lanes of the panel.</param>
    /// <param name="k">Steps.</param>
    /// <param name="panel">The destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<TElement, TSource>(TElement* source, bool lanesTogether, nint stride, int lanes, int width, int k, float* panel)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        if (lanesTogether)
            Copy<TElement, TSource>(source, stride, lanes, width, k, panel);
        else
            Transpose<TElement, TSource>(source, stride, lanes, width, k, panel);
        if (lanes < width)
        {
            for (nint p = 0; p < k; p++)
                new Span<float>(panel + p * width + lanes, width - lanes).Clear();
        }
    }

    /// <summary>
    /// Fills several panels [k, width] side by side from lanes that stand together, a whole row of them per step:
    /// one narrow panel after another would fetch each cache line several times.
    /// </summary>
    /// <param name="source">Element (lane 0, k 0); lane j of step p is source[p * stride + j].</param>
    /// <param name="stride">Leading dimension of the source.</param>
    /// <param name="panels">Panels; each of width lanes that all exist.</param>
    /// <param name="width">Lanes of a panel, 4 or 8.</param>
    /// <param name="k">Steps.</param>
    /// <param name="destination">The first panel; the next stands width * k further.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyPanels(float* source, nint stride, int panels, int width, int k, float* destination)
    {
        const int AtOnce = 16; // panels of 8 lanes: eight cache lines of each step
        nint panelLength = (nint)width * k;
        for (; panels > 0; panels -= AtOnce)
        {
            var group = Math.Min(AtOnce, panels);
            for (nint p = 0; p < k; p++)
            {
                var from = source + p * stride;
                var to = destination + p * width;
                for (var panel = 0; panel < group; panel++)
                {
                    if (width == 8)
                        Vector256.Load(from).Store(to);
                    else
                        Vector128.Load(from).Store(to);
                    from += width;
                    to += panelLength;
                }
            }

            source += AtOnce * width;
            destination += AtOnce * panelLength;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TElement, TSource>(TElement* source, nint stride, int lanes, int width, int k, float* panel)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        for (; k > 0; k--)
        {
            nint j = 0;
            if (Vector256.IsHardwareAccelerated)
            {
                for (; j + 16 <= lanes; j += 16)
                    TSource.Load<Simd512>(source + j).Store(panel + j);
                for (; j + 8 <= lanes; j += 8)
                    TSource.Load<Simd256>(source + j).Store(panel + j);
            }

            for (; j < lanes; j++)
                panel[j] = TSource.LoadOne(source + j);
            source += stride;
            panel += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose<TElement, TSource>(TElement* source, nint stride, int lanes, int width, int k, float* panel)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        nint j = 0;
        if (Avx.IsSupported)
        {
            for (; j + 8 <= lanes; j += 8)
            {
                nint p = 0;
                for (; p + 8 <= k; p += 8)
                    Transpose8x8<TElement, TSource>(source + j * stride + p, stride, panel + p * width + j, width);
                for (; p < k; p++)
                {
                    for (nint r = 0; r < 8; r++)
                        panel[p * width + j + r] = TSource.LoadOne(source + (j + r) * stride + p);
                }
            }
        }

        for (; j < lanes; j++)
        {
            for (nint p = 0; p < k; p++)
                panel[p * width + j] = TSource.LoadOne(source + j * stride + p);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8<TElement, TSource>(TElement* source, nint stride, float* destination, nint width)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        var r0 = TSource.LoadEight(source);
        var r1 = TSource.LoadEight(source + stride);
        var r2 = TSource.LoadEight(source + 2 * stride);
        var r3 = TSource.LoadEight(source + 3 * stride);
        var r4 = TSource.LoadEight(source + 4 * stride);
        var r5 = TSource.LoadEight(source + 5 * stride);
        var r6 = TSource.LoadEight(source + 6 * stride);
        var r7 = TSource.LoadEight(source + 7 * stride);
        var p01 = Avx.UnpackLow(r0, r1);
        var q01 = Avx.UnpackHigh(r0, r1);
        var p23 = Avx.UnpackLow(r2, r3);
        var q23 = Avx.UnpackHigh(r2, r3);
        var p45 = Avx.UnpackLow(r4, r5);
        var q45 = Avx.UnpackHigh(r4, r5);
        var p67 = Avx.UnpackLow(r6, r7);
        var q67 = Avx.UnpackHigh(r6, r7);
        // Each line now holds steps (n, n + 4) of four lanes; the last shuffle joins lanes 0-3 and 4-7.
        var s04 = Avx.Shuffle(p01, p23, 0x44);
        var s15 = Avx.Shuffle(p01, p23, 0xEE);
        var s26 = Avx.Shuffle(q01, q23, 0x44);
        var s37 = Avx.Shuffle(q01, q23, 0xEE);
        var t04 = Avx.Shuffle(p45, p67, 0x44);
        var t15 = Avx.Shuffle(p45, p67, 0xEE);
        var t26 = Avx.Shuffle(q45, q67, 0x44);
        var t37 = Avx.Shuffle(q45, q67, 0xEE);
        Avx.Permute2x128(s04, t04, 0x20).Store(destination);
        Avx.Permute2x128(s15, t15, 0x20).Store(destination + width);
        Avx.Permute2x128(s26, t26, 0x20).Store(destination + 2 * width);
        Avx.Permute2x128(s37, t37, 0x20).Store(destination + 3 * width);
        Avx.Permute2x128(s04, t04, 0x31).Store(destination + 4 * width);
        Avx.Permute2x128(s15, t15, 0x31).Store(destination + 5 * width);
        Avx.Permute2x128(s26, t26, 0x31).Store(destination + 6 * width);
        Avx.Permute2x128(s37, t37, 0x31).Store(destination + 7 * width);
    }
}
