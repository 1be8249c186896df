namespace Pursuit.Data.Reading.Compression;

/// <summary>LZMA with its probabilities and its range decoder, chunk by chunk.</summary>
internal sealed class LzmaDecoder(LzmaWindow window)
{
    private const int States = 12;
    private const int MostPositions = 16;
    private const int MatchFirst = 2;
    private const int MostLiteralBits = 4;

    private readonly ushort[] _isMatch = new ushort[States * MostPositions];
    private readonly ushort[] _isRepeat = new ushort[States];
    private readonly ushort[] _isRepeat0 = new ushort[States];
    private readonly ushort[] _isRepeat1 = new ushort[States];
    private readonly ushort[] _isRepeat2 = new ushort[States];
    private readonly ushort[] _isLongRepeat0 = new ushort[States * MostPositions];
    private readonly ushort[] _slots = new ushort[4 * 64];
    private readonly ushort[] _distances = new ushort[128];
    private readonly ushort[] _align = new ushort[16];
    private readonly ushort[] _literals = new ushort[0x300 << MostLiteralBits];
    private readonly LengthCoder _matchLengths = new();
    private readonly LengthCoder _repeatLengths = new();
    private readonly uint[] _repeats = new uint[4]; // distances less one, the last used first
    private readonly RangeDecoder _range = new();
    private int _literalContextBits;
    private int _literalPositionMask;
    private int _positionMask;
    private int _state;
    private int _pending; // of a match that a reading cut

    /// <summary>Sets the three numbers of bits and begins anew.</summary>
    public void SetProperties(byte properties)
    {
        if (properties >= 9 * 5 * 5) throw new InvalidDataException("bad properties");
        _literalContextBits = properties % 9;
        var positionBits = properties / 9 % 5;
        if (_literalContextBits + positionBits > MostLiteralBits) throw new InvalidDataException("bad properties");
        _literalPositionMask = (1 << positionBits) - 1;
        _positionMask = (1 << (properties / 45)) - 1;
    }

    /// <summary>Forgets what was learned of the text.</summary>
    public void ResetState()
    {
        foreach (var probabilities in (ReadOnlySpan<ushort[]>)
            [_isMatch, _isRepeat, _isRepeat0, _isRepeat1, _isRepeat2, _isLongRepeat0, _slots, _distances, _align, _literals])
            probabilities.AsSpan().Fill(RangeDecoder.Even);
        _matchLengths.Reset();
        _repeatLengths.Reset();
        _repeats.AsSpan().Clear();
        _state = 0;
    }

    /// <summary>A chunk begins.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="bytes">Its compressed bytes.</param>
    public void Begin(ByteSource source, int bytes)
    {
        _range.Begin(source, bytes);
        _pending = 0;
    }

    /// <summary>A chunk's text is decoded: nothing of it may be left.</summary>
    public void End()
    {
        if (_pending > 0 || !_range.IsDone) throw new InvalidDataException("a chunk of another length");
    }

    /// <summary>Decodes so many bytes of text into the window.</summary>
    public void Decode(int count)
    {
        for (var left = count; left > 0;)
        {
            if (_pending == 0) DecodeOne();
            if (_pending == 0)
            {
                left--;
                continue;
            }

            var length = Math.Min(_pending, left);
            window.Repeat((int)_repeats[0] + 1, length);
            _pending -= length;
            left -= length;
        }
    }

    /// <summary>A literal, which is put, or a match, which is left pending.</summary>
    private void DecodeOne()
    {
        var position = (int)window.Position & _positionMask;
        if (_range.Bit(ref _isMatch[(_state * MostPositions) + position]) == 0)
        {
            DecodeLiteral();
            return;
        }

        int length;
        if (_range.Bit(ref _isRepeat[_state]) == 0)
        {
            (_repeats[3], _repeats[2], _repeats[1]) = (_repeats[2], _repeats[1], _repeats[0]);
            length = _matchLengths.Decode(_range, position);
            _state = _state < 7 ? 7 : 10;
            _repeats[0] = DecodeDistance(length);
        }
        else
        {
            if (_range.Bit(ref _isRepeat0[_state]) == 0)
            {
                if (_range.Bit(ref _isLongRepeat0[(_state * MostPositions) + position]) == 0)
                {
                    _state = _state < 7 ? 9 : 11;
                    Require();
                    _pending = 1;
                    return;
                }
            }
            else
            {
                UseEarlier();
            }

            length = _repeatLengths.Decode(_range, position);
            _state = _state < 7 ? 8 : 11;
        }

        Require();
        _pending = length + MatchFirst;

        void Require()
        {
            if (_repeats[0] == uint.MaxValue || !window.Reaches(_repeats[0] + 1))
                throw new InvalidDataException("a match beyond its window");
        }
    }

    /// <summary>Puts an earlier distance first.</summary>
    private void UseEarlier()
    {
        uint distance;
        if (_range.Bit(ref _isRepeat1[_state]) == 0)
        {
            distance = _repeats[1];
        }
        else
        {
            if (_range.Bit(ref _isRepeat2[_state]) == 0)
            {
                distance = _repeats[2];
            }
            else
            {
                distance = _repeats[3];
                _repeats[3] = _repeats[2];
            }

            _repeats[2] = _repeats[1];
        }

        _repeats[1] = _repeats[0];
        _repeats[0] = distance;
    }

    private void DecodeLiteral()
    {
        var context = (((int)window.Position & _literalPositionMask) << _literalContextBits) + (window.Last >> (8 - _literalContextBits));
        var probabilities = _literals.AsSpan(0x300 * context, 0x300);
        var symbol = 1;
        if (_state >= 7)
        {
            // After a match the byte that it would have gone on with is told bit by bit until the first that differs.
            if (!window.Reaches(_repeats[0] + 1)) throw new InvalidDataException("a match beyond its window");
            int expected = window.At((int)_repeats[0] + 1);
            do
            {
                var bit = (expected >> 7) & 1;
                expected <<= 1;
                var found = _range.Bit(ref probabilities[((1 + bit) << 8) + symbol]);
                symbol = (symbol << 1) | found;
                if (bit != found) break;
            }
            while (symbol < 0x100);
        }

        while (symbol < 0x100) symbol = (symbol << 1) | _range.Bit(ref probabilities[symbol]);
        window.Put((byte)symbol);
        _state = _state < 4 ? 0 : _state < 10 ? _state - 3 : _state - 6;
    }

    /// <summary>A distance less one.</summary>
    private uint DecodeDistance(int length)
    {
        var slot = _range.Tree(_slots.AsSpan(64 * Math.Min(length, 3), 64), 6);
        if (slot < 4) return (uint)slot;
        var bits = (slot >> 1) - 1;
        var distance = (2u | ((uint)slot & 1)) << bits;
        if (slot < 14) return distance + (uint)_range.ReverseTree(_distances.AsSpan((int)distance - slot), bits);
        return distance + (_range.Direct(bits - 4) << 4) + (uint)_range.ReverseTree(_align, 4);
    }

    /// <summary>The lengths of matches, less two.</summary>
    private sealed class LengthCoder
    {
        private readonly ushort[] _choices = new ushort[2];
        private readonly ushort[] _low = new ushort[MostPositions * 8];
        private readonly ushort[] _middle = new ushort[MostPositions * 8];
        private readonly ushort[] _high = new ushort[256];

        public void Reset()
        {
            foreach (var probabilities in (ReadOnlySpan<ushort[]>)[_choices, _low, _middle, _high])
                probabilities.AsSpan().Fill(RangeDecoder.Even);
        }

        public int Decode(RangeDecoder range, int position)
        {
            if (range.Bit(ref _choices[0]) == 0) return range.Tree(_low.AsSpan(8 * position, 8), 3);
            return range.Bit(ref _choices[1]) == 0 ? 8 + range.Tree(_middle.AsSpan(8 * position, 8), 3) : 16 + range.Tree(_high, 8);
        }
    }
}
