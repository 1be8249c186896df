using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The sines and cosines of a worker's rotations on its device. Where angles don't depend on a text's length, a row for each position, made
/// once; where they do, a row for each token of the micro-batch, made for each.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly IDecoderOperations _operations;
    private readonly RopeScaling _scaling;
    private readonly double _theta;
    private readonly int _rotated;
    private DeviceBuffer? _table;
    private DeviceBuffer? _rowNumbers;
    private int _rows;
    private float[] _host = [];

    /// <summary>A table of a base and a scaling.</summary>
    public RotaryTable(IDecoderOperations operations, RopeScaling scaling, double theta, int rotated) =>
        (_operations, _scaling, _theta, _rotated) = (operations, scaling, theta, rotated);

    /// <summary>The table [rows, rotated].</summary>
    public BufferSlice Values { get; private set; }

    /// <summary>The table's row of each of the batch's tokens.</summary>
    public BufferSlice Rows(DeviceBatch batch) =>
        _scaling.DependsOnLength ? _rowNumbers!.Slice(0, batch.Tokens) : batch.Positions;

    /// <summary>Makes sure that the table has what a micro-batch's rotations need.</summary>
    public void Prepare(MicroBatch batch)
    {
        if (!_scaling.DependsOnLength)
        {
            Reserve(batch.Longest);
            return;
        }

        var values = Host(batch.Tokens);
        var positions = batch.Positions;
        var (length, frequencies) = (-1, Array.Empty<double>());
        for (var example = 0; example < batch.Examples; example++)
        {
            var (sequence, own) = (batch.Sequences[example], batch.TextLength(example));
            if (length < 0 || !_scaling.IsSame(length, own))
                frequencies = _scaling.Frequencies(_rotated, _theta, own);
            length = own;
            for (var t = sequence.QueryStart; t < sequence.QueryStart + sequence.QueryCount; t++)
                _scaling.Write(positions[t], frequencies, values.Slice(t * _rotated, _rotated));
        }

        Upload(values, batch.Tokens);
    }

    /// <summary>Makes a table of positions long enough; nothing where rows are the tokens'.</summary>
    public void Reserve(int longest)
    {
        if (_scaling.DependsOnLength || longest <= _rows)
            return;
        var values = Host(longest);
        var frequencies = _scaling.Frequencies(_rotated, _theta);
        for (var position = 0; position < longest; position++)
            _scaling.Write(position, frequencies, values.Slice(position * _rotated, _rotated));
        Upload(values, longest);
        _host = [];
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _table?.Dispose();
        _rowNumbers?.Dispose();
    }

    private Span<float> Host(int rows)
    {
        var length = checked(rows * _rotated);
        if (_host.Length < length)
            _host = new float[length];
        return _host.AsSpan(0, length);
    }

    private void Upload(ReadOnlySpan<float> values, int rows)
    {
        if (rows > _rows)
        {
            Dispose();
            _rows = rows;
            _table = _operations.Allocate((long)rows * _rotated);
            _rowNumbers = _operations.Allocate(rows, ElementType.Int32);
            _operations.Write(Enumerable.Range(0, rows).ToArray(), _rowNumbers.Slice(0, rows));
        }

        Values = _table!.Slice(0, values.Length);
        _operations.Write(values, Values);
    }
}
