namespace Pursuit.Engine.Models;

/// <summary>How examples' losses make one objective. An example's own loss is always the mean over its answer tokens.</summary>
public enum LossReduction
{
    /// <summary>The sum of the examples' losses: each example's gradient is its own, whatever stands beside it.</summary>
    ExampleSum,

    /// <summary>The mean of the examples' losses.</summary>
    ExampleMean,

    /// <summary>The mean over all answer tokens of the batch.</summary>
    TokenMean,

    /// <summary>The sum over all answer tokens.</summary>
    TokenSum,
}

/// <summary>
/// Examples as token ids with a mask of supervised tokens, one after another without padding. A supervised token is
/// predicted from the token before it, so an example's first token is never a label, whatever its mask says.
/// </summary>
internal sealed class Batch
{
    private readonly float[]? _weights;

    /// <summary>Takes examples that already lie one after another.</summary>
    /// <param name="tokens">Token ids of all examples.</param>
    /// <param name="supervised">Whether each token counts in the loss.</param>
    /// <param name="offsets">First token of each example, then the number of tokens [examples + 1].</param>
    /// <param name="weights">Factor on each example's loss, or null for 1.</param>
    /// <exception cref="PursuitException">The lengths don't fit together or an example is empty.</exception>
    public Batch(int[] tokens, bool[] supervised, int[] offsets, float[]? weights = null)
    {
        if (offsets.Length < 2 || offsets[0] != 0 || offsets[^1] != tokens.Length)
            throw PursuitException.At(
                "batch",
                $"{offsets.Length} offsets for {tokens.Length} tokens",
                "offsets from 0 to the number of tokens and at least one example");
        for (var i = 1; i < offsets.Length; i++)
        {
            if (offsets[i] <= offsets[i - 1])
                throw PursuitException.At($"batch, example {i - 1}", $"tokens {offsets[i - 1]} to {offsets[i]}", "at least one token");
        }

        if (supervised.Length != tokens.Length)
            throw PursuitException.At("batch", $"a mask of {supervised.Length} for {tokens.Length} tokens", "one flag per token");
        if (weights is not null && weights.Length != offsets.Length - 1)
            throw PursuitException.At("batch", $"{weights.Length} weights for {offsets.Length - 1} examples", "one weight per example");
        (Tokens, Supervised, Offsets, _weights) = (tokens, supervised, offsets, weights);
        var longest = 0;
        for (var i = 0; i < Examples; i++)
            longest = Math.Max(longest, offsets[i + 1] - offsets[i]);
        Longest = longest;
    }

    /// <summary>Number of examples.</summary>
    public int Examples => Offsets.Length - 1;

    /// <summary>Token ids of all examples.</summary>
    public int[] Tokens { get; }

    /// <summary>Whether each token counts in the loss.</summary>
    public bool[] Supervised { get; }

    /// <summary>First token of each example, then the number of tokens.</summary>
    public int[] Offsets { get; }

    /// <summary>Tokens of the longest example.</summary>
    public int Longest { get; }

    /// <summary>Puts examples one after another.</summary>
    /// <param name="examples">Token ids and mask of each example; a null mask supervises every token.</param>
    /// <param name="weights">Factor on each example's loss, or null for 1.</param>
    /// <exception cref="PursuitException">There is no example, or one is empty or has a mask of another length.</exception>
    public static Batch Pack(IReadOnlyList<(int[] Tokens, bool[]? Supervised)> examples, float[]? weights = null)
    {
        var offsets = new int[examples.Count + 1];
        for (var i = 0; i < examples.Count; i++)
            offsets[i + 1] = offsets[i] + examples[i].Tokens.Length;
        var tokens = new int[offsets[^1]];
        var supervised = new bool[offsets[^1]];
        for (var i = 0; i < examples.Count; i++)
        {
            var (ids, mask) = examples[i];
            if (mask is not null && mask.Length != ids.Length)
                throw PursuitException.At($"batch, example {i}", $"a mask of {mask.Length} for {ids.Length} tokens", "one flag per token");
            ids.CopyTo(tokens, offsets[i]);
            if (mask is null)
                supervised.AsSpan(offsets[i], ids.Length).Fill(true);
            else
                mask.CopyTo(supervised, offsets[i]);
        }

        return new Batch(tokens, supervised, offsets, weights);
    }

    /// <summary>Answer tokens of an example: supervised tokens except its first token.</summary>
    public int Labels(int example)
    {
        var count = 0;
        for (var t = Offsets[example] + 1; t < Offsets[example + 1]; t++)
            count += Supervised[t] ? 1 : 0;
        return count;
    }

    /// <summary>
    /// Cuts the batch into runs of whole examples of at most the given number of tokens (a longer example stands alone).
    /// The cut depends on nothing else, least of all the number of threads.
    /// </summary>
    /// <param name="maximumTokens">Tokens of a micro-batch.</param>
    /// <param name="reduction">How the examples' losses make the objective, over the whole batch.</param>
    public IReadOnlyList<MicroBatch> Split(int maximumTokens, LossReduction reduction)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumTokens);
        var weights = LabelWeights(reduction);
        var result = new List<MicroBatch>();
        for (var first = 0; first < Examples;)
        {
            var end = first + 1;
            while (end < Examples && Offsets[end + 1] - Offsets[first] <= maximumTokens)
                end++;
            result.Add(new MicroBatch(this, result.Count, first, end - first, weights));
            first = end;
        }

        return result;
    }

    /// <summary>The whole batch as one micro-batch.</summary>
    public MicroBatch Whole(LossReduction reduction) => new(this, 0, 0, Examples, LabelWeights(reduction));

    /// <summary>The objective's factor on each label's loss, per example.</summary>
    private float[] LabelWeights(LossReduction reduction)
    {
        var labels = new int[Examples];
        var total = 0L;
        for (var i = 0; i < Examples; i++)
            total += labels[i] = Labels(i);
        var weights = new float[Examples];
        for (var i = 0; i < Examples; i++)
        {
            if (labels[i] == 0)
                continue;
            var factor = reduction switch
            {
                LossReduction.ExampleSum => 1.0 / labels[i],
                LossReduction.ExampleMean => 1.0 / labels[i] / Examples,
                LossReduction.TokenMean => 1.0 / total,
                _ => 1.0,
            };
            weights[i] = (float)(factor * (_weights?[i] ?? 1f));
        }

        return weights;
    }
}
