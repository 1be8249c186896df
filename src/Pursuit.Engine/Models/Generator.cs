using System.Numerics.Tensors;

namespace Pursuit.Engine.Models;

/// <summary>
/// Writes text greedily: always the likeliest next token, the lowest id among equals. Keys and values of earlier tokens
/// are kept, so a token costs one row. For looking and for tests; one thread.
/// </summary>
public sealed class Generator : IDisposable
{
    private const int Chunk = 256;

    private readonly Decoder _decoder;
    private readonly DecoderWorker _worker;
    private readonly float[] _logits;

    /// <summary>Creates a generator; its memory is made at the first text.</summary>
    public Generator(Decoder decoder)
    {
        _decoder = decoder;
        _worker = new DecoderWorker(decoder);
        _logits = new float[decoder.Config.VocabularySize];
    }

    /// <summary>Continues a prompt until an end token, a number of tokens, or the model's longest sequence.</summary>
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="maximumNew">Most tokens to add.</param>
    /// <param name="endTokens">Ids that end the text; null: the config's.</param>
    /// <param name="cancellationToken">Stops before the next token.</param>
    /// <returns>The new tokens in order, a final end token included.</returns>
    /// <exception cref="PursuitException">The prompt is empty, longer than the model's longest sequence, or has an id outside the vocabulary.</exception>
    public IEnumerable<int> Greedy(IReadOnlyList<int> prompt, int maximumNew, IReadOnlyList<int>? endTokens = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximumNew);
        var longest = _decoder.Config.MaximumPositions;
        if (prompt.Count == 0 || prompt.Count > longest)
            throw PursuitException.At("prompt", $"{prompt.Count} tokens", $"1 to {longest}, the model's longest sequence", "Give a shorter prompt that is not empty.");
        return Continue([.. prompt], Math.Min(longest, prompt.Count + maximumNew), endTokens ?? _decoder.Config.EndTokens, cancellationToken);
    }

    /// <summary>Frees the cache.</summary>
    public void Dispose() => _worker.Dispose();

    private IEnumerable<int> Continue(int[] prompt, int capacity, IReadOnlyList<int> endTokens, CancellationToken cancellationToken)
    {
        _worker.StartText(capacity, Chunk);
        for (var start = 0; start < prompt.Length; start += Chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _worker.Continue(prompt.AsSpan(start, Math.Min(Chunk, prompt.Length - start)), _logits);
        }

        for (var count = prompt.Length; count < capacity; count++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var token = TensorPrimitives.IndexOfMax(_logits);
            yield return token;
            if (endTokens.Contains(token) || count + 1 == capacity)
                yield break;
            _worker.Continue([token], _logits);
        }
    }
}
