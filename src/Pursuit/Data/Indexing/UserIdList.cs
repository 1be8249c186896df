using System.Text;

namespace Pursuit.Data.Indexing;

/// <summary>
/// The users' ids of a pool, front-coded: an id holds how many bytes it shares with the one before it, and the rest.
/// Every 16th is whole, so that any is read in at most 16 steps. Numbered ids take about 4 bytes each.
/// </summary>
internal sealed class UserIdList
{
    private const int BlockLength = 16;
    private const int PageBytes = 1 << 18;

    // Two lengths of at most 2 bytes each and the id itself, 16 times over, fit a page many times.
    private readonly List<byte[]> _pages = [];
    private readonly ChunkedList<long> _blocks = new();
    private readonly byte[] _previous = new byte[Reading.RecordParser.MaxUserIdBytes];
    private int _previousLength;
    private int _used = PageBytes;

    public int Count { get; private set; }

    /// <summary>Adds an id of at most 1,024 bytes, or none.</summary>
    public void Add(ReadOnlySpan<byte> id, bool exists)
    {
        if (Count % BlockLength == 0)
        {
            if (_used + BlockLength * (_previous.Length + 4) > PageBytes)
            {
                _pages.Add(GC.AllocateUninitializedArray<byte>(PageBytes));
                _used = 0;
            }

            _blocks.Add(((long)(_pages.Count - 1) << 32) | (uint)_used);
            _previousLength = 0;
        }

        Count++;
        var page = _pages[^1];
        if (!exists)
        {
            WriteNumber(page, 0);
            return;
        }

        var shared = id.CommonPrefixLength(_previous.AsSpan(0, _previousLength));
        WriteNumber(page, id.Length - shared + 1);
        WriteNumber(page, shared);
        id[shared..].CopyTo(page.AsSpan(_used));
        _used += id.Length - shared;
        id[shared..].CopyTo(_previous.AsSpan(shared));
        _previousLength = id.Length;
    }

    /// <summary>Reads an id.</summary>
    public string? Get(int index)
    {
        Span<byte> id = stackalloc byte[_previous.Length];
        var block = _blocks[index / BlockLength];
        var page = _pages[(int)(block >> 32)];
        var at = (int)(uint)block;
        var length = -1;
        for (var i = index - index % BlockLength; i <= index; i++) length = ReadNext(page, ref at, id);
        return length < 0 ? null : Encoding.UTF8.GetString(id[..length]);
    }

    /// <summary>The list of some of the ids.</summary>
    /// <param name="indices">Which, ascending.</param>
    public UserIdList Only(IEnumerable<int> indices)
    {
        var list = new UserIdList();
        foreach (var index in indices) list.Add(Encoding.UTF8.GetBytes(Get(index) ?? ""), Get(index) is not null);
        return list;
    }

    /// <summary>How many ids another one equals, the first of each not counted.</summary>
    public int CountRepeated()
    {
        Span<byte> id = stackalloc byte[_previous.Length];
        var hashes = GC.AllocateUninitializedArray<ulong>(Count);
        var kept = 0;
        for (var index = 0; index < Count;)
        {
            var block = _blocks[index / BlockLength];
            var page = _pages[(int)(block >> 32)];
            var at = (int)(uint)block;
            for (var last = Math.Min(index + BlockLength, Count); index < last; index++)
            {
                var length = ReadNext(page, ref at, id);
                if (length >= 0) hashes[kept++] = Hash(id[..length]);
            }
        }

        hashes.AsSpan(0, kept).Sort();
        var repeated = 0;
        for (var i = 1; i < kept; i++) repeated += hashes[i] == hashes[i - 1] ? 1 : 0;
        return repeated;
    }

    /// <summary>FNV-1a: the count is for people, and a chance collision among millions of ids has odds of about 1 in a million.</summary>
    private static ulong Hash(ReadOnlySpan<byte> id)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in id) hash = (hash ^ b) * 1099511628211UL;
        return hash;
    }

    private static int ReadNext(byte[] page, ref int at, Span<byte> id)
    {
        var rest = ReadNumber(page, ref at) - 1;
        if (rest < 0) return -1;
        var shared = ReadNumber(page, ref at);
        page.AsSpan(at, rest).CopyTo(id[shared..]);
        at += rest;
        return shared + rest;
    }

    private void WriteNumber(byte[] page, int value)
    {
        if (value >= 0x80) page[_used++] = (byte)(value | 0x80);
        page[_used++] = (byte)(value >= 0x80 ? value >> 7 : value);
    }

    private static int ReadNumber(byte[] page, ref int at)
    {
        int value = page[at++];
        return value < 0x80 ? value : (value & 0x7F) | (page[at++] << 7);
    }
}
