namespace Pursuit.Engine.Kernels;

/// <summary>The shape of one attention: heads, grouping and window.</summary>
/// <param name="QueryHeads">Number of query heads.</param>
/// <param name="KeyValueHeads">Number of key and value heads; divides <paramref name="QueryHeads"/>.</param>
/// <param name="HeadSize">Values per head.</param>
/// <param name="Window">How many keys a query sees, itself included; <see cref="int.MaxValue"/> for all before it.</param>
internal readonly record struct AttentionShape(int QueryHeads, int KeyValueHeads, int HeadSize, int Window)
{
    /// <summary>Query heads that share one key head.</summary>
    public int Group => QueryHeads / KeyValueHeads;

    /// <summary>The scores' factor; 1/sqrt(head size) where nothing is said.</summary>
    public float Scale { get; init; } = (float)(1.0 / Math.Sqrt(HeadSize));

    /// <summary>Scores s become cap tanh(s / cap) before the softmax; 0, the default: they stay.</summary>
    public float Softcap { get; init; }

    /// <summary>The factor that is left to apply once scores were capped.</summary>
    public float ScaleLeft => Softcap > 0 ? 1 : Scale;

    /// <summary>
    /// Whether a query sees the keys behind its position too, as encoders' do. Its gradient is not computed: nothing trains an encoder.
    /// </summary>
    public bool SeesBehind { get; init; }

    /// <summary>The key after the last one that the query at a position sees, of a number of keys.</summary>
    public int EndKey(int position, int keys) => SeesBehind ? keys : position + 1;

    /// <summary>The first key that the query at a position sees.</summary>
    public int FirstKey(int position) => position < Window ? 0 : position - Window + 1;
}

/// <summary>
/// The rows of one sequence within an attention. Query i of the sequence stands at position
/// KeyCount - QueryCount + i and sees the keys up to its own position, or all (<see cref="AttentionShape.SeesBehind"/>).
/// </summary>
/// <param name="QueryStart">First row of the queries.</param>
/// <param name="QueryCount">Number of queries.</param>
/// <param name="KeyStart">First row of the keys and values.</param>
/// <param name="KeyCount">Number of keys and values; at least <paramref name="QueryCount"/>.</param>
internal readonly record struct SequenceRows(int QueryStart, int QueryCount, int KeyStart, int KeyCount);

/// <summary>The parameters of one AdamW step (Loshchilov and Hutter, 2019), as PyTorch computes it.</summary>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">Decoupled decay; weights shrink by LearningRate * WeightDecay.</param>
/// <param name="Step">Number of this step, from 1.</param>
/// <param name="GradientScale">Factor on the gradient before anything else, for clipping.</param>
internal readonly record struct AdamWStep(
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, int Step, float GradientScale);
