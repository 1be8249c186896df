using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// What a backward pass is for. The pass itself only carries gradients down through the activations; for each linear
/// layer it shows the consumer the inputs a and the gradients delta of the outputs, from which a consumer forms weight
/// gradients (delta^T a), per-example projections (P_out^T delta_t a_t^T P_in), or nothing. Slices are valid only
/// during the call. One consumer serves one worker.
/// </summary>
internal interface IGradientConsumer
{
    /// <summary>
    /// The lowest decoder layer whose gradients are wanted; the pass stops there. -1: down to the embedding.
    /// </summary>
    int LowestLayer { get; }

    /// <summary>Whether norm weights' gradients are wanted (<see cref="OnVector"/>).</summary>
    bool WantsVectors { get; }

    /// <summary>Called before anything else of a micro-batch's backward pass.</summary>
    void Begin(DeviceBatch batch);

    /// <summary>Called once per group of linear layers, from the last layer's down to the first layer's query, key and value.</summary>
    void OnLinear(in LinearGradient gradient);

    /// <summary>Called after <see cref="OnLinear"/> once per adapter of the group.</summary>
    void OnAdapter(in AdapterGradient gradient);

    /// <summary>Called for every block of the head's outputs, before any layer's.</summary>
    void OnHead(in HeadGradient gradient);

    /// <summary>Called with a norm's weight gradient, summed over the micro-batch, if <see cref="WantsVectors"/>.</summary>
    void OnVector(DeviceBatch batch, Parameter parameter, BufferSlice gradient);

    /// <summary>
    /// Called after the layers, if <see cref="LowestLayer"/> is -1, with the gradient of the rows taken of a table [tokens, hidden]: of
    /// learned positions where the model has them, then of the embedding.
    /// </summary>
    void OnEmbedding(DeviceBatch batch, EmbeddingRows rows, BufferSlice deltas);

    /// <summary>Called after everything else of a micro-batch's backward pass.</summary>
    void End(DeviceBatch batch);
}

/// <summary>Rows that a micro-batch takes of a table.</summary>
/// <param name="Table">The table [rows, hidden].</param>
/// <param name="Indices">The table's row of each token, integers.</param>
internal readonly record struct EmbeddingRows(Parameter Table, BufferSlice Indices);

/// <summary>Inputs and output gradients of a group of linear layers over a micro-batch.</summary>
/// <param name="Batch">The micro-batch.</param>
/// <param name="Group">The layers; part p's gradients are columns FirstOutput to FirstOutput + Outputs.</param>
/// <param name="Inputs">a [rows, Group.Inputs], dense.</param>
/// <param name="Deltas">delta [rows, Group.Outputs], dense.</param>
internal readonly record struct LinearGradient(DeviceBatch Batch, LinearGroup Group, BufferSlice Inputs, BufferSlice Deltas)
{
    /// <summary>Rows: the micro-batch's tokens, or an expert's, which may be none.</summary>
    public required int Rows { get; init; }

    /// <summary>Each example's rows.</summary>
    public required Segments Segments { get; init; }
}

/// <summary>Inputs and output gradients of a block of the head: some labels by some part of the vocabulary.</summary>
/// <param name="Batch">The micro-batch; example i's labels are LabelOffsets[i] to LabelOffsets[i + 1].</param>
/// <param name="Head">The head.</param>
/// <param name="FirstLabel">The block's first label.</param>
/// <param name="Labels">Number of labels.</param>
/// <param name="FirstOutput">The block's first token id.</param>
/// <param name="Outputs">Number of token ids.</param>
/// <param name="Inputs">The head's inputs [Labels, hidden], dense.</param>
/// <param name="Deltas">The logits' gradients [Labels, Outputs], dense.</param>
internal readonly record struct HeadGradient(
    DeviceBatch Batch, LinearGroup Head, int FirstLabel, int Labels, int FirstOutput, int Outputs, BufferSlice Inputs, BufferSlice Deltas);
