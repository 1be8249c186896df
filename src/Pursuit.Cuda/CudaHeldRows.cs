using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using Pursuit.Selection.Features;

namespace Pursuit.Cuda;

/// <summary>
/// Rows in a card's memory. Each thread that writes copies them to locked pages of its own first; the bus takes them one by one.
/// </summary>
internal sealed class CudaHeldRows : IHeldRows
{
    private readonly CudaCard _card;
    private readonly HeldLayout _layout;
    private readonly MemoryBuffer1D<uint, Stride1D.Dense>?[,] _pieces; // [checkpoints, pieces]
    private readonly ConcurrentBag<LockedArray<uint>> _rooms = [];
    private readonly Lock _gate = new();

    /// <summary>Makes room for rows.</summary>
    /// <exception cref="PursuitException">The card has not that much memory free.</exception>
    public CudaHeldRows(CudaCard card, HeldLayout layout)
    {
        (_card, _layout) = (card, layout);
        _pieces = new MemoryBuffer1D<uint, Stride1D.Dense>[layout.Shape.Checkpoints, layout.Pieces];
        try
        {
            for (var checkpoint = 0; checkpoint < layout.Shape.Checkpoints; checkpoint++)
                for (var piece = 0; piece < layout.Pieces; piece++)
                {
                    var rows = Math.Min(layout.PieceRows, layout.Shape.Rows - piece * layout.PieceRows);
                    var memory = card.Allocate<uint>((long)rows * layout.Words);
                    _pieces[checkpoint, piece] = memory;
                    card.Hold(memory.LengthInBytes);
                }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How they lie.</summary>
    public HeldLayout Layout => _layout;

    /// <inheritdoc/>
    public void Write(FeatureTile tile, int checkpoint, int first, int rows)
    {
        if (!_rooms.TryTake(out var room) || room.Values.Length < rows * _layout.Words)
        {
            room?.Dispose();
            room = new LockedArray<uint>(_card, rows * _layout.Words);
        }

        switch (tile.Element)
        {
            case FeatureElement.BF16:
                Fill(tile.BFloats, rows, room.Values);
                break;
            case FeatureElement.I8:
                Fill(tile.Bytes, rows, room.Values);
                break;
            default:
                Fill(tile.Floats, rows, room.Values);
                break;
        }

        lock (_gate)
        {
            _card.Accelerator.Bind();
            ForEachPiece(checkpoint, first, rows, (memory, at, count) => memory.CopyFromCPUUnsafeAsync(
                _card.UploadStream, ref room.Values[at * _layout.Words], (long)count * _layout.Words));
            _card.UploadStream.Synchronize();
        }

        _rooms.Add(room);
    }

    /// <inheritdoc/>
    public IHeldPass Begin(IReadOnlyList<TileRights> right)
    {
        DropRooms(); // every row was written
        return new CudaHeldPass(_card, this, right);
    }

    /// <summary>Shows the memory of some rows, piece by piece, with the first one's place among them and their number.</summary>
    public void ForEachPiece(int checkpoint, int first, int rows, Action<ArrayView<uint>, int, int> visit)
    {
        for (var row = first; row < first + rows;)
        {
            var (piece, at) = (row / _layout.PieceRows, row % _layout.PieceRows);
            var count = Math.Min(first + rows - row, _layout.PieceRows - at);
            var memory = _pieces[checkpoint, piece] ?? throw new ObjectDisposedException(nameof(CudaHeldRows));
            visit(memory.View.AsContiguous().SubView((long)at * _layout.Words, (long)count * _layout.Words), row - first, count);
            row += count;
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        DropRooms();
        for (var checkpoint = 0; checkpoint < _pieces.GetLength(0); checkpoint++)
            for (var piece = 0; piece < _pieces.GetLength(1); piece++)
            {
                if (_pieces[checkpoint, piece] is not { } memory) continue;
                _card.Hold(-memory.LengthInBytes);
                memory.Dispose();
                _pieces[checkpoint, piece] = null;
            }
    }

    /// <summary>Copies rows to where each begins at a whole number of words, zeros behind it.</summary>
    private void Fill<T>(ReadOnlySpan<T> source, int rows, uint[] destination)
        where T : unmanaged
    {
        var length = _layout.Shape.Dimension;
        var target = MemoryMarshal.Cast<uint, T>(destination.AsSpan());
        for (var r = 0; r < rows; r++)
        {
            var row = target.Slice(r * _layout.Numbers, _layout.Numbers);
            source.Slice(r * length, length).CopyTo(row);
            row[length..].Clear();
        }
    }

    private void DropRooms()
    {
        while (_rooms.TryTake(out var room)) room.Dispose();
    }
}
