using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// The chosen rows, in blocks. Kept from the time they enter; or, where memory is short, read from the store again whenever a block
/// is wanted, which gives the same bits.
/// </summary>
internal sealed class SupportRows(GradientRows rows, PursuitMemory? memory)
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 256;

    private readonly List<float[]> _blocks = [];
    private readonly bool _keeps = memory?.KeepsRows ?? true;
    private readonly int _dimension = rows.Dimension;
    private int[] _positions = [];

    /// <summary>True where every block lies in memory.</summary>
    public bool AreKept => _keeps;

    /// <summary>Rows.</summary>
    public int Count { get; private set; }

    /// <summary>Blocks, the last perhaps not full.</summary>
    public int Blocks => (Count + BlockRows - 1) / BlockRows;

    /// <summary>Their positions in the pool, in order of entry.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    /// <summary>Appends rows.</summary>
    public void Add(ReadOnlySpan<int> positions)
    {
        if (Count + positions.Length > _positions.Length)
            Array.Resize(ref _positions, Math.Max(Count + positions.Length, 2 * _positions.Length));
        positions.CopyTo(_positions.AsSpan(Count));
        for (var done = 0; _keeps && done < positions.Length;)
        {
            var (block, at) = Math.DivRem(Count + done, BlockRows);
            var count = Math.Min(positions.Length - done, BlockRows - at);
            if (block == _blocks.Count) _blocks.Add([]);
            if (_blocks[block].Length < (at + count) * _dimension) Grow(block, at, at + count);
            rows.Gather(positions.Slice(done, count), _blocks[block].AsSpan(at * _dimension, count * _dimension));
            done += count;
        }

        Count += positions.Length;
    }

    /// <summary>Keeps some rows, in order.</summary>
    /// <param name="kept">Ascending indices.</param>
    public void Keep(ReadOnlySpan<int> kept)
    {
        for (var to = 0; to < kept.Length; to++)
        {
            var from = kept[to];
            if (from == to) continue;
            _positions[to] = _positions[from];
            if (_keeps) KeptRow(from).CopyTo(_blocks[to / BlockRows].AsSpan(to % BlockRows * _dimension));
        }

        Count = kept.Length;
    }

    /// <summary>The first and the number of a block's rows.</summary>
    public (int First, int Count) Span(int block) => (block * BlockRows, Math.Min(BlockRows, Count - block * BlockRows));

    /// <summary>A block's rows, [n, D].</summary>
    /// <param name="block">0 to <see cref="Blocks"/> - 1.</param>
    /// <param name="room">Where rows that aren't kept go; made and used again. What it held is gone.</param>
    public ReadOnlyMemory<float> Block(int block, ref float[]? room)
    {
        var (first, count) = Span(block);
        if (_keeps) return _blocks[block].AsMemory(0, count * _dimension);
        room ??= new float[BlockRows * _dimension];
        Read(first, room.AsSpan(0, count * _dimension));
        return room.AsMemory(0, count * _dimension);
    }

    /// <summary>One row, [D].</summary>
    public ReadOnlySpan<float> Row(int index)
    {
        if (_keeps) return KeptRow(index);
        var row = new float[_dimension];
        Read(index, row);
        return row;
    }

    private ReadOnlySpan<float> KeptRow(int index) => _blocks[index / BlockRows].AsSpan(index % BlockRows * _dimension, _dimension);

    private void Read(int first, Span<float> destination)
    {
        var count = destination.Length / _dimension;
        rows.Gather(_positions.AsSpan(first, count), destination);
        memory!.CountReread(count * rows.RowBytes);
    }

    /// <summary>Doubles the last block's room, so that few rows take little.</summary>
    private void Grow(int block, int held, int wanted)
    {
        var grown = new float[Math.Min(BlockRows, Math.Max(wanted, 2 * held)) * _dimension];
        _blocks[block].AsSpan(0, held * _dimension).CopyTo(grown);
        _blocks[block] = grown;
    }
}
