namespace Pursuit.Data.Reading.Compression;

/// <summary>One block of a bzip2 stream: its symbols in the order of the text.</summary>
internal sealed class Bzip2Block
{
    private const int GroupLength = 50;
    private const int MostCodeBits = 20;

    /// <summary>Symbols a block has: two for runs, 255 positions of the list, and the end.</summary>
    private const int MostSymbols = 258;

    private readonly byte[] _front = new byte[256];
    private readonly byte[] _lengths = new byte[MostSymbols];
    private readonly HuffmanCode[] _codes = [.. Enumerable.Range(0, 6).Select(_ => new HuffmanCode())];
    private byte[] _selectors = [];
    private uint[] _next = []; // low byte: the sorted symbols; above: where the text goes on
    private uint _at;

    /// <summary>Reads a block behind its checksum.</summary>
    /// <param name="bits">Where it is.</param>
    /// <param name="most">The most symbols it may have.</param>
    /// <returns>How many it has.</returns>
    public int Read(HighBits bits, int most)
    {
        if (_next.Length < most) _next = GC.AllocateUninitializedArray<uint>(most);
        var origin = bits.Next(24);
        var used = ReadUsed(bits);
        var groups = (int)bits.Next(3);
        var selectors = (int)bits.Next(15);
        if (used == 0 || groups is < 2 or > 6 || selectors == 0) throw new InvalidDataException("a bad block header");
        ReadSelectors(bits, groups, selectors);
        for (var g = 0; g < groups; g++) ReadLengths(bits, _codes[g], used + 2);

        Span<int> counts = stackalloc int[256];
        counts.Clear();
        var count = ReadSymbols(bits, used + 1, selectors, most, counts);
        if (origin >= count) throw new InvalidDataException("a block that begins beyond its end");

        // The transform turned back: the n-th of a symbol in the sorted column is the n-th in the last one.
        var sum = 0;
        for (var symbol = 0; symbol < counts.Length; symbol++) (counts[symbol], sum) = (sum, sum + counts[symbol]);
        for (var i = 0; i < count; i++) _next[counts[(byte)_next[i]]++] |= (uint)i << 8;
        _at = _next[origin] >> 8;
        return count;
    }

    /// <summary>The next symbol.</summary>
    public byte Next()
    {
        var entry = _next[_at];
        _at = entry >> 8;
        return (byte)entry;
    }

    private int ReadUsed(HighBits bits)
    {
        var ranges = bits.Next(16);
        var used = 0;
        for (var range = 0; range < 16; range++)
        {
            if ((ranges & (0x8000u >> range)) == 0) continue;
            var symbols = bits.Next(16);
            for (var i = 0; i < 16; i++)
            {
                if ((symbols & (0x8000u >> i)) != 0) _front[used++] = (byte)((range * 16) + i);
            }
        }

        return used;
    }

    private void ReadSelectors(HighBits bits, int groups, int count)
    {
        if (_selectors.Length < count) _selectors = new byte[count];
        Span<byte> order = [0, 1, 2, 3, 4, 5];
        for (var i = 0; i < count; i++)
        {
            var place = 0;
            while (bits.Next(1) == 1)
            {
                if (++place == groups) throw new InvalidDataException("a bad selector");
            }

            _selectors[i] = MoveToFront(order, place);
        }
    }

    private void ReadLengths(HighBits bits, HuffmanCode code, int symbols)
    {
        var length = (int)bits.Next(5);
        for (var symbol = 0; symbol < symbols; symbol++)
        {
            while (true)
            {
                if (length is < 1 or > MostCodeBits) throw new InvalidDataException("a bad code length");
                if (bits.Next(1) == 0) break;
                length += bits.Next(1) == 0 ? 1 : -1;
            }

            _lengths[symbol] = (byte)length;
        }

        code.Set(_lengths.AsSpan(0, symbols));
    }

    private int ReadSymbols(HighBits bits, int end, int selectors, int most, Span<int> counts)
    {
        var count = 0;
        var run = 0;
        var runBit = 1;
        HuffmanCode? code = null;
        for (int group = 0, left = 0; ; left--)
        {
            if (left == 0)
            {
                if (group == selectors) throw new InvalidDataException("more symbols than selectors");
                code = _codes[_selectors[group++]];
                left = GroupLength;
            }

            var symbol = code!.Decode(bits);
            if (symbol < 2)
            {
                // The run's length is written in the digits 1 and 2, the lowest first.
                if (runBit > most) throw new InvalidDataException("too long a run");
                run += runBit << symbol;
                runBit <<= 1;
                continue;
            }

            if (run > 0)
            {
                if (run > most - count) throw new InvalidDataException("too long a block");
                _next.AsSpan(count, run).Fill(_front[0]);
                counts[_front[0]] += run;
                count += run;
                (run, runBit) = (0, 1);
            }

            if (symbol == end) return count;
            if (count == most) throw new InvalidDataException("too long a block");
            var value = MoveToFront(_front, symbol - 1);
            counts[value]++;
            _next[count++] = value;
        }
    }

    private static byte MoveToFront(Span<byte> list, int place)
    {
        var value = list[place];
        list[..place].CopyTo(list[1..]);
        list[0] = value;
        return value;
    }

    /// <summary>A canonical code of at most 20 bits: per length the first code and where its symbols begin.</summary>
    private sealed class HuffmanCode
    {
        private readonly int[] _limit = new int[MostCodeBits + 2]; // the last code of a length
        private readonly int[] _base = new int[MostCodeBits + 2]; // a code's symbol is that much further on
        private readonly ushort[] _symbols = new ushort[MostSymbols];
        private int _shortest;
        private int _count;

        public void Set(ReadOnlySpan<byte> lengths)
        {
            Span<int> counts = stackalloc int[MostCodeBits + 2];
            counts.Clear();
            _count = lengths.Length;
            foreach (var length in lengths) counts[length]++;
            _shortest = 1;
            while (counts[_shortest] == 0) _shortest++;
            int first = 0, symbols = 0;
            for (var length = 1; length <= MostCodeBits; length++)
            {
                _base[length] = symbols - first;
                _limit[length] = first + counts[length] - 1;
                for (var symbol = 0; symbol < lengths.Length; symbol++)
                {
                    if (lengths[symbol] == length) _symbols[symbols++] = (ushort)symbol;
                }

                first = (first + counts[length]) << 1;
            }
        }

        public int Decode(HighBits bits)
        {
            var code = (int)bits.Next(_shortest);
            for (var length = _shortest; ; code = (code << 1) | (int)bits.Next(1))
            {
                if (code <= _limit[length])
                {
                    var place = _base[length] + code;
                    return (uint)place < _count ? _symbols[place] : throw new InvalidDataException("a bad code");
                }

                if (++length > MostCodeBits) throw new InvalidDataException("a bad code");
            }
        }
    }
}
