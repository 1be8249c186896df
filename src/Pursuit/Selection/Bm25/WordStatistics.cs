using Pursuit.Selection.Dsir;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Bm25;

/// <summary>In how many of a pool's texts each word of the queries stands, how long they are, and what that scores.</summary>
internal sealed class WordStatistics(WordQueries queries, int threads)
{
    private readonly long[] _textsWith = new long[queries.Words];
    private long _texts;
    private long _words;

    /// <summary>Counts a pool's words.</summary>
    public void Count(ITextFeatures pool, Action<int> onTexts, CancellationToken cancellationToken)
    {
        _texts = pool.Count;
        Each(
            pool,
            onTexts,
            (_, counted, length) =>
            {
                Interlocked.Add(ref _words, length);
                foreach (var number in counted.Present) Interlocked.Increment(ref _textsWith[number]);
            },
            cancellationToken);
    }

    /// <summary>Each text's score, [texts]; NaN where it has no word.</summary>
    public double[] Score(ITextFeatures pool, Bm25Options options, Action<int> onTexts, CancellationToken cancellationToken)
    {
        var (scores, mean) = (new double[pool.Count], (double)_words / Math.Max(1, _texts));
        Each(
            pool,
            onTexts,
            (position, counted, length) =>
            {
                if (length == 0)
                {
                    scores[position] = double.NaN;
                    return;
                }

                var saturation = options.K1 * (1 - options.B + options.B * length / mean);
                counted.Present.Sort(); // sums in one order, whatever the text's
                foreach (var number in counted.Present)
                {
                    var times = counted.Times(number);
                    scores[position] += queries.Weight(number) * Rarity(number) * times * (options.K1 + 1) / (times + saturation);
                }
            },
            cancellationToken);
        return scores;
    }

    /// <summary>ln(1 + (N - n + 1/2) / (n + 1/2)), above 0 for every word.</summary>
    private double Rarity(int number) => Math.Log(1 + (_texts - _textsWith[number] + 0.5) / (_textsWith[number] + 0.5));

    private void Each(ITextFeatures pool, Action<int> onTexts, Action<int, WordCounts, int> visit, CancellationToken cancellationToken) =>
        TextPass.Each(
            pool,
            threads,
            onTexts,
            () => (Reader: new GramReader(GramHash.Fast, 1), Counts: new WordCounts(queries.Words)),
            (local, position, text) =>
            {
                var words = local.Reader.ReadWords(text);
                local.Counts.Clear();
                foreach (var word in words)
                    if (queries.NumberOf(word) is >= 0 and var number) local.Counts.Add(number);
                visit(position, local.Counts, words.Length);
            },
            _ => { },
            cancellationToken);

    /// <summary>How often one text has each word of the queries.</summary>
    private sealed class WordCounts(int words)
    {
        private readonly int[] _times = new int[words];

        /// <summary>The words it has at least once.</summary>
        public List<int> Present { get; } = [];

        public int Times(int number) => _times[number];

        public void Add(int number)
        {
            if (_times[number]++ == 0) Present.Add(number);
        }

        public void Clear()
        {
            foreach (var number in Present) _times[number] = 0;
            Present.Clear();
        }
    }
}
