using Pursuit.TestKit.Reference;

namespace Pursuit.Cuda.Tests;

/// <summary>
/// What cuBLAS's manual says of cublasGemmEx, in loops over memory of the processor: column-major, sums in float64. It refuses what cuBLAS
/// refuses. It keeps the calls.
/// </summary>
internal sealed unsafe class PlainBlas : IBlas
{
    public static List<GemmCall>? Calls { get; set; }

    public void Multiply(in GemmCall call)
    {
        Check(call);
        Calls?.Add(call);
        var c = (float*)call.C;
        for (var j = 0; j < call.N; j++)
        {
            for (var i = 0; i < call.M; i++)
            {
                var sum = 0.0;
                for (var l = 0; l < call.K; l++) sum += Value(call.A, i, l) * Value(call.B, l, j);
                ref var target = ref c[i + (long)j * call.LeadingC];
                target = (float)(call.Alpha * sum + (call.Beta == 0 ? 0 : (double)call.Beta * target));
            }
        }
    }

    public void Dispose()
    {
        // It holds nothing.
    }

    private static double Value(BlasOperand x, int row, int column)
    {
        var at = x.Transposed ? column + (long)row * x.Leading : row + (long)column * x.Leading;
        return x.Type == BlasType.Float32
            ? ((float*)x.Address)[at]
            : ReferenceFloatConversion.BFloat16ToSingle(((ushort*)x.Address)[at]);
    }

    /// <summary>CUBLAS_STATUS_INVALID_VALUE, and types that cuBLAS has no product of.</summary>
    private static void Check(in GemmCall call)
    {
        Math.Min(call.M, Math.Min(call.N, call.K)).ShouldBeGreaterThan(0);
        call.A.Leading.ShouldBeGreaterThanOrEqualTo(call.A.Transposed ? call.K : call.M);
        call.B.Leading.ShouldBeGreaterThanOrEqualTo(call.B.Transposed ? call.N : call.K);
        call.LeadingC.ShouldBeGreaterThanOrEqualTo(call.M);
        call.A.Type.ShouldBe(call.B.Type);
    }
}
