using Pursuit.Selection.Features;

namespace Pursuit.TestKit;

/// <summary>Token statistics in memory.</summary>
/// <param name="vocabulary">Token ids.</param>
/// <param name="examples">[examples].</param>
internal sealed class MemoryStatistics(int vocabulary, IReadOnlyList<MemoryStatistics.Entry> examples) : ITokenStatistics
{
    /// <inheritdoc/>
    public string Name => "statistics";

    /// <inheritdoc/>
    public int Count => examples.Count;

    /// <inheritdoc/>
    public int Probes => 1;

    /// <inheritdoc/>
    public IReadOnlyList<long> UnigramCounts { get; } =
        [.. Enumerable.Range(0, vocabulary).Select(id => (long)examples.Sum(e => e.Tokens.Count(t => t == id)))];

    /// <inheritdoc/>
    public bool Has(int probe, int position) => probe == 0;

    /// <inheritdoc/>
    public TokenStatisticsRow Read(int probe, int position)
    {
        var e = examples[position];
        return new TokenStatisticsRow
        {
            Tokens = e.Tokens,
            Trained = e.Trained,
            LogProbability = e.LogProbability,
            SquareSum = e.SquareSum,
            Entropy = e.Entropy,
            Margin = e.Margin,
            AnswerAlone = e.Alone,
            Likeliest = e.Likeliest,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>One example.</summary>
    public sealed record Entry(
        int[] Tokens, byte[] Trained, float[] LogProbability, float[] SquareSum, float[] Entropy, float[] Margin, float[] Alone)
    {
        /// <summary>1 where no other token was more probable; empty where that isn't told.</summary>
        public byte[] Likeliest { get; init; } = [];

        /// <summary>A text whose tokens all have one log probability, and nothing else of interest.</summary>
        public static Entry Flat(int length, double logProbability, int token = 0)
        {
            var rest = new float[length];
            return new Entry(
                [.. Enumerable.Repeat(token, length)], [.. Enumerable.Repeat((byte)1, length)],
                [.. Enumerable.Repeat((float)logProbability, length)], rest, rest, rest, []);
        }
    }
}
