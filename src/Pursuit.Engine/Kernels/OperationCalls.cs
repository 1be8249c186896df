namespace Pursuit.Engine.Kernels;

/// <summary>C[Rows, Columns] = Alpha op(A)[Rows, Terms] op(B)[Terms, Columns] + Beta C.</summary>
/// <param name="Rows">Rows of C.</param>
/// <param name="Columns">Columns of C.</param>
/// <param name="Terms">Terms of each value.</param>
/// <param name="A">A, float32.</param>
/// <param name="B">B, float32 or bf16: weights stand on this side.</param>
/// <param name="C">C, float32.</param>
internal readonly record struct Product(int Rows, int Columns, int Terms, MatrixSlice A, MatrixSlice B, MatrixSlice C)
{
    /// <summary>Whether A is stored [Terms, Rows].</summary>
    public bool TransposeA { get; init; }

    /// <summary>Whether B is stored [Columns, Terms].</summary>
    public bool TransposeB { get; init; }

    /// <summary>Factor of the product; 1 where nothing is said.</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>Factor of what C holds; with 0, the default, its old content is not read.</summary>
    public float Beta { get; init; }
}

/// <summary>Some of the segments that rows are in, such as a micro-batch's examples.</summary>
/// <param name="Offsets">First row of each segment, then the number of rows, integers; all of them.</param>
/// <param name="First">The first segment meant.</param>
/// <param name="Count">Segments meant.</param>
internal readonly record struct Segments(BufferSlice Offsets, int First, int Count);

/// <summary>For each segment s of rows: C_s[Rows, Columns] = Alpha A_s^T B_s over the segment's rows alone.</summary>
/// <param name="Segments">The segments.</param>
/// <param name="Rows">Rows of each C_s, columns of A.</param>
/// <param name="Columns">Columns of each C_s and of B.</param>
/// <param name="A">A from row 0 on, whatever the first segment.</param>
/// <param name="B">B from row 0 on.</param>
/// <param name="C">The results one after another [Segments.Count, Rows, Columns], overwritten.</param>
internal readonly record struct SegmentProducts(Segments Segments, int Rows, int Columns, MatrixSlice A, MatrixSlice B, BufferSlice C)
{
    /// <summary>Factor of the products; 1 where nothing is said.</summary>
    public float Alpha { get; init; } = 1;
}

/// <summary>What a norm goes over.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Groups">Vectors of a row, one after another: 1, or the heads of a query or key norm.</param>
/// <param name="Size">Values of a vector.</param>
internal readonly record struct NormShape(int Rows, int Groups, int Size);

/// <summary>The gradient of a norm: dx = r (w dy) - x r^3 mean(w dy x), and, where wanted, dw = sum of dy x r.</summary>
/// <param name="Shape">What the norm goes over.</param>
/// <param name="X">The forward input.</param>
/// <param name="Weight">w [size].</param>
/// <param name="Inverse">r of the forward pass [rows, groups].</param>
/// <param name="DY">Gradient of the output.</param>
/// <param name="DX">Gradient of the input; may be DY when not accumulating.</param>
internal readonly record struct NormGradient(
    NormShape Shape, MatrixSlice X, BufferSlice Weight, BufferSlice Inverse, MatrixSlice DY, MatrixSlice DX)
{
    /// <summary>Whether dx is added to what stands in its place.</summary>
    public bool Accumulate { get; init; }

    /// <summary>dw [size], overwritten; null: not formed.</summary>
    public BufferSlice? DWeight { get; init; }
}

/// <summary>Causal attention over sequences: o = softmax(q k^T scale) v over the keys the mask lets through.</summary>
/// <param name="Shape">Heads and window.</param>
/// <param name="Sequences">Rows of each sequence, as integers (<see cref="SequenceRows"/>).</param>
/// <param name="Queries">q [rows, QueryHeads * HeadSize].</param>
/// <param name="Keys">k [rows, KeyValueHeads * HeadSize].</param>
/// <param name="Values">v, with the stride of k.</param>
/// <param name="Scratch">At least <see cref="IDecoderOperations.AttentionScratch"/> values.</param>
/// <param name="Output">o [query rows, QueryHeads * HeadSize].</param>
/// <param name="LogSumExp">log of the softmax's denominator [query rows, QueryHeads], for the backward pass.</param>
internal readonly record struct AttentionCall(
    AttentionShape Shape,
    BufferSlice Sequences,
    MatrixSlice Queries,
    MatrixSlice Keys,
    MatrixSlice Values,
    BufferSlice Scratch,
    MatrixSlice Output,
    BufferSlice LogSumExp);

/// <summary>
/// The gradient of an attention; scores are computed again from LogSumExp. Needs QueryCount = KeyCount and one stride of q, k and v.
/// </summary>
/// <param name="Forward">The forward pass with what it left.</param>
/// <param name="DOutput">Gradient of o, with its stride.</param>
/// <param name="DQueries">Gradient of q, overwritten.</param>
/// <param name="DKeys">Gradient of k, overwritten; with the stride of DQueries.</param>
/// <param name="DValues">Gradient of v, overwritten; with the stride of DQueries.</param>
internal readonly record struct AttentionGradient(
    AttentionCall Forward, MatrixSlice DOutput, MatrixSlice DQueries, MatrixSlice DKeys, MatrixSlice DValues);

/// <summary>One block of the vocabulary's logits.</summary>
/// <param name="Logits">[Rows, Columns], dense.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns of this block.</param>
/// <param name="FirstColumn">Token id of column 0.</param>
/// <param name="Targets">Token id wanted at each row, integers.</param>
internal readonly record struct LogitBlock(BufferSlice Logits, int Rows, int Columns, int FirstColumn, BufferSlice Targets);

/// <summary>What dropout drops of consecutive segments of rows; each has its own stream.</summary>
/// <param name="Segments">The segments.</param>
/// <param name="Width">Values of a row.</param>
/// <param name="Probability">Probability of dropping, in [0, 1).</param>
/// <param name="Stream">Segment s takes the stream <see cref="DropoutMask.Derive"/>(Stream, FirstNumber + s).</param>
/// <param name="FirstNumber">The number of segment 0.</param>
internal readonly record struct DropoutRows(Segments Segments, int Width, float Probability, ulong Stream, int FirstNumber);
