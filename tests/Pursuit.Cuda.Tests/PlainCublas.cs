using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pursuit.TestKit.Reference;

namespace Pursuit.Cuda.Tests;

/// <summary>
/// What cuBLAS's manual says of the functions that are used, called as cuBLAS is, over memory of the processor: products column-major, in
/// loops, with sums in float64. It refuses what cuBLAS refuses.
/// </summary>
internal static unsafe class PlainCublas
{
    public const nint Handle = 0x5EED;

    /// <summary>What was asked for since a test put a list here.</summary>
    public static List<GemmCall>? Asked { get; set; }

    private const int Success = 0;
    private const int InvalidValue = 7;
    private const int NotSupported = 15;

    public static CublasFunctions Functions => new()
    {
        Create = &Create,
        Destroy = &Destroy,
        GetVersion = &GetVersion,
        SetStream = &SetStream,
        SetWorkspace = &SetWorkspace,
        SetMathMode = &SetMathMode,
        GemmEx = &GemmEx,
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Create(nint* handle)
    {
        *handle = Handle;
        return Success;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Destroy(nint handle) => handle == Handle ? Success : InvalidValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetVersion(nint handle, int* version)
    {
        *version = 130101;
        return handle == Handle ? Success : InvalidValue;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetStream(nint handle, nint stream) => handle == Handle && stream == ThisDevice.Stream ? Success : InvalidValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetWorkspace(nint handle, nint workspace, nint bytes) =>
        handle == Handle && workspace != 0 && bytes == ThisDevice.WorkspaceBytes ? Success : InvalidValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetMathMode(nint handle, int mode) => handle == Handle && mode is 0 or 16 ? Success : InvalidValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GemmEx(
        nint handle,
        int transA,
        int transB,
        int m,
        int n,
        int k,
        float* alpha,
        nint a,
        int typeA,
        int leadingA,
        nint b,
        int typeB,
        int leadingB,
        float* beta,
        nint c,
        int typeC,
        int leadingC,
        int computeType,
        int algorithm)
    {
        const int Single = 0, Narrow = 14, ComputeInSingle = 68, Default = -1;
        var isValid = handle == Handle && transA is 0 or 1 && transB is 0 or 1 && m > 0 && n > 0 && k > 0
            && leadingA >= (transA == 1 ? k : m) && leadingB >= (transB == 1 ? n : k) && leadingC >= m && algorithm == Default;
        if (!isValid) return InvalidValue;
        Asked?.Add(new(
            m, n, k, new(a, (BlasType)typeA, leadingA, transA == 1), new(b, (BlasType)typeB, leadingB, transB == 1), c, leadingC, *alpha,
            *beta));
        if (computeType != ComputeInSingle || typeA != typeB || typeA is not (Single or Narrow) || typeC != Single) return NotSupported;
        for (var j = 0; j < n; j++)
        {
            for (var i = 0; i < m; i++)
            {
                var sum = 0.0;
                for (var l = 0; l < k; l++)
                {
                    sum += Value(a, typeA, transA == 1 ? l + (long)i * leadingA : i + (long)l * leadingA)
                        * Value(b, typeB, transB == 1 ? j + (long)l * leadingB : l + (long)j * leadingB);
                }

                ref var target = ref ((float*)c)[i + (long)j * leadingC];
                target = (float)(*alpha * sum + (*beta == 0 ? 0 : (double)*beta * target));
            }
        }

        return Success;
    }

    private static double Value(nint values, int type, long at) =>
        type == 0 ? ((float*)values)[at] : ReferenceFloatConversion.BFloat16ToSingle(((ushort*)values)[at]);
}
