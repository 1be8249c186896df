namespace Pursuit.Data.Reading.Compression;

/// <summary>Decompresses bzip2 streams, one or more, and checks every block's checksum and every stream's.</summary>
/// <remarks>
/// As in the bzip2 1.0.8 decoder: bits, Huffman codes, move to front, the Burrows-Wheeler transform turned back, and runs of four with a
/// count. Memory is bounded by the largest block: 900,000 symbols of 4 bytes.
/// </remarks>
internal sealed class Bzip2Stream(Stream compressed) : ForwardStream
{
    private const long BlockMagic = 0x314159265359;
    private const long EndMagic = 0x177245385090;

    private static readonly uint[] CrcTable = MakeCrcTable();

    private readonly HighBits _bits = new(new ByteSource(compressed));
    private readonly Bzip2Block _block = new();
    private State _state = State.BeforeStream;
    private bool _anyStream;
    private int _blockBytes;
    private uint _streamCrc;
    private uint _expectedCrc;
    private uint _crc;
    private int _left; // symbols of the block not taken yet
    private int _run; // equal symbols in a row
    private int _last = -1;
    private int _repeats; // of the last symbol, still to be given

    private enum State
    {
        BeforeStream,
        BetweenBlocks,
        InBlock,
        AtEnd,
    }

    public override int Read(Span<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length && _state != State.AtEnd)
        {
            switch (_state)
            {
                case State.BeforeStream:
                    BeginStream();
                    break;
                case State.BetweenBlocks:
                    if (filled > 0) return filled; // what is whole is given before the next block is taken up
                    BeginBlock();
                    break;
                default:
                    filled += Take(buffer[filled..]);
                    break;
            }
        }

        return filled;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _bits.Source.Dispose();
        base.Dispose(disposing);
    }

    private void BeginStream()
    {
        _bits.SkipToByte();
        if (_anyStream && _bits.Source.IsAtEnd)
        {
            _state = State.AtEnd;
            return;
        }

        Span<byte> header = stackalloc byte[4];
        _bits.Source.Next(header);
        if (!header.StartsWith("BZh"u8) || header[3] is < (byte)'1' or > (byte)'9') throw new InvalidDataException("no bzip2 stream");
        _blockBytes = (header[3] - '0') * 100_000;
        _streamCrc = 0;
        _anyStream = true;
        _state = State.BetweenBlocks;
    }

    private void BeginBlock()
    {
        var magic = ((long)_bits.Next(24) << 24) | _bits.Next(24);
        var crc = (_bits.Next(16) << 16) | _bits.Next(16);
        if (magic == EndMagic)
        {
            if (crc != _streamCrc) throw new InvalidDataException("a bad checksum of a stream");
            _state = State.BeforeStream;
            return;
        }

        if (magic != BlockMagic) throw new InvalidDataException("no bzip2 block");
        if (_bits.Next(1) != 0) throw new NotSupportedException("a randomised block, as bzip2 0.9.0 wrote them");
        _expectedCrc = crc;
        _left = _block.Read(_bits, _blockBytes);
        (_crc, _run, _last, _repeats) = (uint.MaxValue, 0, -1, 0);
        _state = State.InBlock;
    }

    /// <summary>Gives text of the block; a run of four symbols is followed by how many more of them there are.</summary>
    private int Take(Span<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            if (_repeats > 0)
            {
                var count = Math.Min(_repeats, buffer.Length - filled);
                buffer.Slice(filled, count).Fill((byte)_last);
                _repeats -= count;
                filled += count;
                continue;
            }

            if (_left == 0) break;
            _left--;
            var symbol = _block.Next();
            if (_run == 4)
            {
                (_repeats, _run) = (symbol, 0);
                continue;
            }

            _run = symbol == _last ? _run + 1 : 1;
            _last = symbol;
            buffer[filled++] = symbol;
        }

        var crc = _crc;
        foreach (var b in buffer[..filled]) crc = (crc << 8) ^ CrcTable[(crc >> 24) ^ b];
        _crc = crc;
        if (_left == 0 && _repeats == 0)
        {
            if (~_crc != _expectedCrc) throw new InvalidDataException("a bad checksum of a block");
            _streamCrc = ((_streamCrc << 1) | (_streamCrc >> 31)) ^ _expectedCrc;
            _state = State.BetweenBlocks;
        }

        return filled;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var b = 0u; b < 256; b++)
        {
            var crc = b << 24;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 0x80000000) != 0 ? (crc << 1) ^ 0x04C11DB7 : crc << 1;
            table[b] = crc;
        }

        return table;
    }
}
