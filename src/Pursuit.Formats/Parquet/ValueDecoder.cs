using System.Buffers.Binary;

namespace Pursuit.Formats.Parquet;

/// <summary>The values of one page, in order, one at a time.</summary>
internal abstract class ValueDecoder
{
    /// <summary>Reads the next value.</summary>
    public abstract void Next(ref ColumnValue value);

    /// <summary>A decoder of an encoding.</summary>
    /// <param name="encoding">Its number.</param>
    /// <param name="type">The column's type.</param>
    /// <param name="width">Bytes of a value, where they are fixed.</param>
    /// <param name="bytes">A buffer that holds the page's values.</param>
    /// <param name="start">Where they begin.</param>
    /// <param name="end">Where they end.</param>
    /// <param name="dictionary">The values of the column's dictionary page, if it had one.</param>
    public static ValueDecoder Open(int encoding, PhysicalType type, int width, byte[] bytes, int start, int end, Dictionary? dictionary) =>
        (encoding, type) switch
        {
            (Encodings.Plain, _) => new PlainDecoder(type, width, bytes, start, end),
            (Encodings.PlainDictionary or Encodings.RleDictionary, _) => new DictionaryDecoder(
                dictionary ?? throw new InvalidDataException("a page refers to a dictionary, and there is none"), bytes, start, end),
            (Encodings.Rle, PhysicalType.Boolean) => new RunBooleanDecoder(bytes, start, end),
            (Encodings.DeltaBinaryPacked, PhysicalType.Int32 or PhysicalType.Int64) =>
                new DeltaIntegerDecoder(new DeltaReader(bytes, start, end), type == PhysicalType.Int32),
            (Encodings.DeltaLengthByteArray, PhysicalType.ByteArray) => new DeltaLengthDecoder(bytes, start, end),
            (Encodings.DeltaByteArray, PhysicalType.ByteArray or PhysicalType.FixedLenByteArray) =>
                new DeltaBytesDecoder(bytes, start, end),
            (Encodings.ByteStreamSplit, PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.Float or PhysicalType.Double
                or PhysicalType.FixedLenByteArray) => new SplitStreamDecoder(type, width, bytes, start, end),
            _ => throw new InvalidDataException($"values of type {type} in the encoding {Encodings.NameOf(encoding)}"),
        };

    /// <summary>Bytes of a value; 0 where they vary.</summary>
    public static int WidthOf(PhysicalType type, int typeLength) => type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedLenByteArray => typeLength,
        _ => 0,
    };
}

/// <summary>Values one after the other as they are.</summary>
internal sealed class PlainDecoder(PhysicalType type, int width, byte[] bytes, int start, int end) : ValueDecoder
{
    private int _position = start;
    private int _bit;

    /// <summary>No value is left.</summary>
    public bool IsAtEnd => _position >= end;

    public override void Next(ref ColumnValue value)
    {
        if (type == PhysicalType.ByteArray)
        {
            Require(4);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(_position));
            _position += 4;
            if (length > end - _position)
                throw new InvalidDataException($"a text of {length:N0} bytes, of which {end - _position:N0} are in its page");
            (value.Buffer, value.Start, value.Length) = (bytes, _position, (int)length);
            _position += (int)length;
            return;
        }

        if (type == PhysicalType.Boolean)
        {
            Require(1);
            value.Number = (bytes[_position] >> _bit) & 1;
            if (++_bit == 8) (_bit, _position) = (0, _position + 1);
            return;
        }

        Require(width);
        if (width == 4) value.Number = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(_position));
        else if (width == 8) value.Number = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(_position));
        (value.Buffer, value.Start, value.Length) = (bytes, _position, width);
        _position += width;
    }

    private void Require(int count)
    {
        if (count > end - _position) throw new InvalidDataException("a page ends before its values do");
    }
}

/// <summary>The values to which a column's pages refer.</summary>
internal sealed class Dictionary
{
    private readonly List<ColumnValue> _values = [];

    /// <summary>Reads a dictionary page; its buffer must stay as it is.</summary>
    public Dictionary(PhysicalType type, int width, byte[] bytes, int end, int count)
    {
        var plain = new PlainDecoder(type, width, bytes, 0, end);
        while (_values.Count < count)
        {
            // No value is empty in a way that would let a page of few bytes declare many.
            if (plain.IsAtEnd) throw new InvalidDataException($"a dictionary of {count:N0} values has {_values.Count:N0}");
            var value = default(ColumnValue);
            plain.Next(ref value);
            _values.Add(value);
        }
    }

    public ColumnValue this[int index] => (uint)index < (uint)_values.Count
        ? _values[index]
        : throw new InvalidDataException($"value {(uint)index:N0} of a dictionary of {_values.Count:N0}");
}

/// <summary>References to a dictionary.</summary>
internal sealed class DictionaryDecoder : ValueDecoder
{
    private readonly Dictionary _dictionary;
    private RunDecoder _indices;

    public DictionaryDecoder(Dictionary dictionary, byte[] bytes, int start, int end)
    {
        _dictionary = dictionary;
        _indices = start < end ? new RunDecoder(bytes, start + 1, end, bytes[start]) : new RunDecoder(bytes, end, end, 1);
    }

    public override void Next(ref ColumnValue value) => value = _dictionary[_indices.Next()];
}

/// <summary>Truth values in runs.</summary>
internal sealed class RunBooleanDecoder : ValueDecoder
{
    private RunDecoder _runs;

    public RunBooleanDecoder(byte[] bytes, int start, int end)
    {
        if (end - start < 4) throw new InvalidDataException("a page ends before its values do");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(start));
        if (length > end - start - 4)
            throw new InvalidDataException($"runs of {length:N0} bytes, of which {end - start - 4:N0} are in their page");
        _runs = new RunDecoder(bytes, start + 4, start + 4 + (int)length, 1);
    }

    public override void Next(ref ColumnValue value) => value.Number = _runs.Next();
}

/// <summary>The first bytes of all values, then the second bytes, and so on.</summary>
internal sealed class SplitStreamDecoder(PhysicalType type, int width, byte[] bytes, int start, int end) : ValueDecoder
{
    private readonly int _count = (end - start) / width;
    private readonly byte[] _value = new byte[Math.Max(width, 8)];
    private int _index;

    public override void Next(ref ColumnValue value)
    {
        if (_index == _count) throw new InvalidDataException("a page ends before its values do");
        for (var i = 0; i < width; i++) _value[i] = bytes[start + i * _count + _index];
        _index++;
        value.Number = width == 4 && type != PhysicalType.FixedLenByteArray
            ? BinaryPrimitives.ReadInt32LittleEndian(_value)
            : BinaryPrimitives.ReadInt64LittleEndian(_value);
        (value.Buffer, value.Start, value.Length) = (_value, 0, width);
    }
}
