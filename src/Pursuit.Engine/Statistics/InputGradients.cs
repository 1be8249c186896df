using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Statistics;

/// <summary>Takes the gradient of the objective at the input embeddings of a micro-batch.</summary>
internal sealed class InputGradients : GradientConsumer
{
    private float[] _values = [];

    /// <inheritdoc/>
    public override int LowestLayer => -1;

    /// <summary>The last micro-batch's, [tokens, hidden]; valid until the next.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, Length);

    private int Length { get; set; }

    /// <inheritdoc/>
    public override void OnEmbedding(DeviceBatch batch, EmbeddingRows rows, BufferSlice deltas)
    {
        // Learned positions come first: what stays is the token embeddings'.
        Length = deltas.Length;
        if (_values.Length < Length) _values = new float[Length];
        batch.Operations.Read(deltas, _values.AsSpan(0, Length));
    }
}
