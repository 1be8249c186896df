namespace Pursuit.Engine.Kernels;

/// <summary>
/// Everything the decoder asks of a device. Matrices are row-major float32, where nothing else is said; destinations come last.
/// What is asked is done in the order of asking; only reads wait for it. Nothing allocates except <see cref="Allocate"/>.
/// </summary>
internal interface IDecoderOperations : IDisposable
{
    /// <summary>Name for messages and tests, such as "cpu-512".</summary>
    string Name { get; }

    /// <summary>
    /// Operations for one worker, with whatever state of its own it needs (a handle, a stream); the caller disposes of them. They work on
    /// the buffers of these, and several workers' run side by side.
    /// </summary>
    IDecoderOperations CreateWorker();

    /// <summary>Waits until everything asked so far is done, so that another worker may go on with what it left.</summary>
    void Finish();

    /// <summary>Allocates zeroed memory that the caller owns.</summary>
    /// <param name="length">Number of values.</param>
    /// <param name="type">Their type.</param>
    DeviceBuffer Allocate(long length, ElementType type = ElementType.Float32);

    /// <summary>Copies values to the host; bf16 is widened.</summary>
    void Read(BufferSlice source, Span<float> destination);

    /// <summary>Copies the first columns of rows to the host, row after row [rows, columns].</summary>
    void ReadRows(MatrixSlice source, int rows, int columns, Span<float> destination);

    /// <summary>Copies values from the host.</summary>
    void Write(ReadOnlySpan<float> source, BufferSlice destination);

    /// <summary>Copies bf16 numbers from the host, bit for bit.</summary>
    void Write(ReadOnlySpan<ushort> source, BufferSlice destination);

    /// <summary>Copies integers from the host.</summary>
    void Write(ReadOnlySpan<int> source, BufferSlice destination);

    /// <summary>
    /// Begins a copy from host memory to the start of a buffer, which may go on beside what else is asked: neither may be touched before
    /// <see cref="EndUploads"/>.
    /// </summary>
    /// <param name="source">Values of the destination's type.</param>
    /// <param name="first">The first value.</param>
    /// <param name="length">Number of values.</param>
    /// <param name="destination">Where to.</param>
    void BeginUpload(HostBuffer source, long first, long length, DeviceBuffer destination);

    /// <summary>Waits for all copies begun.</summary>
    void EndUploads();

    /// <summary>Makes host memory fast to copy from while the result lives; null where that isn't to be had, or needs nothing.</summary>
    IDisposable? PageLock(HostBuffer memory);

    /// <summary>destination = value.</summary>
    void Fill(float value, BufferSlice destination);

    /// <summary>destination = source.</summary>
    void Copy(BufferSlice source, BufferSlice destination);

    /// <summary>values *= factor.</summary>
    void Multiply(float factor, BufferSlice values);

    /// <summary>destination += alpha * source.</summary>
    void AddScaled(float alpha, BufferSlice source, BufferSlice destination);

    /// <summary>The sum of squares of all slices, accumulated in float64 in a fixed order and read once.</summary>
    double SumOfSquares(ReadOnlySpan<BufferSlice> values);

    /// <summary>A matrix product; see <see cref="Product"/>.</summary>
    void Multiply(in Product product);

    /// <summary>
    /// A product for every segment of rows; see <see cref="SegmentProducts"/>. A segment's result depends on its own rows alone.
    /// </summary>
    void MultiplySegments(in SegmentProducts products);

    /// <summary>Every row of destination[rows, columns] becomes the vector; the start of a product with bias.</summary>
    void SetRows(BufferSlice vector, int rows, int columns, MatrixSlice destination);

    /// <summary>The vector is added to every row of destination[rows, columns].</summary>
    void AddToRows(BufferSlice vector, int rows, int columns, MatrixSlice destination);

    /// <summary>destination[r] += source[r] for rows of dense source[rows, columns].</summary>
    void AddRows(BufferSlice source, int rows, int columns, MatrixSlice destination);

    /// <summary>destination[columns] = the sum of the rows of source[rows, columns], in row order; a bias's gradient.</summary>
    void SumRows(MatrixSlice source, int rows, int columns, BufferSlice destination);

    /// <summary>destination[i] = table[indices[i]] for rows of the given width; both are dense. The table is float32 or bf16.</summary>
    void GatherRows(BufferSlice table, BufferSlice indices, int width, BufferSlice destination);

    /// <summary>table[indices[i]] += source[i], in the order of i.</summary>
    void ScatterAddRows(BufferSlice source, BufferSlice indices, int width, BufferSlice table);

    /// <summary>destination[i] = factors[i] source[i] for dense rows of the given width; the destination may be the source.</summary>
    void ScaleRows(BufferSlice factors, BufferSlice source, int width, BufferSlice destination);

    /// <summary>destination[i] = the inner product of x[i] and y[i], dense rows of the given width.</summary>
    void DotRows(BufferSlice x, BufferSlice y, int width, BufferSlice destination);

    /// <summary>table[indices[i]] = the first values of source's row i, for rows of the given width; no index stands twice.</summary>
    void ScatterRows(MatrixSlice source, BufferSlice indices, int width, BufferSlice table);

    /// <summary>A norm of every vector; see <see cref="NormRule"/>.</summary>
    /// <param name="shape">What the norm goes over.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="x">Input [rows, groups * size].</param>
    /// <param name="y">Output, may be x.</param>
    /// <param name="inverse">r [rows, groups], kept for the backward pass.</param>
    void Norm(NormShape shape, in NormCall norm, MatrixSlice x, MatrixSlice y, BufferSlice inverse);

    /// <summary>The norm's output again, from its input and a known r; x and y are dense [rows, size].</summary>
    void NormAgain(int rows, int size, in NormCall norm, BufferSlice x, BufferSlice inverse, BufferSlice y);

    /// <summary>The gradient of <see cref="Norm"/>; see <see cref="NormGradient"/>.</summary>
    void NormBackward(in NormGradient gradient);

    /// <summary>
    /// Rotates pairs (i, i + rotated/2) of every head by the angle of its position (Su et al., 2021; the half-split layout
    /// of the Llama family), in place. The gradient is the rotation by the opposite angle.
    /// </summary>
    /// <param name="values">[rows, heads * size] from the slice's start.</param>
    /// <param name="shape">The heads.</param>
    /// <param name="table">Row p: cos [rotated/2] then sin [rotated/2], each times whatever factor a scaling has.</param>
    /// <param name="tableRows">Row of the table of each row, integers; as many as there are rows.</param>
    /// <param name="backward">Whether to rotate by the opposite angle.</param>
    void Rope(MatrixSlice values, RopeShape shape, BufferSlice table, BufferSlice tableRows, bool backward);

    /// <summary>Values of scratch that an attention over sequences of at most this many keys needs, backward included.</summary>
    int AttentionScratch(in AttentionShape shape, int longest);

    /// <summary>
    /// Causal attention with grouped heads; only the causal half and the window are computed. See <see cref="AttentionCall"/>.
    /// </summary>
    void Attention(in AttentionCall call);

    /// <summary>The gradient of <see cref="Attention"/>; see <see cref="AttentionGradient"/>.</summary>
    void AttentionBackward(in AttentionGradient gradient);

    /// <summary>h = f(gate) * up, or h = f(x); see <see cref="ActivationShape"/>.</summary>
    /// <param name="shape">The function and the sizes.</param>
    /// <param name="x">[rows, shape.Inputs].</param>
    /// <param name="h">[rows, width].</param>
    void Activate(in ActivationShape shape, BufferSlice x, BufferSlice h);

    /// <summary>The gradient of <see cref="Activate"/>, in place: x becomes its gradient, and h is computed again.</summary>
    /// <param name="shape">The function and the sizes.</param>
    /// <param name="x">In: the forward input; out: its gradient.</param>
    /// <param name="dHThenH">In: the gradient of h; out: h itself.</param>
    void ActivateBackward(in ActivationShape shape, BufferSlice x, BufferSlice dHThenH);

    /// <summary>values = cap tanh(values / cap), one by one.</summary>
    void SoftCap(float cap, BufferSlice values);

    /// <summary>
    /// Takes one block of the vocabulary's logits into a softmax's running maximum and sum (start: -inf and 0), and
    /// picks the target's logit where it lies in the block.
    /// </summary>
    /// <param name="block">The logits.</param>
    /// <param name="maximum">Running maximum [rows].</param>
    /// <param name="sum">Running sum of exp(logit - maximum) [rows].</param>
    /// <param name="targetLogit">The target's logit [rows].</param>
    void SoftmaxStatistics(in LogitBlock block, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit);

    /// <summary>Every row's sums become those of nothing seen yet (<see cref="PredictionSums.Start"/>).</summary>
    void StartPredictions(BufferSlice sums);

    /// <summary>
    /// Takes one block of the vocabulary's logits into running sums from which a prediction's log p, sum of p^2, entropy and
    /// margin follow.
    /// </summary>
    /// <param name="block">The logits.</param>
    /// <param name="sums">[rows, <see cref="PredictionSums.Floats"/>].</param>
    void PredictionStatistics(in LogitBlock block, BufferSlice sums);

    /// <summary>
    /// logits = weight (softmax - one-hot(target)) d, in place: the gradient of weight * cross-entropy, where d is the slope of
    /// <see cref="LogitBlock.Rule"/>.
    /// </summary>
    /// <param name="block">In: logits, out: the gradient of the head's products.</param>
    /// <param name="weights">Weight of each row.</param>
    /// <param name="maximum">From <see cref="SoftmaxStatistics"/> over the whole vocabulary.</param>
    /// <param name="sum">From <see cref="SoftmaxStatistics"/> over the whole vocabulary.</param>
    void SoftmaxGradient(in LogitBlock block, BufferSlice weights, BufferSlice maximum, BufferSlice sum);

    /// <summary>
    /// Drops values of segments of dense rows: destination (+)= source / (1 - probability) where <see cref="DropoutMask"/> keeps a
    /// value's place in its segment, else 0.
    /// </summary>
    /// <param name="rows">The segments and what is dropped.</param>
    /// <param name="source">The values of all rows.</param>
    /// <param name="accumulate">Whether to add to the destination.</param>
    /// <param name="destination">As many values as the source; may be the source.</param>
    void Dropout(in DropoutRows rows, BufferSlice source, bool accumulate, BufferSlice destination);

    /// <summary>
    /// One AdamW step: m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2;
    /// w = w (1 - lr decay) - lr m/(1-b1^t) / (sqrt(v/(1-b2^t)) + epsilon).
    /// </summary>
    void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment);

    /// <summary>
    /// destination[r] += the count-sketch of row r of the values (<see cref="SketchKey"/>). Values that wrap around are kept behind the
    /// sketch's end until <see cref="WrapSketches"/>.
    /// </summary>
    /// <param name="values">The same tensor of several examples [rows, length], dense.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="key">The tensor's key.</param>
    /// <param name="dimension">Numbers of a sketch, at least 1.</param>
    /// <param name="destination">[rows, dimension + 15].</param>
    void AddSketches(BufferSlice values, int rows, SketchKey key, int dimension, MatrixSlice destination);

    /// <summary>Adds what lies behind a sketch's end to its start, once all tensors are in it.</summary>
    /// <param name="dimension">Numbers of a sketch.</param>
    /// <param name="rows">Sketches.</param>
    /// <param name="sketches">[rows, dimension + 15]; the last 15 are spent.</param>
    void WrapSketches(int dimension, int rows, MatrixSlice sketches);

    /// <summary>Each row of values[rows, n] is multiplied by the n factors, one by one.</summary>
    void Scale(BufferSlice factors, int rows, BufferSlice values);

    /// <summary>
    /// Turns each row's gradient g into the direction Adam would step in with it: (b1 m + (1-b1) g) / sqrt(b2 v + (1-b2) g^2 + eps), in
    /// place.
    /// </summary>
    /// <param name="adam">The constants.</param>
    /// <param name="firstMoment">m [n].</param>
    /// <param name="secondMoment">v [n].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="gradients">[rows, n].</param>
    void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, int rows, BufferSlice gradients);
}
