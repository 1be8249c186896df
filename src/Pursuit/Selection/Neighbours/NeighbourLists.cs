namespace Pursuit.Selection.Neighbours;

/// <summary>Each query's nearest rows, nearest first, equal distances by content id; as many as each needs.</summary>
/// <param name="Rows">Pool rows, [V][K_j].</param>
/// <param name="Distances">Euclidean distances, or the keys they are ordered by, [V][K_j].</param>
internal sealed record NeighbourLists(int[][] Rows, double[][] Distances)
{
    /// <summary>Queries, V.</summary>
    public int Queries => Rows.Length;

    /// <summary>The best of several lists of each query, of rows that are in one of them alone.</summary>
    /// <param name="parts">Lists of the same queries, each by key and content id.</param>
    /// <param name="length">Rows per query at most.</param>
    /// <param name="contentIds">[pool].</param>
    public static NeighbourLists Merge(IReadOnlyList<NeighbourLists> parts, int length, IReadOnlyList<ContentId> contentIds)
    {
        var merged = new NeighbourLists(new int[parts[0].Queries][], new double[parts[0].Queries][]);
        for (var query = 0; query < merged.Queries; query++)
        {
            var place = query;
            merged.Put(
                query,
                [.. parts.SelectMany(p => p.Distances[place])],
                [.. parts.SelectMany(p => p.Rows[place])],
                length,
                contentIds);
        }

        return merged;
    }

    /// <summary>Sorts a query's rows by key, equal ones by content id, and keeps the first.</summary>
    public void Put(int query, double[] keys, int[] rows, int length, IReadOnlyList<ContentId> contentIds)
    {
        Array.Sort(keys, rows);
        for (var first = 0; first < keys.Length;)
        {
            var end = first + 1;
            while (end < keys.Length && keys[end] == keys[first]) end++;
            if (end - first > 1) rows.AsSpan(first, end - first).Sort((a, b) => contentIds[a].CompareTo(contentIds[b]));
            first = end;
        }

        var kept = Math.Min(length, rows.Length);
        (Rows[query], Distances[query]) = (rows[..kept], keys[..kept]);
    }
}

/// <summary>
/// The best rows of each query seen so far by one worker: a heap per query with the worst on top. The order is total
/// (key, then content id), so what is kept doesn't depend on the order of arrival.
/// </summary>
internal sealed class NeighbourHeaps(int queries, int length, IReadOnlyList<ContentId> contentIds)
{
    private readonly double[] _keys = new double[checked(queries * length)];
    private readonly int[] _rows = new int[queries * length];
    private readonly int[] _counts = new int[queries];

    private (int Queries, int Length, IReadOnlyList<ContentId> ContentIds) Shape => (queries, length, contentIds);

    /// <summary>The key beyond which a row can't be kept; infinite until the heap is full.</summary>
    public double Worst(int query) => _counts[query] < length ? double.PositiveInfinity : _keys[query * length];

    /// <summary>Considers a row.</summary>
    /// <param name="query">For which query.</param>
    /// <param name="row">The row; offered once to all workers together.</param>
    /// <param name="key">What is ordered by, least first: a squared distance.</param>
    public void Offer(int query, int row, double key)
    {
        var start = query * length;
        var count = _counts[query];
        if (count < length)
        {
            var child = _counts[query]++;
            while (child > 0)
            {
                var parent = (child - 1) / 2;
                if (!IsWorse(key, row, start + parent)) break;
                Move(start + parent, start + child);
                child = parent;
            }

            Put(start + child, key, row);
            return;
        }

        if (IsWorse(key, row, start)) return;
        var hole = 0;
        for (int child; (child = 2 * hole + 1) < length; hole = child)
        {
            if (child + 1 < length && IsWorse(_keys[start + child + 1], _rows[start + child + 1], start + child)) child++;
            if (IsWorse(key, row, start + child)) break;
            Move(start + child, start + hole);
        }

        Put(start + hole, key, row);
    }

    /// <summary>The best of what several workers kept, by key.</summary>
    /// <param name="heaps">The workers' heaps, all of the same queries and length.</param>
    /// <param name="threads">At most this many.</param>
    public static NeighbourLists Merge(IReadOnlyList<NeighbourHeaps> heaps, int threads)
    {
        var (queries, length, contentIds) = heaps[0].Shape;
        var lists = new NeighbourLists(new int[queries][], new double[queries][]);
        Parallel.For(0, queries, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads) }, query =>
        {
            var total = heaps.Sum(h => h._counts[query]);
            var keys = new double[total];
            var rows = new int[total];
            var at = 0;
            foreach (var heap in heaps)
            {
                var count = heap._counts[query];
                heap._keys.AsSpan(query * length, count).CopyTo(keys.AsSpan(at));
                heap._rows.AsSpan(query * length, count).CopyTo(rows.AsSpan(at));
                at += count;
            }

            lists.Put(query, keys, rows, length, contentIds);
        });
        return lists;
    }

    private bool IsWorse(double key, int row, int slot) =>
        key > _keys[slot] || (key == _keys[slot] && contentIds[row].CompareTo(contentIds[_rows[slot]]) > 0);

    private void Move(int from, int to) => (_keys[to], _rows[to]) = (_keys[from], _rows[from]);

    private void Put(int slot, double key, int row) => (_keys[slot], _rows[slot]) = (key, row);
}
