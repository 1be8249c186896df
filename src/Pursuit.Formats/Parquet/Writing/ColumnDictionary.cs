using System.Runtime.InteropServices;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>
/// The different values of a column's part of a row group, and which of them the page that is begun has. It ends where the values are too
/// many or repeat too little; the pages that were stored by it remain.
/// </summary>
internal sealed class ColumnDictionary
{
    /// <summary>Readers hold a dictionary whole.</summary>
    private const int MostBytes = 1 << 20;

    private readonly ByteBuffer _values = new(); // as PLAIN has them
    private readonly List<int> _starts = []; // where each of them begins
    private readonly List<int> _page = [];
    private int[] _slots = new int[64]; // a value's number and one more, at its hash or behind; 0 for none
    private bool _isStored; // a page was stored by it

    /// <summary>It takes values.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Its values, where pages were stored by it.</summary>
    public ReadOnlySpan<byte> Stored => _isStored ? _values.Written : default;

    /// <summary>How many values it has.</summary>
    public int Count => _starts.Count;

    /// <summary>The page that is begun has values.</summary>
    public bool HasPage => _page.Count > 0;

    /// <summary>Bytes that it holds.</summary>
    public int Held => IsOpen ? _values.Length + sizeof(int) * _page.Count : 0;

    private int BitsPerIndex => Math.Max(1, RunEncoder.BitsOf(Math.Max(0, Count - 1)));

    /// <summary>Adds a value to the page.</summary>
    /// <param name="value">Its length and its bytes.</param>
    /// <returns>False where there is no room for another value.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value)
    {
        var slot = SlotOf(value);
        if (_slots[slot] == 0)
        {
            if (value.Length > MostBytes - _values.Length) return false;
            _starts.Add(_values.Length);
            _values.Append(value);
            _slots[slot] = Count;
            _page.Add(Count - 1);
            if (2 * Count > _slots.Length) Grow();
            return true;
        }

        _page.Add(_slots[slot] - 1);
        return true;
    }

    /// <summary>Takes the page's values back, to be stored as they are, and takes no more.</summary>
    /// <param name="destination">Gets them.</param>
    public void Close(ByteBuffer destination)
    {
        foreach (var index in _page) destination.Append(ValueAt(index));
        _page.Clear();
        IsOpen = false;
    }

    /// <summary>
    /// Whether the first page is stored in less than half by it: values that repeat seldom are compressed as well as they are, and are
    /// read faster.
    /// </summary>
    /// <param name="plainBytes">The page's values as PLAIN has them.</param>
    public bool Pays(long plainBytes) => _isStored || 2 * (_values.Length + (long)_page.Count * BitsPerIndex / 8) < plainBytes;

    /// <summary>Appends the page's indices as they are stored, and begins the next page.</summary>
    public void EndPage(ByteBuffer destination)
    {
        destination.Append((byte)BitsPerIndex);
        RunEncoder.Append<int>(destination, CollectionsMarshal.AsSpan(_page), BitsPerIndex);
        _page.Clear();
        _isStored = true;
    }

    /// <summary>Begins the next row group.</summary>
    public void Clear()
    {
        _values.Clear();
        _starts.Clear();
        _page.Clear();
        Array.Clear(_slots);
        (_isStored, IsOpen) = (false, true);
    }

    private ReadOnlySpan<byte> ValueAt(int index)
    {
        var start = _starts[index];
        var end = index + 1 < Count ? _starts[index + 1] : _values.Length;
        return _values.Written[start..end];
    }

    /// <summary>The slot that has a value, or that is free for it.</summary>
    private int SlotOf(ReadOnlySpan<byte> value)
    {
        // The hash differs from process to process; what is stored doesn't: numbers go by where a value first comes.
        var hash = new HashCode();
        hash.AddBytes(value);
        var slot = hash.ToHashCode() & (_slots.Length - 1);
        while (_slots[slot] is not 0 and var number && !ValueAt(number - 1).SequenceEqual(value)) slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }

    private void Grow()
    {
        _slots = new int[2 * _slots.Length];
        for (var i = 0; i < Count; i++) _slots[SlotOf(ValueAt(i))] = i + 1;
    }
}
