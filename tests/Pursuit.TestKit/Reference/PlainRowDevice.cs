using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.TestKit.Reference;

/// <summary>A device that holds rows as they come and multiplies them as the processor does, one by one.</summary>
internal sealed class PlainRowDevice : IRowDevice
{
    private int _held;
    private int _passes;

    /// <summary>Bytes that it has room for.</summary>
    public long MostBytes { get; init; } = long.MaxValue;

    /// <summary>Sets of rows that it holds.</summary>
    public int Held => _held;

    /// <summary>Passes that it made.</summary>
    public int Passes => _passes;

    /// <inheritdoc/>
    public IHeldRows? Hold(HeldShape shape)
    {
        var bytesOfNumber = shape.Element switch { FeatureElement.I8 => 1, FeatureElement.BF16 => 2, _ => 4 };
        if ((long)shape.Rows * shape.Checkpoints * shape.Dimension * bytesOfNumber > MostBytes) return null;
        Interlocked.Increment(ref _held);
        return new Rows(this, shape);
    }

    private sealed class Rows(PlainRowDevice owner, HeldShape shape) : IHeldRows
    {
        private readonly float[]?[,] _floats = new float[shape.Checkpoints, shape.Rows][];
        private readonly ushort[]?[,] _narrow = new ushort[shape.Checkpoints, shape.Rows][];
        private readonly sbyte[]?[,] _bytes = new sbyte[shape.Checkpoints, shape.Rows][];
        private bool _isDisposed;

        public void Write(FeatureTile tile, int checkpoint, int first, int rows)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            for (var r = 0; r < rows; r++)
            {
                var (row, at) = (first + r, r * shape.Dimension);
                if (shape.Element == FeatureElement.F32) _floats[checkpoint, row] = tile.Floats.Slice(at, shape.Dimension).ToArray();
                else if (shape.Element == FeatureElement.BF16) _narrow[checkpoint, row] = tile.BFloats.Slice(at, shape.Dimension).ToArray();
                else _bytes[checkpoint, row] = tile.Bytes.Slice(at, shape.Dimension).ToArray();
            }
        }

        public IHeldPass Begin(IReadOnlyList<TileRights> right)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Interlocked.Increment(ref owner._passes);
            return new Pass(this, right);
        }

        public void Dispose()
        {
            if (_isDisposed) return;
            _isDisposed = true;
            Interlocked.Decrement(ref owner._held);
        }

        private sealed class Pass(Rows rows, IReadOnlyList<TileRights> right) : IHeldPass
        {
            public void Dots(int checkpoint, int first, int count, Span<float> dots)
            {
                var columns = right[checkpoint].Count;
                for (var r = 0; r < count; r++)
                {
                    var own = dots.Slice(r * columns, columns);
                    if (rows._floats[checkpoint, first + r] is { } row) RowScan.Dots(row, 1, right[checkpoint].Singles, own);
                    else RowScan.Dots(rows._narrow[checkpoint, first + r]!, 1, right[checkpoint].Singles, own);
                }
            }

            public void Dots(int checkpoint, int first, int count, Span<long> dots)
            {
                var columns = right[checkpoint].Count;
                for (var r = 0; r < count; r++)
                    ByteScan.Dots(rows._bytes[checkpoint, first + r]!, 1, right[checkpoint].Words, dots.Slice(r * columns, columns));
            }

            public void Dispose()
            {
                // It holds nothing of its own.
            }
        }
    }
}
