using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>A handle of cuBLAS, for one worker.</summary>
internal sealed unsafe class Cublas : IDisposable
{
    private const int Transpose = 1; // CUBLAS_OP_T; CUBLAS_OP_N is 0
    private const int ComputeInSingle = 68; // CUBLAS_COMPUTE_32F: of float32 operands without TF32, unless a math mode allows it
    private const int OrdinaryMath = 16; // CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION
    private const int AllocationFailed = 3; // CUBLAS_STATUS_ALLOC_FAILED
    private const int AnyAlgorithm = -1; // CUBLAS_GEMM_DEFAULT

    private readonly CublasFunctions _functions;
    private readonly CublasWorkspace _workspace;
    private nint _handle;

    /// <summary>Creates a handle that works in a stream; the card must be the thread's own.</summary>
    /// <param name="functions">The library.</param>
    /// <param name="stream">CUDA's stream.</param>
    /// <param name="workspace">Its memory, which the handle frees.</param>
    /// <exception cref="PursuitException">cuBLAS refuses.</exception>
    public Cublas(CublasFunctions functions, nint stream, CublasWorkspace workspace)
    {
        (_functions, _workspace) = (functions, workspace);
        try
        {
            nint handle;
            Check(functions.Create(&handle), "a handle");
            _handle = handle;
            Check(functions.SetStream(handle, stream), "its stream");
            // After the stream, which takes the handle back to memory of cuBLAS's own.
            Check(functions.SetWorkspace(handle, workspace.Address, workspace.Bytes), "its workspace");
            Check(functions.SetMathMode(handle, OrdinaryMath), "its math mode");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's version, such as 130101 for 13.1.1.</summary>
    public int Version
    {
        get
        {
            int version;
            Check(_functions.GetVersion(_handle, &version), "its version");
            return version;
        }
    }

    /// <summary>cublasGemmEx with sums in float32.</summary>
    /// <exception cref="PursuitException">cuBLAS refuses.</exception>
    public void Multiply(in GemmCall call)
    {
        var (alpha, beta) = (call.Alpha, call.Beta);
        var status = _functions.GemmEx(
            _handle,
            call.A.Transposed ? Transpose : 0,
            call.B.Transposed ? Transpose : 0,
            call.M,
            call.N,
            call.K,
            &alpha,
            call.A.Address,
            (int)call.A.Type,
            call.A.Leading,
            call.B.Address,
            (int)call.B.Type,
            call.B.Leading,
            &beta,
            call.C,
            (int)BlasType.Float32,
            call.LeadingC,
            ComputeInSingle,
            AnyAlgorithm);
        if (status != 0) Check(status, $"a product of {call.M} x {call.N} with {call.K} terms of {call.A.Type}");
    }

    /// <summary>Destroys the handle. What was asked of it must be done.</summary>
    public void Dispose()
    {
        if (_handle != 0) _ = _functions.Destroy(_handle);
        _handle = 0;
        _workspace.Dispose();
    }

    private static void Check(int status, string what)
    {
        if (status == 0) return;
        var name = status switch
        {
            1 => "not initialized",
            AllocationFailed => "allocation failed",
            7 => "invalid value",
            8 => "architecture mismatch",
            11 => "mapping error",
            13 => "execution failed",
            14 => "internal error",
            15 => "not supported",
            _ => "unknown",
        };
        throw PursuitException.At(
            "cuBLAS",
            $"status {status} ({name}) for {what}",
            "success",
            CudaOperations.LowerAdvice,
            status == AllocationFailed ? new DeviceMemoryException() : null);
    }
}

/// <summary>What an operand's values are, by cuBLAS's numbers (cudaDataType).</summary>
internal enum BlasType
{
    /// <summary>CUDA_R_32F.</summary>
    Float32 = 0,

    /// <summary>CUDA_R_16BF.</summary>
    BFloat16 = 14,
}

/// <summary>
/// C[M, N] = Alpha op(A)[M, K] op(B)[K, N] + Beta C, each stored column after column: value (i, j) of a matrix lies at i + j Leading. With
/// Beta 0, C isn't read.
/// </summary>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Terms, at least 1.</param>
/// <param name="A">The left operand.</param>
/// <param name="B">The right operand, of the left one's type.</param>
/// <param name="C">Address of C, float32.</param>
/// <param name="LeadingC">Values from one column of C to the next.</param>
/// <param name="Alpha">Factor of the product.</param>
/// <param name="Beta">Factor of what C holds.</param>
internal readonly record struct GemmCall(
    int M, int N, int K, BlasOperand A, BlasOperand B, nint C, int LeadingC, float Alpha, float Beta);

/// <summary>An operand of a product.</summary>
/// <param name="Address">Where it lies on the device.</param>
/// <param name="Type">What its values are.</param>
/// <param name="Leading">Values from one column to the next.</param>
/// <param name="Transposed">Whether it is stored [K, M], or [N, K].</param>
internal readonly record struct BlasOperand(nint Address, BlasType Type, int Leading, bool Transposed)
{
    /// <summary>The operand that begins at a later row of the memory, each row being as long as <see cref="Leading"/> says.</summary>
    public BlasOperand FromRow(int row) =>
        this with { Address = Address + (nint)row * Leading * (Type == BlasType.Float32 ? sizeof(float) : sizeof(ushort)) };
}

/// <summary>The functions of cuBLAS that are used; tests put their own in.</summary>
internal unsafe struct CublasFunctions
{
    /// <summary>cublasCreate_v2(handle).</summary>
    public delegate* unmanaged[Cdecl]<nint*, int> Create;

    /// <summary>cublasDestroy_v2(handle).</summary>
    public delegate* unmanaged[Cdecl]<nint, int> Destroy;

    /// <summary>cublasGetVersion_v2(handle, version).</summary>
    public delegate* unmanaged[Cdecl]<nint, int*, int> GetVersion;

    /// <summary>cublasSetStream_v2(handle, stream).</summary>
    public delegate* unmanaged[Cdecl]<nint, nint, int> SetStream;

    /// <summary>cublasSetWorkspace_v2(handle, workspace, bytes).</summary>
    public delegate* unmanaged[Cdecl]<nint, nint, nint, int> SetWorkspace;

    /// <summary>cublasSetMathMode(handle, mode).</summary>
    public delegate* unmanaged[Cdecl]<nint, int, int> SetMathMode;

    /// <summary>
    /// cublasGemmEx(handle, transa, transb, m, n, k, alpha, A, Atype, lda, B, Btype, ldb, beta, C, Ctype, ldc, computeType, algo).
    /// </summary>
    public delegate* unmanaged[Cdecl]<
        nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int, int> GemmEx;
}
