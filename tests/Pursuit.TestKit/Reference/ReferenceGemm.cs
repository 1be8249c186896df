using Pursuit.Numerics;

namespace Pursuit.TestKit.Reference;

/// <summary>The plain twins of <see cref="Gemm"/>.</summary>
internal static class ReferenceGemm
{
    /// <summary>C = alpha * op(A) * op(B) + beta * C, each element summed in double precision and rounded once.</summary>
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
        int ldc)
    {
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                for (var p = 0; p < k && alpha != 0; p++)
                    sum += (double)a[transposeA ? p * lda + i : i * lda + p] * b[transposeB ? j * ldb + p : p * ldb + j];
                ref var target = ref c[i * ldc + j];
                target = (float)(alpha * sum + (beta == 0 ? 0 : (double)beta * target));
            }
        }
    }

    /// <summary>The same product in the very order that <see cref="Gemm"/> promises, so that bits can be compared.</summary>
    public static void MultiplyInPromisedOrder(
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
        var blocks = Math.Max(1, (k + Gemm.MaxDepth - 1) / Gemm.MaxDepth);
        var depth = Math.Max(1, (k + blocks - 1) / blocks);
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                ref var target = ref c[i * ldc + j];
                if (k == 0 || alpha == 0)
                {
                    target = beta == 0 ? 0 : beta * target;
                    continue;
                }

                for (var start = 0; start < k; start += depth)
                {
                    var sum = 0f;
                    for (var p = start; p < Math.Min(k, start + depth); p++)
                        sum = MathF.FusedMultiplyAdd(
                            a[transposeA ? p * lda + i : i * lda + p], b[transposeB ? j * ldb + p : p * ldb + j], sum);
                    if (start > 0)
                        target = MathF.FusedMultiplyAdd(alpha, sum, target);
                    else
                        target = beta == 0 ? alpha * sum : MathF.FusedMultiplyAdd(alpha, sum, beta * target);
                }
            }
        }
    }
}
