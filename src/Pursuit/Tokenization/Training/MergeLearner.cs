using System.Runtime.InteropServices;

namespace Pursuit.Tokenization.Training;

/// <summary>
/// Learns merges from spelled words (Sennrich and others, 2016): again and again the most frequent pair becomes one symbol.
/// Of equally frequent pairs the one with the smaller left id goes first, then the smaller right id, as in the tokenizers
/// crate. Counts are kept up to date instead of counted again, so that a merge costs what it changes.
/// </summary>
internal sealed class MergeLearner
{
    private readonly SpeltWords _words;
    private readonly Dictionary<ulong, Pair> _pairs = [];
    private readonly PriorityQueue<ulong, (long Count, ulong Pair)> _queue = new(MostFrequentFirst.Instance);
    private readonly HashSet<ulong> _grown = [];

    public MergeLearner(SpeltWords words)
    {
        _words = words;
        for (var w = 0; w < words.Starts.Length; w++)
        {
            var symbols = words.Symbols.AsSpan(words.Starts[w], words.Lengths[w]);
            for (var i = 0; i + 1 < symbols.Length; i++) Change(symbols[i], symbols[i + 1], words.Occurrences[w], w);
        }

        QueueGrown();
    }

    /// <summary>Takes the most frequent pair there is, if it occurs often enough.</summary>
    public bool TryTakeBest(long minimumFrequency, out int left, out int right)
    {
        while (_queue.TryDequeue(out var key, out var priority))
        {
            var count = _pairs[key].Count;
            if (count != priority.Count)
            {
                // Counted lower since it was queued (a higher count was queued again): look once more at its true place.
                if (count > 0 && count < priority.Count) _queue.Enqueue(key, (count, key));
                continue;
            }

            if (count < minimumFrequency) break;
            (left, right) = ((int)(key >> 32), (int)(uint)key);
            return true;
        }

        (left, right) = (-1, -1);
        return false;
    }

    /// <summary>Writes <paramref name="merged"/> for the pair wherever it occurs, and counts what that changes.</summary>
    public void Apply(int left, int right, int merged)
    {
        ref var pair = ref CollectionsMarshal.GetValueRefOrNullRef(_pairs, Key(left, right));
        var words = pair.Words;
        pair.Words = [];
        foreach (var word in words) MergeIn(word, left, right, merged);
        CollectionsMarshal.GetValueRefOrNullRef(_pairs, Key(left, right)).Count = 0;
        QueueGrown();
    }

    private void MergeIn(int word, int left, int right, int merged)
    {
        var symbols = _words.Symbols.AsSpan(_words.Starts[word], _words.Lengths[word]);
        var occurrences = _words.Occurrences[word];
        var kept = 0;
        for (var i = 0; i < symbols.Length; i++)
        {
            if (symbols[i] != left || i + 1 >= symbols.Length || symbols[i + 1] != right)
            {
                symbols[kept++] = symbols[i];
                continue;
            }

            if (kept > 0)
            {
                Change(symbols[kept - 1], left, -occurrences, word);
                Change(symbols[kept - 1], merged, occurrences, word);
            }

            if (i + 2 < symbols.Length)
            {
                Change(right, symbols[i + 2], -occurrences, word);
                Change(merged, symbols[i + 2], occurrences, word);
            }

            symbols[kept++] = merged;
            i++;
        }

        _words.Lengths[word] = kept;
    }

    private void Change(int left, int right, long by, int word)
    {
        var key = Key(left, right);
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, key, out var known);
        if (!known) pair.Words = [];
        pair.Count += by;
        if (by < 0) return;
        if (pair.Words.Count == 0 || pair.Words[^1] != word) pair.Words.Add(word);
        _grown.Add(key);
    }

    private void QueueGrown()
    {
        foreach (var key in _grown)
        {
            var count = _pairs[key].Count;
            if (count > 0) _queue.Enqueue(key, (count, key));
        }

        _grown.Clear();
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private struct Pair
    {
        public long Count;
        public List<int> Words;
    }

    private sealed class MostFrequentFirst : IComparer<(long Count, ulong Pair)>
    {
        public static readonly MostFrequentFirst Instance = new();

        public int Compare((long Count, ulong Pair) x, (long Count, ulong Pair) y)
        {
            var order = y.Count.CompareTo(x.Count);
            return order != 0 ? order : x.Pair.CompareTo(y.Pair);
        }
    }
}
