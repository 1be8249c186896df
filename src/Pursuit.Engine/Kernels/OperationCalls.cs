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

/// <summary>
/// How a norm computes: y = (x - m) r (offset + w) + b with r = 1/sqrt(mean((x - m)^2) + epsilon); m is the mean of x where the norm
/// centers, else 0.
/// </summary>
/// <param name="Epsilon">Added to the mean square.</param>
/// <param name="Offset">Added to every weight: 1 in the Gemma family, whose files hold what a weight differs from 1 by.</param>
/// <param name="Centers">Whether the mean is taken away first: layer norm. False: root mean square norm.</param>
internal readonly record struct NormRule(float Epsilon, float Offset = 0, bool Centers = false);

/// <summary>A norm with its weights.</summary>
/// <param name="Rule">How it computes.</param>
/// <param name="Weight">w [size].</param>
/// <param name="Bias">b [size]; null: 0.</param>
internal readonly record struct NormCall(NormRule Rule, BufferSlice Weight, BufferSlice? Bias);

/// <summary>
/// The gradient of a norm with g = (offset + w) dy and c = x - m: dx = r g - c r^3 mean(g c), less r mean(g) where the norm centers; and,
/// where wanted, dw = sum of dy c r and db = sum of dy.
/// </summary>
/// <param name="Shape">What the norm goes over.</param>
/// <param name="Norm">The norm.</param>
/// <param name="X">The forward input.</param>
/// <param name="Inverse">r of the forward pass [rows, groups].</param>
/// <param name="DY">Gradient of the output.</param>
/// <param name="DX">Gradient of the input; may be DY when not accumulating.</param>
internal readonly record struct NormGradient(
    NormShape Shape, NormCall Norm, MatrixSlice X, BufferSlice Inverse, MatrixSlice DY, MatrixSlice DX)
{
    /// <summary>Whether dx is added to what stands in its place.</summary>
    public bool Accumulate { get; init; }

    /// <summary>dw [size], overwritten; null: not formed.</summary>
    public BufferSlice? DWeight { get; init; }

    /// <summary>db [size], overwritten; null: not formed.</summary>
    public BufferSlice? DBias { get; init; }
}

/// <summary>What a rotation of positions goes over.</summary>
/// <param name="Heads">Heads per row.</param>
/// <param name="Size">Values per head.</param>
/// <param name="Rotated">How many of them, from the first on, are rotated; even.</param>
internal readonly record struct RopeShape(int Heads, int Size, int Rotated);

/// <summary>The function between the matrices of a feed-forward block.</summary>
internal enum Activation
{
    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,

    /// <summary>x Phi(x) with the normal distribution's Phi.</summary>
    Gelu,

    /// <summary>x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which approximates <see cref="Gelu"/>.</summary>
    GeluTanh,
}

/// <summary>The elementwise part of a feed-forward block.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Width">Values of the result per row.</param>
/// <param name="Activation">The function f.</param>
/// <param name="Gated">True: h = f(gate) * up of rows gate then up [rows, 2 * width]; false: h = f(x) [rows, width].</param>
internal readonly record struct ActivationShape(int Rows, int Width, Activation Activation, bool Gated)
{
    /// <summary>Values of the input per row.</summary>
    public int Inputs => Gated ? 2 * Width : Width;
}

/// <summary>Attention over sequences: o = softmax(q k^T scale) v over the keys the mask lets through.</summary>
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
internal readonly record struct LogitBlock(BufferSlice Logits, int Rows, int Columns, int FirstColumn, BufferSlice Targets)
{
    /// <summary>How they were made of the head's products.</summary>
    public LogitRule Rule { get; init; } = LogitRule.Plain;
}

/// <summary>logit = cap tanh(scale z / cap) of the head's product z, or scale z where there is no cap.</summary>
/// <param name="Scale">scale.</param>
/// <param name="Softcap">cap; 0: none.</param>
internal readonly record struct LogitRule(float Scale, float Softcap)
{
    /// <summary>The product itself.</summary>
    public static LogitRule Plain { get; } = new(1, 0);
}

/// <summary>What dropout drops of consecutive segments of rows; each has its own stream.</summary>
/// <param name="Segments">The segments.</param>
/// <param name="Width">Values of a row.</param>
/// <param name="Probability">Probability of dropping, in [0, 1).</param>
/// <param name="Stream">Segment s takes the stream <see cref="DropoutMask.Derive"/>(Stream, FirstNumber + s).</param>
/// <param name="FirstNumber">The number of segment 0.</param>
internal readonly record struct DropoutRows(Segments Segments, int Width, float Probability, ulong Stream, int FirstNumber);
