using Pursuit.Numerics;

namespace Pursuit.Selection.Tagcos;

/// <summary>
/// One cluster's rows for repeated products: in memory where they fit into the room that is lent, else read again block by block. Both
/// give the same bits.
/// </summary>
internal sealed class ClusterRows
{
    /// <summary>Rows that one thread multiplies at a time.</summary>
    private const int PartRows = 256;

    private readonly SummedRows _rows;
    private readonly int[] _members;
    private readonly float[] _room;
    private readonly int _blockRows;
    private readonly ParallelOptions _parallel;
    private int _loaded = -1;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="members">The cluster's.</param>
    /// <param name="room">Holds one row at least.</param>
    /// <param name="parallel">Threads; the products don't depend on them.</param>
    public ClusterRows(SummedRows rows, int[] members, float[] room, ParallelOptions parallel)
    {
        (_rows, _members, _room, _parallel) = (rows, members, room, parallel);
        _blockRows = Math.Min(members.Length, room.Length / rows.Dimension);
    }

    /// <summary>Members.</summary>
    public int Count => _members.Length;

    /// <summary>Each member's product with a vector, [Count].</summary>
    public void Multiply(float[] right, float[] products)
    {
        for (var first = 0; first < Count; first += _blockRows)
        {
            Load(first);
            var (begin, count) = (first, Math.Min(_blockRows, Count - first));
            Parallel.For(0, (count + PartRows - 1) / PartRows, _parallel, part =>
            {
                var row = part * PartRows;
                var rows = Math.Min(PartRows, count - row);
                RowScan.Dots(
                    _room.AsSpan(row * _rows.Dimension, rows * _rows.Dimension),
                    rows,
                    _rows.Dimension,
                    right,
                    1,
                    products.AsSpan(begin + row, rows));
            });
        }
    }

    /// <summary>A copy of one member's row, [Dimension].</summary>
    public float[] Row(int index)
    {
        var row = new float[_rows.Dimension];
        _rows.Gather([_members[index]], row);
        return row;
    }

    private void Load(int first)
    {
        if (_loaded == first) return;
        _loaded = first;
        _rows.Gather(_members.AsSpan(first, Math.Min(_blockRows, Count - first)), _room);
    }
}
