namespace Pursuit.Tokenization;

/// <summary>The symbols of one word while they are merged; each knows the characters of the word it covers.</summary>
internal sealed class SymbolBuffer
{
    // Below this many symbols, looking at every pair for the lowest rank is cheaper than keeping a heap.
    private const int HeapFrom = 32;

    private int[] _ids = new int[64];
    private int[] _starts = new int[64];
    private int[] _ends = new int[64];
    private int[] _ranks = new int[64];
    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private ulong[] _heap = new ulong[64];
    private int _heapCount;

    /// <summary>Symbols held.</summary>
    public int Count { get; private set; }

    /// <summary>Symbols there is room for without growing.</summary>
    public int Capacity => _ids.Length;

    /// <summary>Token ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>First character of each symbol in the word.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary>One past the last character of each symbol in the word.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>Forgets every symbol.</summary>
    public void Clear() => Count = 0;

    /// <summary>Appends a symbol that covers the word's characters [start, end).</summary>
    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length) Grow();
        _ids[Count] = id;
        _starts[Count] = start;
        _ends[Count] = end;
        Count++;
    }

    /// <summary>Lets the last symbol cover characters up to <paramref name="end"/>.</summary>
    public void ExtendLast(int end) => _ends[Count - 1] = end;

    /// <summary>Id of the last symbol, or -1.</summary>
    public int LastId => Count == 0 ? -1 : _ids[Count - 1];

    /// <summary>Joins pairs, lowest rank first and leftmost among equals, until no pair can be joined.</summary>
    public void Merge(MergeTable merges)
    {
        if (Count < 2) return;
        if (Count < HeapFrom) MergeByScan(merges);
        else MergeByHeap(merges);
    }

    private void MergeByScan(MergeTable merges)
    {
        int[] ids = _ids, starts = _starts, ends = _ends, ranks = _ranks;
        var count = Count;
        for (var i = 0; i + 1 < count; i++) ranks[i] = merges.RankOf(ids[i], ids[i + 1]);
        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best]) best = i;
            }

            if (ranks[best] == MergeTable.NoRank) break;
            ids[best] = merges.ResultOf(ranks[best]);
            ends[best] = Math.Max(ends[best], ends[best + 1]);
            var tail = count - best - 2;
            Array.Copy(ids, best + 2, ids, best + 1, tail);
            Array.Copy(starts, best + 2, starts, best + 1, tail);
            Array.Copy(ends, best + 2, ends, best + 1, tail);
            if (tail > 0) Array.Copy(ranks, best + 2, ranks, best + 1, tail - 1);
            count--;
            if (best + 1 < count) ranks[best] = merges.RankOf(ids[best], ids[best + 1]);
            if (best > 0) ranks[best - 1] = merges.RankOf(ids[best - 1], ids[best]);
        }

        Count = count;
    }

    private void MergeByHeap(MergeTable merges)
    {
        var count = Count;
        _heapCount = 0;
        for (var i = 0; i < count; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1 < count ? i + 1 : -1;
            _ranks[i] = i + 1 < count ? merges.RankOf(_ids[i], _ids[i + 1]) : MergeTable.NoRank;
            if (_ranks[i] != MergeTable.NoRank) Push(_ranks[i], i);
        }

        while (_heapCount > 0)
        {
            var top = Pop();
            var rank = (int)(top >> 32);
            var left = (int)(uint)top;
            if (_ranks[left] != rank) continue; // joined or changed since it was pushed
            var right = _next[left];
            _ids[left] = merges.ResultOf(rank);
            _ends[left] = Math.Max(_ends[left], _ends[right]);
            _ranks[right] = MergeTable.NoRank;
            var after = _next[right];
            _next[left] = after;
            if (after >= 0) _previous[after] = left;
            Renew(merges, left);
            if (_previous[left] >= 0) Renew(merges, _previous[left]);
        }

        var kept = 0;
        for (var i = 0; i >= 0; i = _next[i])
        {
            _ids[kept] = _ids[i];
            _starts[kept] = _starts[i];
            _ends[kept] = _ends[i];
            kept++;
        }

        Count = kept;
    }

    private void Renew(MergeTable merges, int left)
    {
        var right = _next[left];
        var rank = right >= 0 ? merges.RankOf(_ids[left], _ids[right]) : MergeTable.NoRank;
        _ranks[left] = rank;
        if (rank != MergeTable.NoRank) Push(rank, left);
    }

    private void Push(int rank, int position)
    {
        if (_heapCount == _heap.Length) Array.Resize(ref _heap, 2 * _heap.Length);
        var key = ((ulong)(uint)rank << 32) | (uint)position;
        var slot = _heapCount++;
        while (slot > 0)
        {
            var parent = (slot - 1) / 2;
            if (_heap[parent] <= key) break;
            _heap[slot] = _heap[parent];
            slot = parent;
        }

        _heap[slot] = key;
    }

    private ulong Pop()
    {
        var top = _heap[0];
        var last = _heap[--_heapCount];
        var slot = 0;
        while (true)
        {
            var child = 2 * slot + 1;
            if (child >= _heapCount) break;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child]) child++;
            if (last <= _heap[child]) break;
            _heap[slot] = _heap[child];
            slot = child;
        }

        _heap[slot] = last;
        return top;
    }

    private void Grow()
    {
        var size = 2 * _ids.Length;
        Array.Resize(ref _ids, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
        Array.Resize(ref _ranks, size);
        Array.Resize(ref _next, size);
        Array.Resize(ref _previous, size);
    }
}
