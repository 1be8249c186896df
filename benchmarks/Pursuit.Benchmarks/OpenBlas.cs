using System.Runtime.InteropServices;

namespace Pursuit.Benchmarks;

/// <summary>Debian's OpenBLAS, where it is installed: the yardstick, never a dependency.</summary>
internal static unsafe partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int Transpose = 112;

    /// <summary>True when the library loads; it is told to use one thread.</summary>
    public static bool TryLoad()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
            return false;
        SetThreads(1);
        return true;
    }

    /// <summary>The kernel family OpenBLAS chose, such as SkylakeX.</summary>
    public static string CoreName => Marshal.PtrToStringAnsi(GetCoreName()) ?? "unknown";

    /// <summary>cblas_sgemm in the argument order of <see cref="Numerics.Gemm"/>.</summary>
    public static void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float alpha, float[] a, int lda, float[] b, int ldb,
        float beta, float[] c, int ldc)
    {
        fixed (float* pa = a, pb = b, pc = c)
            Sgemm(
                RowMajor, transposeA ? Transpose : NoTranspose, transposeB ? Transpose : NoTranspose, m, n, k, alpha, pa,
                lda, pb, ldb, beta, pc, ldc);
    }

    [LibraryImport(Library, EntryPoint = "openblas_set_num_threads")]
    private static partial void SetThreads(int count);

    [LibraryImport(Library, EntryPoint = "openblas_get_corename")]
    private static partial IntPtr GetCoreName();

    [LibraryImport(Library, EntryPoint = "cblas_sgemm")]
    private static partial void Sgemm(
        int order, int transposeA, int transposeB, int m, int n, int k, float alpha, float* a, int lda, float* b, int ldb, float beta,
        float* c, int ldc);
}
