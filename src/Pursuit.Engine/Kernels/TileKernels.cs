using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Products of the small matrices within one attention head, without packing: C[m,n] (+)= A[m,k] B[k,n], where A is
/// read value by value with any two strides (so also transposed) and B by whole vectors: n is a multiple of the lane's
/// width. Sums run over k in ascending order in every path, so a row's result does not depend on its neighbours.
/// </summary>
internal static unsafe class TileKernels
{
    public static void Multiply<TVector>(
        int m, int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TVector : unmanaged, ISimd<TVector>
    {
        var row = 0;
        if (TVector.Count == 16)
        {
            for (; row + 8 <= m; row += 8)
                Rows8<TVector>(n, k, a + row * rowA, rowA, stepA, b, strideB, accumulate, c + row * strideC, strideC);
        }

        for (; row + 4 <= m; row += 4)
            Rows4<TVector>(n, k, a + row * rowA, rowA, stepA, b, strideB, accumulate, c + row * strideC, strideC);
        for (; row < m; row++)
            Rows1<TVector>(n, k, a + row * rowA, stepA, b, strideB, accumulate, c + row * strideC);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8<TVector>(
        int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TVector : unmanaged, ISimd<TVector>
    {
        var column = 0;
        var width = TVector.Count;
        nint a2 = 2 * rowA, a3 = 3 * rowA, a4 = 4 * rowA, a5 = 5 * rowA, a6 = 6 * rowA, a7 = 7 * rowA;
        for (; column + 2 * width <= n; column += 2 * width)
        {
            TVector x0 = default, x1 = default, x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
            TVector y0 = default, y1 = default, y2 = default, y3 = default, y4 = default, y5 = default, y6 = default, y7 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var (u, v) = (TVector.Load(right), TVector.Load(right + width));
                var s = TVector.Create(*left);
                x0 = TVector.FusedMultiplyAdd(s, u, x0);
                y0 = TVector.FusedMultiplyAdd(s, v, y0);
                s = TVector.Create(left[rowA]);
                x1 = TVector.FusedMultiplyAdd(s, u, x1);
                y1 = TVector.FusedMultiplyAdd(s, v, y1);
                s = TVector.Create(left[a2]);
                x2 = TVector.FusedMultiplyAdd(s, u, x2);
                y2 = TVector.FusedMultiplyAdd(s, v, y2);
                s = TVector.Create(left[a3]);
                x3 = TVector.FusedMultiplyAdd(s, u, x3);
                y3 = TVector.FusedMultiplyAdd(s, v, y3);
                s = TVector.Create(left[a4]);
                x4 = TVector.FusedMultiplyAdd(s, u, x4);
                y4 = TVector.FusedMultiplyAdd(s, v, y4);
                s = TVector.Create(left[a5]);
                x5 = TVector.FusedMultiplyAdd(s, u, x5);
                y5 = TVector.FusedMultiplyAdd(s, v, y5);
                s = TVector.Create(left[a6]);
                x6 = TVector.FusedMultiplyAdd(s, u, x6);
                y6 = TVector.FusedMultiplyAdd(s, v, y6);
                s = TVector.Create(left[a7]);
                x7 = TVector.FusedMultiplyAdd(s, u, x7);
                y7 = TVector.FusedMultiplyAdd(s, v, y7);
                left += stepA;
                right += strideB;
            }

            var target = c + column;
            Store4(x0, x1, x2, x3, accumulate, target, strideC);
            Store4(x4, x5, x6, x7, accumulate, target + 4 * strideC, strideC);
            Store4(y0, y1, y2, y3, accumulate, target + width, strideC);
            Store4(y4, y5, y6, y7, accumulate, target + width + 4 * strideC, strideC);
        }

        for (; column < n; column += width)
        {
            TVector x0 = default, x1 = default, x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var u = TVector.Load(right);
                x0 = TVector.FusedMultiplyAdd(TVector.Create(*left), u, x0);
                x1 = TVector.FusedMultiplyAdd(TVector.Create(left[rowA]), u, x1);
                x2 = TVector.FusedMultiplyAdd(TVector.Create(left[a2]), u, x2);
                x3 = TVector.FusedMultiplyAdd(TVector.Create(left[a3]), u, x3);
                x4 = TVector.FusedMultiplyAdd(TVector.Create(left[a4]), u, x4);
                x5 = TVector.FusedMultiplyAdd(TVector.Create(left[a5]), u, x5);
                x6 = TVector.FusedMultiplyAdd(TVector.Create(left[a6]), u, x6);
                x7 = TVector.FusedMultiplyAdd(TVector.Create(left[a7]), u, x7);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
            Store4(x4, x5, x6, x7, accumulate, c + column + 4 * strideC, strideC);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<TVector>(
        int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TVector : unmanaged, ISimd<TVector>
    {
        var column = 0;
        var width = TVector.Count;
        nint a2 = 2 * rowA, a3 = 3 * rowA;
        for (; column + 2 * width <= n; column += 2 * width)
        {
            TVector x0 = default, x1 = default, x2 = default, x3 = default;
            TVector y0 = default, y1 = default, y2 = default, y3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var (u, v) = (TVector.Load(right), TVector.Load(right + width));
                var s = TVector.Create(*left);
                x0 = TVector.FusedMultiplyAdd(s, u, x0);
                y0 = TVector.FusedMultiplyAdd(s, v, y0);
                s = TVector.Create(left[rowA]);
                x1 = TVector.FusedMultiplyAdd(s, u, x1);
                y1 = TVector.FusedMultiplyAdd(s, v, y1);
                s = TVector.Create(left[a2]);
                x2 = TVector.FusedMultiplyAdd(s, u, x2);
                y2 = TVector.FusedMultiplyAdd(s, v, y2);
                s = TVector.Create(left[a3]);
                x3 = TVector.FusedMultiplyAdd(s, u, x3);
                y3 = TVector.FusedMultiplyAdd(s, v, y3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
            Store4(y0, y1, y2, y3, accumulate, c + column + width, strideC);
        }

        for (; column < n; column += width)
        {
            TVector x0 = default, x1 = default, x2 = default, x3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var u = TVector.Load(right);
                x0 = TVector.FusedMultiplyAdd(TVector.Create(*left), u, x0);
                x1 = TVector.FusedMultiplyAdd(TVector.Create(left[rowA]), u, x1);
                x2 = TVector.FusedMultiplyAdd(TVector.Create(left[a2]), u, x2);
                x3 = TVector.FusedMultiplyAdd(TVector.Create(left[a3]), u, x3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TVector>(int n, int k, float* a, nint stepA, float* b, nint strideB, bool accumulate, float* c)
        where TVector : unmanaged, ISimd<TVector>
    {
        var column = 0;
        var width = TVector.Count;
        for (; column + 4 * width <= n; column += 4 * width)
        {
            TVector x0 = default, x1 = default, x2 = default, x3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var s = TVector.Create(*left);
                x0 = TVector.FusedMultiplyAdd(s, TVector.Load(right), x0);
                x1 = TVector.FusedMultiplyAdd(s, TVector.Load(right + width), x1);
                x2 = TVector.FusedMultiplyAdd(s, TVector.Load(right + 2 * width), x2);
                x3 = TVector.FusedMultiplyAdd(s, TVector.Load(right + 3 * width), x3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, width);
        }

        for (; column < n; column += width)
        {
            TVector x = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                x = TVector.FusedMultiplyAdd(TVector.Create(*left), TVector.Load(right), x);
                left += stepA;
                right += strideB;
            }

            Store(x, accumulate, c + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4<TVector>(TVector x0, TVector x1, TVector x2, TVector x3, bool accumulate, float* c, nint stride)
        where TVector : unmanaged, ISimd<TVector>
    {
        Store(x0, accumulate, c);
        Store(x1, accumulate, c + stride);
        Store(x2, accumulate, c + 2 * stride);
        Store(x3, accumulate, c + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector>(TVector x, bool accumulate, float* c)
        where TVector : unmanaged, ISimd<TVector>
    {
        if (accumulate)
            x += TVector.Load(c);
        x.Store(c);
    }
}
