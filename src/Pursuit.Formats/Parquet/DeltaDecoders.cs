namespace Pursuit.Formats.Parquet;

/// <summary>The encoding DELTA_BINARY_PACKED, value by value.</summary>
internal struct DeltaReader
{
    private const int MostBlockValues = 1 << 20;
    private const int MostMiniBlocks = 1 << 10;

    private readonly byte[] _bytes;
    private readonly int _end;
    private readonly int _miniBlocks;
    private readonly int _perMiniBlock;
    private readonly int[] _widths;
    private int _position;
    private long _value;
    private long _least;
    private int _miniBlock;
    private int _inMiniBlock;
    private bool _isFirst = true;

    public DeltaReader(byte[] bytes, int start, int end)
    {
        (_bytes, _position, _end) = (bytes, start, end);
        var block = Varint();
        var miniBlocks = Varint();
        Count = (long)Varint();
        _value = ZigZag();
        if (block is 0 or > MostBlockValues || miniBlocks is 0 or > MostMiniBlocks || block % miniBlocks != 0 || Count < 0)
            throw new InvalidDataException($"delta blocks of {block:N0} values in {miniBlocks:N0} parts");
        (_miniBlocks, _perMiniBlock) = ((int)miniBlocks, (int)(block / miniBlocks));
        if (_perMiniBlock % 8 != 0) throw new InvalidDataException($"parts of delta blocks of {_perMiniBlock:N0} values");
        _widths = new int[_miniBlocks];
        _miniBlock = _miniBlocks;
    }

    /// <summary>Values in all.</summary>
    public long Count { get; }

    /// <summary>Values read.</summary>
    public long Read { get; private set; }

    /// <summary>The bytes after the values, once all are read.</summary>
    public readonly int Position => _position;

    public long Next()
    {
        if (Read == Count) throw new InvalidDataException("a page ends before its values do");
        Read++;
        if (_isFirst)
        {
            _isFirst = false;
            return _value;
        }

        if (_miniBlock == _miniBlocks) BeginBlock();
        var width = _widths[_miniBlock];
        var delta = width == 0 ? 0 : Bits((long)_position * 8 + (long)_inMiniBlock * width, width);
        _value = unchecked(_value + _least + (long)delta);
        if (++_inMiniBlock == _perMiniBlock || Read == Count)
        {
            // A started part is there as a whole.
            _position = checked((int)Math.Min(_end, _position + (long)_perMiniBlock * width / 8));
            _miniBlock++;
            _inMiniBlock = 0;
        }

        return _value;
    }

    private void BeginBlock()
    {
        _least = ZigZag();
        for (var i = 0; i < _miniBlocks; i++) _widths[i] = Byte();
        _miniBlock = 0;
        _inMiniBlock = 0;
    }

    private readonly ulong Bits(long bit, int width)
    {
        if (width > 64) throw new InvalidDataException($"a bit width of {width}");
        if (bit + width > 8L * _end) throw new InvalidDataException("a delta block ends too early");
        var value = 0UL;
        for (var got = 0; got < width;)
        {
            var at = (int)((bit + got) >> 3);
            var shift = (int)((bit + got) & 7);
            var take = Math.Min(8 - shift, width - got);
            value |= (((ulong)_bytes[at] >> shift) & ((1UL << take) - 1)) << got;
            got += take;
        }

        return value;
    }

    private long ZigZag() => Varints.Unfold(Varint());

    private ulong Varint() => Varints.Read(_bytes.AsSpan(0, _end), ref _position, "a delta block");

    private byte Byte() => _position < _end ? _bytes[_position++] : throw new InvalidDataException("a delta block ends too early");
}

/// <summary>Integers as differences.</summary>
internal sealed class DeltaIntegerDecoder(DeltaReader reader, bool isNarrow) : ValueDecoder
{
    private DeltaReader _reader = reader;

    public override void Next(ref ColumnValue value)
    {
        var number = _reader.Next();
        value.Number = isNarrow ? (int)number : number;
    }
}

/// <summary>Texts one after the other, their lengths before them as differences.</summary>
internal sealed class DeltaLengthDecoder : ValueDecoder
{
    private readonly byte[] _bytes;
    private readonly int _end;
    private DeltaReader _lengths;
    private int _position;

    public DeltaLengthDecoder(byte[] bytes, int start, int end)
    {
        (_bytes, _end) = (bytes, end);
        _lengths = new DeltaReader(bytes, start, end);
        _position = After(_lengths, end - start);
    }

    public override void Next(ref ColumnValue value)
    {
        var length = _lengths.Next();
        if (length < 0 || length > _end - _position)
            throw new InvalidDataException($"a text of {length:N0} bytes, of which {_end - _position:N0} are in its page");
        (value.Buffer, value.Start, value.Length) = (_bytes, _position, (int)length);
        _position += (int)length;
    }

    /// <summary>Where a copy's values end.</summary>
    /// <param name="lengths">At its beginning.</param>
    /// <param name="pageBytes">A page's: values of no bits take a little all the same, so they can't be many more.</param>
    public static int After(DeltaReader lengths, int pageBytes)
    {
        if (lengths.Count > 1024 + 1024L * pageBytes)
            throw new InvalidDataException($"{lengths.Count:N0} lengths in a page of {pageBytes:N0} bytes");
        while (lengths.Read < lengths.Count) lengths.Next();
        return lengths.Position;
    }
}

/// <summary>Texts that share their beginnings with the one before.</summary>
internal sealed class DeltaBytesDecoder : ValueDecoder
{
    private readonly DeltaLengthDecoder _suffixes;
    private DeltaReader _prefixes;
    private byte[] _text = [];
    private int _length;

    public DeltaBytesDecoder(byte[] bytes, int start, int end)
    {
        _prefixes = new DeltaReader(bytes, start, end);
        _suffixes = new DeltaLengthDecoder(bytes, DeltaLengthDecoder.After(_prefixes, end - start), end);
    }

    public override void Next(ref ColumnValue value)
    {
        var prefix = _prefixes.Next();
        if (prefix < 0 || prefix > _length) throw new InvalidDataException($"{prefix:N0} bytes are shared with a text of {_length:N0}");
        _suffixes.Next(ref value);
        var length = checked((int)prefix + value.Length);
        if (length > _text.Length) Array.Resize(ref _text, Math.Max(length, (int)Math.Min(2L * _text.Length, Array.MaxLength)));
        value.Bytes.CopyTo(_text.AsSpan((int)prefix));
        _length = length;
        (value.Buffer, value.Start, value.Length) = (_text, 0, length);
    }
}
