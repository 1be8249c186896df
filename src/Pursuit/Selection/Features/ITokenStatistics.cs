namespace Pursuit.Selection.Features;

/// <summary>
/// What models say of every token of the examples: ragged arrays, one entry per token that has something before it. With data
/// probes each example is scored by a probe that never saw it or a copy, and a common slice by both.
/// </summary>
/// <remarks>Safe to read from several threads at once.</remarks>
public interface ITokenStatistics : IDisposable
{
    /// <summary>What messages call these statistics.</summary>
    string Name { get; }

    /// <summary>Examples, N.</summary>
    int Count { get; }

    /// <summary>Models that scored: 1, or two cross-fitted probes.</summary>
    int Probes { get; }

    /// <summary>How often each token id stands in the corpus, [vocabulary].</summary>
    IReadOnlyList<long> UnigramCounts { get; }

    /// <summary>True where a probe scored an example.</summary>
    bool Has(int probe, int position);

    /// <summary>An example's statistics by a probe that scored it.</summary>
    TokenStatisticsRow Read(int probe, int position);
}

/// <summary>
/// One example's statistics. All spans but the last have its tokens, in their order; p is the model's distribution before each.
/// </summary>
public readonly ref struct TokenStatisticsRow
{
    /// <summary>Token ids.</summary>
    public required ReadOnlySpan<int> Tokens { get; init; }

    /// <summary>1 where training would take loss on the token: all of a text, the answers of a conversation.</summary>
    public required ReadOnlySpan<byte> Trained { get; init; }

    /// <summary>log p(token) in nats.</summary>
    public required ReadOnlySpan<float> LogProbability { get; init; }

    /// <summary>sum of p^2 over the vocabulary.</summary>
    public required ReadOnlySpan<float> SquareSum { get; init; }

    /// <summary>- sum p log p in nats.</summary>
    public required ReadOnlySpan<float> Entropy { get; init; }

    /// <summary>The largest p less the second largest.</summary>
    public required ReadOnlySpan<float> Margin { get; init; }

    /// <summary>1 where no other token was more probable; empty in stores of versions that didn't keep it.</summary>
    public ReadOnlySpan<byte> Likeliest { get; init; }

    /// <summary>
    /// log p of each trained token with nothing before its answer; empty where that wasn't asked for, or there is no question.
    /// </summary>
    public required ReadOnlySpan<float> AnswerAlone { get; init; }
}
