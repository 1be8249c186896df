namespace Pursuit.Numerics;

/// <summary>
/// Single-precision matrix product, row-major, single-threaded: packed panels, cache blocks and a register tile
/// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008; Van Zee and van de Geijn, BLIS, 2015).
/// </summary>
/// <remarks>
/// <para><b>What is promised.</b> With kc = ceil(k / ceil(k / 512)), element C[i,j] is
/// s_q = the chain fma(A[i,p], B[p,j], s) over the q-th span of kc values of p in ascending order, from s = 0;
/// first C[i,j] = fma(alpha, s_0, beta * C[i,j]) (alpha * s_0 when beta is 0), then C[i,j] = fma(alpha, s_q, C[i,j]).
/// So its bits depend on row i of A, column j of B, k, alpha, beta and C[i,j] alone: not on m, n, the leading
/// dimensions, the transposes, the position in the matrix, the vector width, the machine, nor the thread.
/// An example's result doesn't depend on its batch.</para>
/// <para><b>NaN and infinity</b> spread as the chain says (0 * infinity is NaN, in whichever operand); only a NaN's
/// sign and payload are not promised. As in BLAS, C isn't read when beta is 0, and A and B aren't read when alpha or k is 0.</para>
/// <para><b>Cost.</b> 2 m n k operations; packing buffers of at most about 5.5 MB per thread, kept by the thread.</para>
/// </remarks>
internal static class Gemm
{
    /// <summary>Longest span of k summed in registers before it meets C; part of what the bits promise.</summary>
    internal const int MaxDepth = 512;

    /// <summary>C = alpha * op(A) * op(B) + beta * C, where op transposes or not.</summary>
    /// <param name="transposeA">False: A is stored [m, k]; true: [k, m].</param>
    /// <param name="transposeB">False: B is stored [k, n]; true: [n, k].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Terms per element.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A, row-major.</param>
    /// <param name="lda">Elements from one stored row of A to the next; at least the stored row's length.</param>
    /// <param name="b">B, row-major.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="beta">Factor of what C holds; 0 means C is overwritten unread.</param>
    /// <param name="c">C [m, n]; must not overlap A or B. Elements between n and ldc are left alone.</param>
    /// <param name="ldc">Elements from one row of C to the next; at least n.</param>
    /// <exception cref="PursuitException">
    /// A dimension is negative, a leading dimension shorter than its row, or a span too short.
    /// </exception>
    public static void Multiply(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc) =>
        Multiply(Simd.Best, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    /// <summary>The same for B in bf16, widened where it is packed: the bits are those of a B that was widened beforehand.</summary>
    /// <param name="transposeA">False: A is stored [m, k]; true: [k, m].</param>
    /// <param name="transposeB">False: B is stored [k, n]; true: [n, k].</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Terms per element.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A, row-major.</param>
    /// <param name="lda">Elements from one stored row of A to the next.</param>
    /// <param name="b">B in bf16, row-major.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="beta">Factor of what C holds; 0 means C is overwritten unread.</param>
    /// <param name="c">C [m, n]; must not overlap A or B.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <exception cref="PursuitException">A dimension is negative, a leading dimension below its row, or a span too short.</exception>
    public static void Multiply(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<ushort> b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc) =>
        Multiply(Simd.Best, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    internal static unsafe void Multiply(
        SimdPath path,
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc)
    {
        if (!Begin(transposeA, transposeB, m, n, k, alpha, a.Length, lda, b.Length, ldb, beta, c, ldc))
            return;
        fixed (float* pa = a, pb = b, pc = c)
        {
            var left = new GemmOperand<float>(pa, lda, transposeA);
            var right = new GemmOperand<float>(pb, ldb, !transposeB);
            Multiply<float, SingleSource>(path, m, n, k, alpha, left, right, beta, pc, ldc);
        }
    }

    internal static unsafe void Multiply(
        SimdPath path,
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<ushort> b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc)
    {
        if (!Begin(transposeA, transposeB, m, n, k, alpha, a.Length, lda, b.Length, ldb, beta, c, ldc))
            return;
        fixed (float* pa = a, pc = c)
        fixed (ushort* pb = b)
        {
            var left = new GemmOperand<float>(pa, lda, transposeA);
            var right = new GemmOperand<ushort>(pb, ldb, !transposeB);
            Multiply<ushort, BFloat16Source>(path, m, n, k, alpha, left, right, beta, pc, ldc);
        }
    }

    private static unsafe void Multiply<TElement, TSource>(
        SimdPath path,
        int m,
        int n,
        int k,
        float alpha,
        GemmOperand<float> left,
        GemmOperand<TElement> right,
        float beta,
        float* c,
        nint ldc)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        switch (path)
        {
            case SimdPath.Vector512:
                GemmBlocks<GemmTile3<Simd512>, GemmTile2<Simd512>, GemmTile1<Simd512>>.Multiply<TElement, TSource>(
                    8, m, n, k, alpha, left, right, beta, c, ldc);
                break;
            case SimdPath.Vector256:
                GemmBlocks<GemmTile3<Simd256>, GemmTile2<Simd256>, GemmTile1<Simd256>>.Multiply<TElement, TSource>(
                    4, m, n, k, alpha, left, right, beta, c, ldc);
                break;
            default:
                GemmBlocks<GemmTile3<SimdPlain>, GemmTile2<SimdPlain>, GemmTile1<SimdPlain>>.Multiply<TElement, TSource>(
                    4, m, n, k, alpha, left, right, beta, c, ldc);
                break;
        }
    }

    /// <summary>Checks the operands, and does what is without a product; false where that was all.</summary>
    private static bool Begin(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        float alpha,
        int a,
        int lda,
        int b,
        int ldb,
        float beta,
        Span<float> c,
        int ldc)
    {
        if ((m | n | k) < 0)
            throw PursuitException.At("Gemm", $"m = {m}, n = {n}, k = {k}", "no negative dimension");
        if (m == 0 || n == 0)
            return false;
        CheckMatrix("C", m, n, ldc, c.Length);
        if (k == 0 || alpha == 0)
        {
            Scale(m, n, beta, c, ldc);
            return false;
        }

        CheckMatrix("A", transposeA ? k : m, transposeA ? m : k, lda, a);
        CheckMatrix("B", transposeB ? n : k, transposeB ? k : n, ldb, b);
        return true;
    }

    private static void CheckMatrix(string name, int rows, int columns, int leading, int length)
    {
        if (leading < columns)
            throw PursuitException.At("Gemm", Stored(), $"a leading dimension of at least {columns}");
        if ((long)(rows - 1) * leading + columns is var needed && rows > 0 && needed > length)
            throw PursuitException.At("Gemm", $"{Stored()} in a span of {length} elements", $"at least {needed} elements");

        string Stored() => $"matrix {name} is stored [{rows}, {columns}] with leading dimension {leading}";
    }

    private static void Scale(int m, int n, float beta, Span<float> c, int ldc)
    {
        for (var i = 0; i < m; i++)
        {
            // A slice counts from an int, and the check above has shown that i * ldc is one.
            var row = c.Slice(i * ldc, n);
            if (beta == 0)
            {
                row.Clear();
                continue;
            }

            foreach (ref var value in row)
                value *= beta;
        }
    }
}
