namespace Pursuit.Numerics;

/// <summary>
/// Keeps the rows of largest score from a stream, in a heap of at most the size asked for. The order is total (score,
/// then the caller's tie-break, then the row number), so the result doesn't depend on the order in which rows arrive,
/// nor on how a pool is cut into blocks.
/// </summary>
internal sealed class TopK
{
    private readonly Comparison<long>? _ties;
    private readonly int _count;
    private readonly PriorityQueue<long, Entry> _heap;

    /// <summary>An empty list.</summary>
    /// <param name="count">How many rows to keep, 0 or more.</param>
    /// <param name="ties">
    /// Negative when its first row goes before its second at equal scores, such as by content id; rows it calls
    /// equal go by row number. Null means by row number.
    /// </param>
    /// <exception cref="PursuitException">The count is negative.</exception>
    public TopK(int count, Comparison<long>? ties = null)
    {
        if (count < 0)
            throw PursuitException.At("TopK", $"count {count}", "0 or more");
        _count = count;
        _ties = ties;
        // The worst of those kept stands at the top, where it can be replaced.
        _heap = new PriorityQueue<long, Entry>(Comparer<Entry>.Create((a, b) => Compare(b, a)));
    }

    /// <summary>Rows kept so far.</summary>
    public int Count => _heap.Count;

    /// <summary>Considers a row. A score of NaN is never kept.</summary>
    /// <param name="row">Its number; each row is offered once.</param>
    /// <param name="score">Larger is better.</param>
    public void Offer(long row, float score)
    {
        if (_count == 0 || float.IsNaN(score))
            return;
        var entry = new Entry(score, row);
        if (_heap.Count < _count)
            _heap.Enqueue(row, entry);
        else if (_heap.TryPeek(out _, out var worst) && Compare(entry, worst) < 0)
            _heap.DequeueEnqueue(row, entry);
    }

    /// <summary>The rows kept, best first, with their scores.</summary>
    public IReadOnlyList<(long Row, float Score)> ToSorted()
    {
        var entries = _heap.UnorderedItems.Select(item => item.Priority).ToList();
        entries.Sort(Compare);
        return entries.ConvertAll(entry => (entry.Row, entry.Score));
    }

    /// <summary>The rows of largest score, best first.</summary>
    /// <param name="scores">[rows]; NaN is never chosen.</param>
    /// <param name="count">At most how many.</param>
    /// <param name="ties">See the constructor.</param>
    /// <param name="above">Only scores greater than this; default all.</param>
    public static int[] Largest(ReadOnlySpan<float> scores, int count, Comparison<long>? ties = null, float above = float.NegativeInfinity)
    {
        var best = new TopK(count, ties);
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] > above || (float.IsNegativeInfinity(above) && float.IsNegativeInfinity(scores[i])))
                best.Offer(i, scores[i]);
        }

        return [.. best.ToSorted().Select(entry => (int)entry.Row)];
    }

    private int Compare(Entry a, Entry b)
    {
        var order = b.Score.CompareTo(a.Score);
        if (order == 0 && _ties is not null)
            order = _ties(a.Row, b.Row);
        return order != 0 ? order : a.Row.CompareTo(b.Row);
    }

    private readonly record struct Entry(float Score, long Row);
}
