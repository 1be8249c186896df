using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Products of the small matrices within one attention head, without packing: C[m,n] (+)= A[m,k] B[k,n], where A is
/// read value by value with any two strides (so also transposed) and B by whole vectors: n is a multiple of the lane's
/// width. Sums run over k in ascending order in every path, so a row's result does not depend on its neighbours.
/// </summary>
internal static unsafe class TileKernels
{
    public static void Multiply<TLane>(int m, int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TLane : struct, ILane<TLane>
    {
        var row = 0;
        if (TLane.Width == 16)
        {
            for (; row + 8 <= m; row += 8)
                Rows8<TLane>(n, k, a + row * rowA, rowA, stepA, b, strideB, accumulate, c + row * strideC, strideC);
        }

        for (; row + 4 <= m; row += 4)
            Rows4<TLane>(n, k, a + row * rowA, rowA, stepA, b, strideB, accumulate, c + row * strideC, strideC);
        for (; row < m; row++)
            Rows1<TLane>(n, k, a + row * rowA, stepA, b, strideB, accumulate, c + row * strideC);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8<TLane>(int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TLane : struct, ILane<TLane>
    {
        var column = 0;
        var width = TLane.Width;
        nint a2 = 2 * rowA, a3 = 3 * rowA, a4 = 4 * rowA, a5 = 5 * rowA, a6 = 6 * rowA, a7 = 7 * rowA;
        for (; column + 2 * width <= n; column += 2 * width)
        {
            TLane x0 = default, x1 = default, x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
            TLane y0 = default, y1 = default, y2 = default, y3 = default, y4 = default, y5 = default, y6 = default, y7 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var (u, v) = (TLane.Load(right), TLane.Load(right + width));
                var s = TLane.Broadcast(*left);
                x0 = TLane.MultiplyAdd(s, u, x0);
                y0 = TLane.MultiplyAdd(s, v, y0);
                s = TLane.Broadcast(left[rowA]);
                x1 = TLane.MultiplyAdd(s, u, x1);
                y1 = TLane.MultiplyAdd(s, v, y1);
                s = TLane.Broadcast(left[a2]);
                x2 = TLane.MultiplyAdd(s, u, x2);
                y2 = TLane.MultiplyAdd(s, v, y2);
                s = TLane.Broadcast(left[a3]);
                x3 = TLane.MultiplyAdd(s, u, x3);
                y3 = TLane.MultiplyAdd(s, v, y3);
                s = TLane.Broadcast(left[a4]);
                x4 = TLane.MultiplyAdd(s, u, x4);
                y4 = TLane.MultiplyAdd(s, v, y4);
                s = TLane.Broadcast(left[a5]);
                x5 = TLane.MultiplyAdd(s, u, x5);
                y5 = TLane.MultiplyAdd(s, v, y5);
                s = TLane.Broadcast(left[a6]);
                x6 = TLane.MultiplyAdd(s, u, x6);
                y6 = TLane.MultiplyAdd(s, v, y6);
                s = TLane.Broadcast(left[a7]);
                x7 = TLane.MultiplyAdd(s, u, x7);
                y7 = TLane.MultiplyAdd(s, v, y7);
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
            TLane x0 = default, x1 = default, x2 = default, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var u = TLane.Load(right);
                x0 = TLane.MultiplyAdd(TLane.Broadcast(*left), u, x0);
                x1 = TLane.MultiplyAdd(TLane.Broadcast(left[rowA]), u, x1);
                x2 = TLane.MultiplyAdd(TLane.Broadcast(left[a2]), u, x2);
                x3 = TLane.MultiplyAdd(TLane.Broadcast(left[a3]), u, x3);
                x4 = TLane.MultiplyAdd(TLane.Broadcast(left[a4]), u, x4);
                x5 = TLane.MultiplyAdd(TLane.Broadcast(left[a5]), u, x5);
                x6 = TLane.MultiplyAdd(TLane.Broadcast(left[a6]), u, x6);
                x7 = TLane.MultiplyAdd(TLane.Broadcast(left[a7]), u, x7);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
            Store4(x4, x5, x6, x7, accumulate, c + column + 4 * strideC, strideC);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<TLane>(int n, int k, float* a, nint rowA, nint stepA, float* b, nint strideB, bool accumulate, float* c, nint strideC)
        where TLane : struct, ILane<TLane>
    {
        var column = 0;
        var width = TLane.Width;
        nint a2 = 2 * rowA, a3 = 3 * rowA;
        for (; column + 2 * width <= n; column += 2 * width)
        {
            TLane x0 = default, x1 = default, x2 = default, x3 = default;
            TLane y0 = default, y1 = default, y2 = default, y3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var (u, v) = (TLane.Load(right), TLane.Load(right + width));
                var s = TLane.Broadcast(*left);
                x0 = TLane.MultiplyAdd(s, u, x0);
                y0 = TLane.MultiplyAdd(s, v, y0);
                s = TLane.Broadcast(left[rowA]);
                x1 = TLane.MultiplyAdd(s, u, x1);
                y1 = TLane.MultiplyAdd(s, v, y1);
                s = TLane.Broadcast(left[a2]);
                x2 = TLane.MultiplyAdd(s, u, x2);
                y2 = TLane.MultiplyAdd(s, v, y2);
                s = TLane.Broadcast(left[a3]);
                x3 = TLane.MultiplyAdd(s, u, x3);
                y3 = TLane.MultiplyAdd(s, v, y3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
            Store4(y0, y1, y2, y3, accumulate, c + column + width, strideC);
        }

        for (; column < n; column += width)
        {
            TLane x0 = default, x1 = default, x2 = default, x3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var u = TLane.Load(right);
                x0 = TLane.MultiplyAdd(TLane.Broadcast(*left), u, x0);
                x1 = TLane.MultiplyAdd(TLane.Broadcast(left[rowA]), u, x1);
                x2 = TLane.MultiplyAdd(TLane.Broadcast(left[a2]), u, x2);
                x3 = TLane.MultiplyAdd(TLane.Broadcast(left[a3]), u, x3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, strideC);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TLane>(int n, int k, float* a, nint stepA, float* b, nint strideB, bool accumulate, float* c)
        where TLane : struct, ILane<TLane>
    {
        var column = 0;
        var width = TLane.Width;
        for (; column + 4 * width <= n; column += 4 * width)
        {
            TLane x0 = default, x1 = default, x2 = default, x3 = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                var s = TLane.Broadcast(*left);
                x0 = TLane.MultiplyAdd(s, TLane.Load(right), x0);
                x1 = TLane.MultiplyAdd(s, TLane.Load(right + width), x1);
                x2 = TLane.MultiplyAdd(s, TLane.Load(right + 2 * width), x2);
                x3 = TLane.MultiplyAdd(s, TLane.Load(right + 3 * width), x3);
                left += stepA;
                right += strideB;
            }

            Store4(x0, x1, x2, x3, accumulate, c + column, width);
        }

        for (; column < n; column += width)
        {
            TLane x = default;
            var left = a;
            var right = b + column;
            for (var l = 0; l < k; l++)
            {
                x = TLane.MultiplyAdd(TLane.Broadcast(*left), TLane.Load(right), x);
                left += stepA;
                right += strideB;
            }

            Store(x, accumulate, c + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4<TLane>(TLane x0, TLane x1, TLane x2, TLane x3, bool accumulate, float* c, nint stride)
        where TLane : struct, ILane<TLane>
    {
        Store(x0, accumulate, c);
        Store(x1, accumulate, c + stride);
        Store(x2, accumulate, c + 2 * stride);
        Store(x3, accumulate, c + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLane>(TLane x, bool accumulate, float* c)
        where TLane : struct, ILane<TLane>
    {
        if (accumulate)
            x += TLane.Load(c);
        x.Store(c);
    }
}
