using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>
/// The micro-kernels: a few rows of A against one panel of B, sums in registers, k in ascending order.
/// A is read as a[row * aRow + k * aStep], so it may be packed, plain or transposed; B as b[k * bStep + column].
/// The number of rows changes nothing in any row's arithmetic.
/// </summary>
internal static unsafe class GemmKernels
{
    /// <summary>Runs 8, 4, 2 and 1 rows at a time until <paramref name="rows"/> are done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile>(
        int rows, int rowsAtOnce, int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float alpha, float beta, float* c, nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        var row = 0;
        if (rowsAtOnce >= 8)
        {
            for (; row + 8 <= rows; row += 8)
                Rows8<TTile>(k, a + row * aRow, aRow, aStep, b, bStep, alpha, beta, c + row * ldc, ldc);
        }

        for (; row + 4 <= rows; row += 4)
            Rows4<TTile>(k, a + row * aRow, aRow, aStep, b, bStep, alpha, beta, c + row * ldc, ldc);
        if (row + 2 <= rows)
        {
            Rows2<TTile>(k, a + row * aRow, aRow, aStep, b, bStep, alpha, beta, c + row * ldc, ldc);
            row += 2;
        }

        if (row < rows)
            Rows1<TTile>(k, a + row * aRow, aStep, b, bStep, alpha, beta, c + row * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows8<TTile>(
        int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float alpha, float beta, float* c, nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        TTile r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        // C is met k steps from now; asking for it here hides its way from memory.
        for (nint r = 0; r < 8; r++)
            TTile.Prefetch(c + r * ldc);
        nint a2 = 2 * aRow, a3 = 3 * aRow, a4 = 4 * aRow, a5 = 5 * aRow, a6 = 6 * aRow, a7 = 7 * aRow;
        for (; k > 0; k--)
        {
            var v = TTile.Load(b);
            r0 = TTile.MultiplyAdd(a, v, r0);
            r1 = TTile.MultiplyAdd(a + aRow, v, r1);
            r2 = TTile.MultiplyAdd(a + a2, v, r2);
            r3 = TTile.MultiplyAdd(a + a3, v, r3);
            r4 = TTile.MultiplyAdd(a + a4, v, r4);
            r5 = TTile.MultiplyAdd(a + a5, v, r5);
            r6 = TTile.MultiplyAdd(a + a6, v, r6);
            r7 = TTile.MultiplyAdd(a + a7, v, r7);
            a += aStep;
            b += bStep;
        }

        Store(r0, r1, alpha, beta, c, ldc);
        Store(r2, r3, alpha, beta, c + 2 * ldc, ldc);
        Store(r4, r5, alpha, beta, c + 4 * ldc, ldc);
        Store(r6, r7, alpha, beta, c + 6 * ldc, ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4<TTile>(
        int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float alpha, float beta, float* c, nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        TTile r0 = default, r1 = default, r2 = default, r3 = default;
        nint a2 = 2 * aRow, a3 = 3 * aRow;
        for (; k > 0; k--)
        {
            var v = TTile.Load(b);
            r0 = TTile.MultiplyAdd(a, v, r0);
            r1 = TTile.MultiplyAdd(a + aRow, v, r1);
            r2 = TTile.MultiplyAdd(a + a2, v, r2);
            r3 = TTile.MultiplyAdd(a + a3, v, r3);
            a += aStep;
            b += bStep;
        }

        Store(r0, r1, alpha, beta, c, ldc);
        Store(r2, r3, alpha, beta, c + 2 * ldc, ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows2<TTile>(
        int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float alpha, float beta, float* c, nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        TTile r0 = default, r1 = default;
        for (; k > 0; k--)
        {
            var v = TTile.Load(b);
            r0 = TTile.MultiplyAdd(a, v, r0);
            r1 = TTile.MultiplyAdd(a + aRow, v, r1);
            a += aStep;
            b += bStep;
        }

        Store(r0, r1, alpha, beta, c, ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows1<TTile>(int k, float* a, nint aStep, float* b, nint bStep, float alpha, float beta, float* c)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        TTile r0 = default;
        for (; k > 0; k--)
        {
            r0 = TTile.MultiplyAdd(a, TTile.Load(b), r0);
            a += aStep;
            b += bStep;
        }

        if (beta == 0)
            TTile.Store(r0, alpha, c);
        else
            TTile.Store(r0, alpha, beta, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TTile>(TTile first, TTile second, float alpha, float beta, float* c, nint ldc)
        where TTile : unmanaged, IGemmTile<TTile>
    {
        if (beta == 0)
        {
            TTile.Store(first, alpha, c);
            TTile.Store(second, alpha, c + ldc);
        }
        else
        {
            TTile.Store(first, alpha, beta, c);
            TTile.Store(second, alpha, beta, c + ldc);
        }
    }
}
