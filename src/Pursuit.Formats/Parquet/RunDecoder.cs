using System.Buffers.Binary;

namespace Pursuit.Formats.Parquet;

/// <summary>Parquet's hybrid of run lengths and bit packing, value by value: a run of billions takes no memory.</summary>
internal struct RunDecoder(byte[] bytes, int start, int end, int bitWidth)
{
    private readonly byte[] _bytes = bytes;
    private readonly int _end = end;
    private readonly int _width = bitWidth is >= 0 and <= 32 ? bitWidth : throw new InvalidDataException($"a bit width of {bitWidth}");
    private int _position = start;
    private long _left;
    private bool _isPacked;
    private uint _value;
    private long _bit;

    /// <summary>The next value.</summary>
    public int Next()
    {
        if (_width == 0) return 0;
        while (_left == 0) BeginRun();
        _left--;
        if (!_isPacked) return (int)_value;
        var at = (int)(_bit >> 3);
        ulong word;
        if (at + 8 <= _end)
        {
            word = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(at));
        }
        else
        {
            if (_bit + _width > 8L * _end) throw new InvalidDataException("a run of packed values ends too early");
            word = 0;
            for (var i = at; i < _end; i++) word |= (ulong)_bytes[i] << (8 * (i - at));
        }

        var value = (word >> (int)(_bit & 7)) & ((1UL << _width) - 1);
        _bit += _width;
        return (int)value;
    }

    private void BeginRun()
    {
        var header = Varint();
        _isPacked = (header & 1) != 0;
        if (_isPacked)
        {
            _left = 8L * (header >> 1);
            _bit = 8L * _position;
            // The last run's padding may be cut off.
            _position = (int)Math.Min(_end, _position + (long)(header >> 1) * _width);
            return;
        }

        _left = header >> 1;
        _value = 0;
        for (var i = 0; i < (_width + 7) / 8; i++) _value |= (uint)Byte() << (8 * i);
    }

    private uint Varint() => checked((uint)Varints.Read(_bytes.AsSpan(0, _end), ref _position, "a page's levels or indices"));

    private byte Byte() => _position < _end ? _bytes[_position++] : throw new InvalidDataException("levels or indices end too early");
}
