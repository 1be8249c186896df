namespace Pursuit.Engine.Kernels;

/// <summary>
/// Everything the decoder asks of a device. Matrices are row-major float32 with a leading dimension ("stride", in
/// values); destinations come last. Nothing allocates except <see cref="Allocate"/>. An implementation holds no state
/// that a call changes, so any number of workers may share one.
/// </summary>
public interface IDecoderOperations
{
    /// <summary>Name for messages and tests, such as "cpu-512".</summary>
    string Name { get; }

    /// <summary>Allocates zeroed memory that the caller owns.</summary>
    DeviceBuffer Allocate(long length);

    /// <summary>Copies values to the host.</summary>
    void Read(BufferSlice source, Span<float> destination);

    /// <summary>Copies values from the host.</summary>
    void Write(ReadOnlySpan<float> source, BufferSlice destination);

    /// <summary>destination = value.</summary>
    void Fill(float value, BufferSlice destination);

    /// <summary>destination = source.</summary>
    void Copy(BufferSlice source, BufferSlice destination);

    /// <summary>destination += alpha * source.</summary>
    void AddScaled(float alpha, BufferSlice source, BufferSlice destination);

    /// <summary>The sum of squares, accumulated in float64 in a fixed order.</summary>
    double SumOfSquares(BufferSlice values);

    /// <summary>C[m,n] = alpha op(A)[m,k] op(B)[k,n] + beta C; with beta = 0 the old content of C is not read.</summary>
    void Multiply(bool transposeA, bool transposeB, int m, int n, int k, float alpha, BufferSlice a, int strideA, BufferSlice b, int strideB, float beta, BufferSlice c, int strideC);

    /// <summary>Every row of destination[rows, columns] becomes the vector; the start of a product with bias.</summary>
    void SetRows(BufferSlice vector, int rows, int columns, BufferSlice destination, int stride);

    /// <summary>The vector is added to every row of destination[rows, columns].</summary>
    void AddToRows(BufferSlice vector, int rows, int columns, BufferSlice destination, int stride);

    /// <summary>destination[columns] = the sum of the rows of source[rows, columns], in row order; a bias's gradient.</summary>
    void SumRows(BufferSlice source, int stride, int rows, int columns, BufferSlice destination);

    /// <summary>destination[i] = table[indices[i]] for rows of the given width; both are dense.</summary>
    void GatherRows(BufferSlice table, ReadOnlySpan<int> indices, int width, BufferSlice destination);

    /// <summary>table[indices[i]] += source[i], in the order of i.</summary>
    void ScatterAddRows(BufferSlice source, ReadOnlySpan<int> indices, int width, BufferSlice table);

    /// <summary>
    /// Root mean square norm of every group of <paramref name="size"/> values: y = x r w with
    /// r = 1/sqrt(mean(x^2) + epsilon). Row t holds <paramref name="groups"/> consecutive vectors from t * stride on.
    /// </summary>
    /// <param name="x">Input [rows, groups * size].</param>
    /// <param name="strideX">Stride of x.</param>
    /// <param name="weight">w [size].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="groups">Vectors per row (1, or the heads of a query or key norm).</param>
    /// <param name="size">Values per vector.</param>
    /// <param name="y">Output, may be x.</param>
    /// <param name="strideY">Stride of y.</param>
    /// <param name="inverse">r [rows, groups], kept for the backward pass.</param>
    void RmsNorm(BufferSlice x, int strideX, BufferSlice weight, float epsilon, int rows, int groups, int size, BufferSlice y, int strideY, BufferSlice inverse);

    /// <summary>y = x r w with a known r: the norm's output again, from its input, without the reduction.</summary>
    void RmsNormAgain(BufferSlice x, BufferSlice weight, BufferSlice inverse, int rows, int size, BufferSlice y);

    /// <summary>
    /// The gradient of <see cref="RmsNorm"/>: dx = r (w dy) - x r^3 mean(w dy x), and, where wanted, dw = sum of dy x r.
    /// </summary>
    /// <param name="x">The forward input.</param>
    /// <param name="strideX">Stride of x.</param>
    /// <param name="weight">w [size].</param>
    /// <param name="inverse">r of the forward pass.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="strideDy">Stride of dy.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="groups">Vectors per row.</param>
    /// <param name="size">Values per vector.</param>
    /// <param name="accumulate">Whether dx is added to what stands in its place.</param>
    /// <param name="dx">Gradient of the input; may be dy when not accumulating.</param>
    /// <param name="strideDx">Stride of dx.</param>
    /// <param name="dWeight">dw [size], overwritten; null: not formed.</param>
    void RmsNormBackward(BufferSlice x, int strideX, BufferSlice weight, BufferSlice inverse, BufferSlice dy, int strideDy, int rows, int groups, int size, bool accumulate, BufferSlice dx, int strideDx, BufferSlice? dWeight);

    /// <summary>
    /// Rotates pairs (i, i + size/2) of every head by the angle of its position (Su et al., 2021; the half-split layout
    /// of the Llama family), in place. The gradient is the rotation by the opposite angle.
    /// </summary>
    /// <param name="values">[rows, heads * size] from the slice's start.</param>
    /// <param name="stride">Stride of the rows.</param>
    /// <param name="heads">Heads per row.</param>
    /// <param name="size">Values per head, even.</param>
    /// <param name="table">Row p: cos [size/2] then sin [size/2] of position p.</param>
    /// <param name="positions">Position of each row.</param>
    /// <param name="backward">Whether to rotate by the opposite angle.</param>
    void Rope(BufferSlice values, int stride, int heads, int size, BufferSlice table, ReadOnlySpan<int> positions, bool backward);

    /// <summary>Values of scratch that an attention over sequences of at most this many keys needs, backward included.</summary>
    int AttentionScratch(in AttentionShape shape, int longest);

    /// <summary>
    /// Causal attention with grouped heads: o = softmax(q k^T scale) v over the keys the mask lets through; only the
    /// causal half and the window are computed.
    /// </summary>
    /// <param name="shape">Heads and window.</param>
    /// <param name="sequences">Rows of each sequence.</param>
    /// <param name="q">Queries [rows, QueryHeads * HeadSize].</param>
    /// <param name="strideQ">Stride of q.</param>
    /// <param name="k">Keys [rows, KeyValueHeads * HeadSize].</param>
    /// <param name="v">Values, as k.</param>
    /// <param name="strideKv">Stride of k and v.</param>
    /// <param name="scratch">At least <see cref="AttentionScratch"/> values.</param>
    /// <param name="o">Output [query rows, QueryHeads * HeadSize].</param>
    /// <param name="strideO">Stride of o.</param>
    /// <param name="logSumExp">log of the softmax's denominator [query rows, QueryHeads], kept for the backward pass.</param>
    void Attention(in AttentionShape shape, ReadOnlySpan<SequenceRows> sequences, BufferSlice q, int strideQ, BufferSlice k, BufferSlice v, int strideKv, BufferSlice scratch, BufferSlice o, int strideO, BufferSlice logSumExp);

    /// <summary>The gradient of <see cref="Attention"/>; scores are computed again from logSumExp. Needs QueryCount = KeyCount.</summary>
    /// <param name="shape">Heads and window.</param>
    /// <param name="sequences">Rows of each sequence.</param>
    /// <param name="q">The forward pass's queries.</param>
    /// <param name="k">The forward pass's keys.</param>
    /// <param name="v">The forward pass's values.</param>
    /// <param name="stride">Stride of q, k and v.</param>
    /// <param name="o">The forward pass's output.</param>
    /// <param name="dO">Its gradient.</param>
    /// <param name="strideO">Stride of o and dO.</param>
    /// <param name="logSumExp">From the forward pass.</param>
    /// <param name="scratch">At least <see cref="AttentionScratch"/> values.</param>
    /// <param name="dQ">Gradient of q, overwritten.</param>
    /// <param name="dK">Gradient of k, overwritten.</param>
    /// <param name="dV">Gradient of v, overwritten.</param>
    /// <param name="strideD">Stride of dQ, dK and dV.</param>
    void AttentionBackward(in AttentionShape shape, ReadOnlySpan<SequenceRows> sequences, BufferSlice q, BufferSlice k, BufferSlice v, int stride, BufferSlice o, BufferSlice dO, int strideO, BufferSlice logSumExp, BufferSlice scratch, BufferSlice dQ, BufferSlice dK, BufferSlice dV, int strideD);

    /// <summary>h = silu(gate) * up, silu(g) = g / (1 + exp(-g)).</summary>
    /// <param name="gateUp">[rows, 2 * width], each row gate then up.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Values of h per row.</param>
    /// <param name="h">[rows, width].</param>
    void SiluGate(BufferSlice gateUp, int rows, int width, BufferSlice h);

    /// <summary>The gradient of <see cref="SiluGate"/>, in place: gateUp becomes its gradient, and h is computed again.</summary>
    /// <param name="gateUp">In: the forward input; out: its gradient.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Values of h per row.</param>
    /// <param name="dHThenH">In: the gradient of h; out: h itself.</param>
    void SiluGateBackward(BufferSlice gateUp, int rows, int width, BufferSlice dHThenH);

    /// <summary>
    /// Takes one block of the vocabulary's logits into a softmax's running maximum and sum (start: -inf and 0), and
    /// picks the target's logit where it lies in the block.
    /// </summary>
    /// <param name="logits">[rows, columns], dense.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns of this block.</param>
    /// <param name="firstColumn">Token id of column 0.</param>
    /// <param name="targets">Token id wanted at each row.</param>
    /// <param name="maximum">Running maximum [rows].</param>
    /// <param name="sum">Running sum of exp(logit - maximum) [rows].</param>
    /// <param name="targetLogit">The target's logit [rows].</param>
    void SoftmaxStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit);

    /// <summary>
    /// Takes one block of the vocabulary's logits into running sums from which a prediction's log p, sum of p^2, entropy and
    /// margin follow.
    /// </summary>
    /// <param name="logits">[rows, columns], dense.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns of this block.</param>
    /// <param name="firstColumn">Token id of column 0.</param>
    /// <param name="targets">Token id wanted at each row.</param>
    /// <param name="sums">On the host, since a few numbers a row are left [rows]; start: <see cref="PredictionSums.Start"/>.</param>
    void PredictionStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, Span<PredictionSums> sums);

    /// <summary>logits = weight (softmax - one-hot(target)), in place: the gradient of weight * cross-entropy.</summary>
    /// <param name="logits">[rows, columns], dense; in: logits, out: their gradient.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns of this block.</param>
    /// <param name="firstColumn">Token id of column 0.</param>
    /// <param name="targets">Token id wanted at each row.</param>
    /// <param name="weights">Weight of each row.</param>
    /// <param name="maximum">From <see cref="SoftmaxStatistics"/> over the whole vocabulary.</param>
    /// <param name="sum">From <see cref="SoftmaxStatistics"/> over the whole vocabulary.</param>
    void SoftmaxGradient(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, BufferSlice maximum, BufferSlice sum);

    /// <summary>
    /// Drops values: destination (+)= source / (1 - probability) where <see cref="DropoutMask"/> keeps place i of the
    /// stream, else 0.
    /// </summary>
    /// <param name="source">The values.</param>
    /// <param name="probability">Probability of dropping, in [0, 1).</param>
    /// <param name="stream">The stream.</param>
    /// <param name="accumulate">Whether to add to the destination.</param>
    /// <param name="destination">As many values as the source; may be the source.</param>
    void Dropout(BufferSlice source, float probability, ulong stream, bool accumulate, BufferSlice destination);

    /// <summary>
    /// One AdamW step: m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2;
    /// w = w (1 - lr decay) - lr m/(1-b1^t) / (sqrt(v/(1-b2^t)) + epsilon).
    /// </summary>
    void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment);

    /// <summary>
    /// destination += the count-sketch of the values (<see cref="SketchKey"/>). Values that wrap around are kept behind the
    /// sketch's end until <see cref="WrapSketch"/>.
    /// </summary>
    /// <param name="values">A tensor's values.</param>
    /// <param name="key">The tensor's key.</param>
    /// <param name="dimension">Numbers of the sketch, at least 1.</param>
    /// <param name="destination">[dimension + 15].</param>
    void AddSketch(BufferSlice values, SketchKey key, int dimension, BufferSlice destination);

    /// <summary>Adds what lies behind a sketch's end to its start, once all tensors are in it.</summary>
    /// <param name="dimension">Numbers of the sketch.</param>
    /// <param name="sketch">[dimension + 15]; the last 15 are spent.</param>
    void WrapSketch(int dimension, BufferSlice sketch);

    /// <summary>values *= factors, one by one.</summary>
    void Scale(BufferSlice factors, BufferSlice values);

    /// <summary>
    /// Turns a gradient g into the direction Adam would step in with it: (b1 m + (1-b1) g) / sqrt(b2 v + (1-b2) g^2 + eps), in place.
    /// </summary>
    void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, BufferSlice gradient);
}
