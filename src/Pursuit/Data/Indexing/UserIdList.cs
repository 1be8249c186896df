using System.Text;
using Pursuit.Storage;

namespace Pursuit.Data.Indexing;

/// <summary>
/// The users' ids of a pool, front-coded: an id holds how many bytes it shares with the one before it, and the rest.
/// Every 16th is whole, so that any is read in at most 16 steps. Numbered ids take about 4 bytes each.
/// </summary>
/// <param name="directory">Where the files of a long list are made; null for the system's temporary directory.</param>
internal sealed class UserIdList(string? directory) : IDisposable
{
    private const int BlockLength = 16;
    private const int MostBytes = Reading.RecordParser.MaxUserIdBytes;

    /// <summary>Two lengths of at most 2 bytes each, and the id itself.</summary>
    private const int MostCoded = MostBytes + 4;

    private readonly SpillableMemory _bytes = new(directory);
    private readonly SpillableList<long> _blocks = new(directory);
    private readonly byte[] _previous = new byte[MostBytes];
    private int _previousLength;
    private long _used;

    public int Count { get; private set; }

    /// <summary>Adds an id of at most 1,024 bytes, or none.</summary>
    /// <exception cref="PursuitException">There is no room for a temporary file.</exception>
    public void Add(ReadOnlySpan<byte> id, bool exists)
    {
        _bytes.Grow(_used + MostCoded);
        if (Count % BlockLength == 0)
        {
            _blocks.Add(_used);
            _previousLength = 0;
        }

        Count++;
        var to = _bytes.Bytes(_used, MostCoded);
        var at = 0;
        if (!exists)
        {
            WriteNumber(to, ref at, 0);
            _used += at;
            return;
        }

        var shared = id.CommonPrefixLength(_previous.AsSpan(0, _previousLength));
        WriteNumber(to, ref at, id.Length - shared + 1);
        WriteNumber(to, ref at, shared);
        id[shared..].CopyTo(to[at..]);
        _used += at + id.Length - shared;
        id[shared..].CopyTo(_previous.AsSpan(shared));
        _previousLength = id.Length;
    }

    /// <summary>Reads an id.</summary>
    public string? Get(int index)
    {
        Span<byte> id = stackalloc byte[MostBytes];
        var block = Block(index / BlockLength);
        var at = 0;
        var length = -1;
        for (var i = index - index % BlockLength; i <= index; i++) length = ReadNext(block, ref at, id);
        return length < 0 ? null : Encoding.UTF8.GetString(id[..length]);
    }

    /// <summary>The list of some of the ids.</summary>
    /// <param name="indices">Which, ascending.</param>
    /// <exception cref="PursuitException">There is no room for a temporary file.</exception>
    public UserIdList Only(IEnumerable<int> indices)
    {
        var list = new UserIdList(directory);
        try
        {
            foreach (var index in indices) list.Add(Encoding.UTF8.GetBytes(Get(index) ?? ""), Get(index) is not null);
            return list;
        }
        catch
        {
            list.Dispose();
            throw;
        }
    }

    /// <summary>How many ids another one equals, the first of each not counted.</summary>
    /// <exception cref="PursuitException">There is no room for a temporary file.</exception>
    public int CountRepeated()
    {
        Span<byte> id = stackalloc byte[MostBytes];
        using var hashes = new SpillableList<ulong>(directory);
        for (var index = 0; index < Count;)
        {
            var block = Block(index / BlockLength);
            var at = 0;
            for (var last = Math.Min(index + BlockLength, Count); index < last; index++)
            {
                var length = ReadNext(block, ref at, id);
                if (length >= 0) hashes.Add(Hash(id[..length]));
            }
        }

        var sorted = hashes.Span;
        sorted.Sort();
        var repeated = 0;
        for (var i = 1; i < sorted.Length; i++) repeated += sorted[i] == sorted[i - 1] ? 1 : 0;
        return repeated;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bytes.Dispose();
        _blocks.Dispose();
    }

    private ReadOnlySpan<byte> Block(int number)
    {
        var start = _blocks[number];
        return _bytes.Bytes(start, (int)Math.Min(BlockLength * MostCoded, _used - start));
    }

    /// <summary>FNV-1a: the count is for people, and a chance collision among millions of ids has odds of about 1 in a million.</summary>
    private static ulong Hash(ReadOnlySpan<byte> id)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in id) hash = (hash ^ b) * 1099511628211UL;
        return hash;
    }

    private static int ReadNext(ReadOnlySpan<byte> block, ref int at, Span<byte> id)
    {
        var rest = ReadNumber(block, ref at) - 1;
        if (rest < 0) return -1;
        var shared = ReadNumber(block, ref at);
        block.Slice(at, rest).CopyTo(id[shared..]);
        at += rest;
        return shared + rest;
    }

    private static void WriteNumber(Span<byte> to, ref int at, int value)
    {
        if (value >= 0x80) to[at++] = (byte)(value | 0x80);
        to[at++] = (byte)(value >= 0x80 ? value >> 7 : value);
    }

    private static int ReadNumber(ReadOnlySpan<byte> block, ref int at)
    {
        int value = block[at++];
        return value < 0x80 ? value : (value & 0x7F) | (block[at++] << 7);
    }
}
