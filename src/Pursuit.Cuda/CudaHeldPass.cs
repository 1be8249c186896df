using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;
using Pursuit.Cuda.DeviceCode;
using Pursuit.Selection.Features;

namespace Pursuit.Cuda;

/// <summary>
/// A pass over rows that a card holds. One thread's products are computed while another's are copied and a third looks at its own.
/// </summary>
internal sealed class CudaHeldPass : IHeldPass
{
    private readonly CudaCard _card;
    private readonly CudaHeldRows _rows;
    private readonly int _columns;
    private readonly Scratch<float>[] _singles; // of each checkpoint, [columns, numbers]
    private readonly Scratch<short>[] _words;
    private readonly ConcurrentBag<Room<float>> _ofSingles = [];
    private readonly ConcurrentBag<Room<long>> _ofWords = [];
    private readonly Lock _computing = new();
    private readonly Lock _copying = new();

    /// <summary>Brings the right-hand sides to the card.</summary>
    public CudaHeldPass(CudaCard card, CudaHeldRows rows, IReadOnlyList<TileRights> right)
    {
        if (card.Lanes % HeldRowCode.Team != 0)
            throw new InvalidOperationException($"groups of {card.Lanes} threads, of which {HeldRowCode.Team} work together");
        (_card, _rows, _columns) = (card, rows, right[0].Count);
        var isWhole = rows.Layout.Shape.Element == FeatureElement.I8;
        _singles = [.. (isWhole ? [] : right).Select(_ => new Scratch<float>(card))];
        _words = [.. (isWhole ? right : []).Select(_ => new Scratch<short>(card))];
        try
        {
            card.Accelerator.Bind();
            for (var c = 0; c < right.Count; c++)
            {
                var own = right[c];
                if (isWhole) Upload(_words[c], own.Words.CopyTo);
                else Upload(_singles[c], (column, target) => own.Given(column).CopyTo(target));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private int Columns => (_columns + HeldRowCode.Together - 1) / HeldRowCode.Together * HeldRowCode.Together;

    /// <inheritdoc/>
    public void Dots(int checkpoint, int first, int rows, Span<float> dots)
    {
        var layout = _rows.Layout;
        var right = Right(_singles[checkpoint]);
        if (layout.Shape.Element == FeatureElement.BF16) Compute(HeldRowCode.NarrowDots, right, checkpoint, first, rows, _ofSingles, dots);
        else Compute(HeldRowCode.WideDots, right, checkpoint, first, rows, _ofSingles, dots);
    }

    /// <inheritdoc/>
    public void Dots(int checkpoint, int first, int rows, Span<long> dots) =>
        Compute(HeldRowCode.ByteDots, Right(_words[checkpoint]), checkpoint, first, rows, _ofWords, dots);

    /// <summary>Gives the memory back; the rows stay.</summary>
    public void Dispose()
    {
        foreach (var room in _ofSingles) room.Dispose();
        foreach (var room in _ofWords) room.Dispose();
        foreach (var right in _singles) right.Dispose();
        foreach (var right in _words) right.Dispose();
    }

    private void Compute<TRight, TDot>(
        Action<ArrayView<uint>, int, int, ArrayView<TRight>, int, int, ArrayView<TDot>> kernel,
        ArrayView<TRight> right,
        int checkpoint,
        int first,
        int rows,
        ConcurrentBag<Room<TDot>> rooms,
        Span<TDot> dots)
        where TRight : unmanaged
        where TDot : unmanaged
    {
        var length = rows * _columns;
        if (!rooms.TryTake(out var room)) room = new Room<TDot>(_card);
        try
        {
            lock (_computing)
            {
                _card.Accelerator.Bind();
                var result = room.Of(length);
                _rows.ForEachPiece(checkpoint, first, rows, (memory, at, count) => _card.Run(
                    kernel,
                    Groups(count),
                    memory,
                    _rows.Layout.Words,
                    count,
                    right,
                    _rows.Layout.Numbers,
                    _columns,
                    result.SubView((long)at * _columns, (long)count * _columns)));
                _card.Stream.Synchronize();
            }

            lock (_copying)
            {
                _card.Accelerator.Bind();
                room.Of(length).CopyToCPUUnsafeAsync(_card.UploadStream, ref room.Host.Values[0], length);
                _card.UploadStream.Synchronize();
            }

            room.Host.Values.AsSpan(0, length).CopyTo(dots);
        }
        finally
        {
            rooms.Add(room);
        }
    }

    private int Groups(int rows)
    {
        var ofGroup = _card.Lanes / HeldRowCode.Team * HeldRowCode.TeamRows;
        return _card.GroupsOf((rows + ofGroup - 1) / ofGroup);
    }

    private ArrayView<T> Right<T>(Scratch<T> scratch)
        where T : unmanaged =>
        scratch.View((long)Columns * _rows.Layout.Numbers);

    private void Upload<T>(Scratch<T> scratch, ColumnWriter<T> write)
        where T : unmanaged
    {
        var (numbers, view) = (_rows.Layout.Numbers, Right(scratch));
        var values = new T[numbers];
        for (var column = 0; column < Columns; column++)
        {
            Array.Clear(values);
            if (column < _columns) write(column, values.AsSpan(0, _rows.Layout.Shape.Dimension));
            view.SubView((long)column * numbers, numbers).CopyFromCPU(_card.Stream, values);
            _card.Stream.Synchronize(); // before the values are written again
        }
    }

    private delegate void ColumnWriter<T>(int column, Span<T> values);

    /// <summary>Where one thread's products lie, on the card and in locked pages.</summary>
    private sealed class Room<T>(CudaCard card) : IDisposable
        where T : unmanaged
    {
        private readonly Scratch<T> _device = new(card);
        private LockedArray<T>? _host;

        public LockedArray<T> Host => _host!;

        /// <summary>The card's part, of a length that doesn't grow while products are in it.</summary>
        public ArrayView<T> Of(int length)
        {
            if (_host is null || _host.Values.Length < length)
            {
                _host?.Dispose();
                _host = new LockedArray<T>(card, length);
            }

            return _device.View(length);
        }

        public void Dispose()
        {
            _host?.Dispose();
            _device.Dispose();
        }
    }
}
