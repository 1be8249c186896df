using System.Numerics.Tensors;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>
/// Makes the embeddings of examples: one batched forward pass up to the layer that is asked, without logits. Sums over an example's
/// tokens are taken in double precision and in the tokens' order, so neither batch nor threads change a bit.
/// </summary>
internal sealed class EmbeddingExtractor
{
    private readonly DecoderPool _pool;
    private readonly EmbeddingOptions _options;
    private readonly int _layer;
    private readonly float[][] _states;
    private readonly double[][] _sums;

    /// <summary>Prepares the making.</summary>
    /// <param name="decoder">The model; stays the caller's.</param>
    /// <param name="pool">Workers of that decoder; stay the caller's.</param>
    /// <param name="options">What is made.</param>
    /// <exception cref="PursuitException">The model has no such layer.</exception>
    public EmbeddingExtractor(Decoder decoder, DecoderPool pool, EmbeddingOptions options)
    {
        (_pool, _options) = (pool, options);
        _layer = options.LayerOf(decoder.Config, "the model");
        Dimension = decoder.Config.HiddenSize;
        _states = [.. Enumerable.Repeat<float[]>([], pool.Workers)];
        _sums = [.. Enumerable.Range(0, pool.Workers).Select(_ => new double[Dimension])];
    }

    /// <summary>Numbers per example.</summary>
    public int Dimension { get; }

    /// <summary>Whether an example has a token to pool; one without has a zero row and doesn't go through the model.</summary>
    public static bool HasTokens(EncodedExample example, EmbeddingTokens tokens) =>
        tokens == EmbeddingTokens.All ? example.Ids.Length > 0 : !example.AllMasked;

    /// <summary>Computes examples' embeddings.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="rows">[examples, Dimension]; overwritten. A row that isn't finite stays as it is.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    /// <exception cref="PursuitException">A token is outside the model's vocabulary.</exception>
    public void Extract(IReadOnlyList<EncodedExample> examples, Memory<float> rows, CancellationToken cancellationToken)
    {
        rows.Span.Clear();
        var kept = Enumerable.Range(0, examples.Count).Where(i => HasTokens(examples[i], _options.Tokens)).ToArray();
        if (kept.Length == 0) return;
        var batch = Batch.Pack([.. kept.Select(i => (examples[i].Ids, (bool[]?)examples[i].Trained))]);
        _pool.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass(),
            (worker, number, part) =>
            {
                var length = part.Tokens * Dimension;
                if (_states[number].Length < length) _states[number] = new float[length];
                var states = _states[number].AsSpan(0, length);
                worker.HiddenStates(part, _layer, states);
                for (var i = 0; i < part.Examples; i++)
                {
                    var position = kept[part.FirstExample + i];
                    var own = states[(part.Offsets[i] * Dimension)..(part.Offsets[i + 1] * Dimension)];
                    Embed(own, examples[position].Trained, _sums[number], rows.Span.Slice(position * Dimension, Dimension));
                }
            },
            cancellationToken);
    }

    private void Embed(ReadOnlySpan<float> states, bool[] trained, double[] sum, Span<float> row)
    {
        Array.Clear(sum);
        var ofAnswer = _options.Tokens == EmbeddingTokens.Answer;
        var first = _options.Pool == EmbeddingPool.Last ? ofAnswer ? Array.LastIndexOf(trained, true) : trained.Length - 1 : 0;
        var (count, total) = (0, 0.0);
        for (var t = first; t < trained.Length; t++)
        {
            if (ofAnswer && !trained[t]) continue;
            count++;
            var weight = _options.Pool == EmbeddingPool.Weighted ? count : 1.0;
            total += weight;
            var state = states.Slice(t * Dimension, Dimension);
            for (var k = 0; k < sum.Length; k++) sum[k] += weight * state[k];
        }

        // The direction doesn't depend on the weights' sum, so a unit row is scaled once.
        var scale = _options.Norm == EmbeddingNorm.Raw ? 1 / total : TensorPrimitives.Norm<double>(sum) is > 0 and var norm ? 1 / norm : 0;
        for (var k = 0; k < row.Length; k++) row[k] = (float)(scale * sum[k]);
    }
}
