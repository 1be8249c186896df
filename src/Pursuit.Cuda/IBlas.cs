namespace Pursuit.Cuda;

/// <summary>cuBLAS, as far as it is used; tests put a plain one in its place that computes what cuBLAS's manual says.</summary>
internal interface IBlas : IDisposable
{
    /// <summary>cublasGemmEx with sums in float32, in column-major order.</summary>
    void Multiply(in GemmCall call);
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
internal readonly record struct BlasOperand(nint Address, BlasType Type, int Leading, bool Transposed);
