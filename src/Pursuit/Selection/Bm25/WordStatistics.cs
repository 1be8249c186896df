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

    /// <summary>Shows what each text's words of the queries are worth, several texts at once.</summary>
    /// <param name="pool">The texts that were counted.</param>
    /// <param name="options">How.</param>
    /// <param name="onTexts">Told how many were read.</param>
    /// <param name="visit">Told a text's position and its words by ascending number; null where it has no word at all.</param>
    /// <param name="cancellationToken">Stops between texts.</param>
    public void ForEachText(
        ITextFeatures pool,
        Bm25Options options,
        Action<int> onTexts,
        Action<int, IReadOnlyList<WordValue>?> visit,
        CancellationToken cancellationToken)
    {
        var mean = (double)_words / Math.Max(1, _texts);
        Each(
            pool,
            onTexts,
            (position, counted, length) =>
            {
                var saturation = options.K1 * (1 - options.B + options.B * length / mean);
                counted.Present.Sort(); // sums in one order, whatever the text's
                visit(position, length == 0 ? null : [.. counted.Present.Select(Value)]);

                WordValue Value(int number)
                {
                    var times = counted.Times(number);
                    return new WordValue(number, Rarity(number) * times * (options.K1 + 1) / (times + saturation));
                }
            },
            cancellationToken);
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

/// <summary>A word of the queries in a text.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Value">What the text scores for it, each time a query asks for it.</param>
internal readonly record struct WordValue(int Number, double Value);
