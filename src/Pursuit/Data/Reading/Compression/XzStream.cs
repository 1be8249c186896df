using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pursuit.Data.Reading.Compression;

/// <summary>
/// Decompresses .xz files (The .xz File Format, version 1.2.0) of one or more streams: LZMA2 blocks, each with its check, and an index
/// that is compared with the blocks.
/// </summary>
internal sealed class XzStream(Stream compressed) : ForwardStream
{
    private const int HeaderRest = 6; // after the magic: two bytes of flags, four of their checksum
    private const ulong Lzma2Filter = 0x21;

    private readonly ByteSource _source = new(compressed);
    private readonly Lzma2Decoder _decoder = new();
    private readonly XzIndex _index = new();
    private State _state = State.BeforeStream;
    private bool _anyStream;
    private XzCheck _check = new(0);
    private ushort _flags;
    private long _blockStart;
    private long _headerBytes;
    private ulong _text;
    private ulong? _expectedBytes;
    private ulong? _expectedText;

    private enum State
    {
        BeforeStream,
        BeforeBlock,
        InBlock,
        AtEnd,
    }

    /// <summary>An .xz file's first bytes.</summary>
    public static ReadOnlySpan<byte> Magic => [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00];

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_state != State.AtEnd)
        {
            if (_state == State.BeforeStream)
            {
                BeginStream();
            }
            else if (_state == State.BeforeBlock)
            {
                BeginBlock();
            }
            else
            {
                var read = _decoder.Read(_source, buffer);
                if (read > 0)
                {
                    _text += (ulong)read;
                    _check.Add(buffer[..read]);
                    return read;
                }

                EndBlock();
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source.Dispose();
            _check.Dispose();
            _index.Dispose();
        }

        base.Dispose(disposing);
    }

    private void BeginStream()
    {
        Span<byte> header = stackalloc byte[Magic.Length + HeaderRest];
        while (_anyStream)
        {
            // Between streams there may be zeros, four at a time.
            if (_source.IsAtEnd)
            {
                _state = State.AtEnd;
                return;
            }

            _source.Next(header[..4]);
            if (header[..4].ContainsAnyExcept((byte)0)) break;
        }

        _source.Next(_anyStream ? header[4..] : header);
        if (!header.StartsWith(Magic)) throw new InvalidDataException("no xz stream");
        var flags = header.Slice(Magic.Length, 2);
        if (Crc.Add32(0, flags) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
            throw new InvalidDataException("a bad stream header");
        if (flags[0] != 0 || (flags[1] & 0xF0) != 0) throw new NotSupportedException("a later version of the format");
        _flags = BinaryPrimitives.ReadUInt16LittleEndian(flags);
        _check.Dispose();
        _check = new XzCheck(flags[1]);
        _anyStream = true;
        _state = State.BeforeBlock;
    }

    private void BeginBlock()
    {
        _blockStart = _source.Taken;
        var size = _source.Next();
        if (size == 0)
        {
            EndStream();
            return;
        }

        var header = new byte[4 * (size + 1)];
        header[0] = size;
        _source.Next(header.AsSpan(1));
        _headerBytes = header.Length;
        if (Crc.Add32(0, header.AsSpan(0, header.Length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(header.Length - 4)))
            throw new InvalidDataException("a bad block header");
        ReadOnlySpan<byte> rest = header.AsSpan(2, header.Length - 6);
        var flags = header[1];
        _expectedBytes = (flags & 0x40) != 0 ? Number(ref rest) : null;
        _expectedText = (flags & 0x80) != 0 ? Number(ref rest) : null;
        if ((flags & 0x3F) != 0) throw new NotSupportedException("filters other than LZMA2");
        if (Number(ref rest) != Lzma2Filter) throw new NotSupportedException("a filter other than LZMA2");
        if (Number(ref rest) != 1 || rest.IsEmpty) throw new InvalidDataException("bad filter properties");
        _decoder.Begin(rest[0]);
        if (rest[1..].ContainsAnyExcept((byte)0)) throw new InvalidDataException("a bad block header");
        _check.Begin();
        _text = 0;
        _state = State.InBlock;
    }

    private void EndBlock()
    {
        var bytes = _source.Taken - _blockStart;
        if ((_expectedBytes is { } expected && expected != (ulong)(bytes - _headerBytes)) || (_expectedText is { } text && text != _text))
            throw new InvalidDataException("a block of another length");
        for (var padded = bytes; padded % 4 != 0; padded++)
        {
            if (_source.Next() != 0) throw new InvalidDataException("bad padding");
        }

        _check.Verify(_source);
        _index.Add((ulong)(bytes + _check.Length), _text);
        _state = State.BeforeBlock;
    }

    /// <summary>Reads the index, whose first byte is taken, and the footer.</summary>
    private void EndStream()
    {
        var size = _index.Verify(_source);
        var checksum = _source.NextUInt32();
        Span<byte> footer = stackalloc byte[6];
        _source.Next(footer);
        if (checksum != Crc.Add32(0, footer) || BinaryPrimitives.ReadUInt16LittleEndian(footer[4..]) != _flags
            || (BinaryPrimitives.ReadUInt32LittleEndian(footer) + 1L) * 4 != size
            || _source.Next() != (byte)'Y' || _source.Next() != (byte)'Z')
            throw new InvalidDataException("a bad stream footer");
        _state = State.BeforeStream;
    }

    /// <summary>A number in groups of seven bits, the lowest first.</summary>
    private static ulong Number(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var i = 0; i < 9 && i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if ((bytes[i] & 0x80) != 0) continue;
            bytes = bytes[(i + 1)..];
            return value;
        }

        throw new InvalidDataException("a bad number");
    }

    /// <summary>What the index must say, as a digest: blocks may be as many as they like.</summary>
    private sealed class XzIndex : IDisposable
    {
        private readonly IncrementalHash _blocks = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private ulong _count;

        public void Add(ulong unpadded, ulong text) => Add(_blocks, ref _count, unpadded, text);

        /// <summary>Reads the index behind its first byte and compares it.</summary>
        /// <returns>Its bytes.</returns>
        public long Verify(ByteSource source)
        {
            var start = source.Taken - 1;
            var crc = Crc.Add32(0, [0]);
            var count = Next();
            if (count != _count) throw new InvalidDataException("an index of other blocks");
            using var listed = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var seen = 0UL; seen < count;) Add(listed, ref seen, Next(), Next());
            if (!listed.GetHashAndReset().AsSpan().SequenceEqual(_blocks.GetHashAndReset()))
                throw new InvalidDataException("an index of other blocks");
            _count = 0;
            while ((source.Taken - start) % 4 != 0)
            {
                if (NextByte() != 0) throw new InvalidDataException("bad padding");
            }

            if (source.NextUInt32() != crc) throw new InvalidDataException("a bad checksum of an index");
            return source.Taken - start;

            byte NextByte()
            {
                var b = source.Next();
                crc = Crc.Add32(crc, [b]);
                return b;
            }

            ulong Next()
            {
                Span<byte> bytes = stackalloc byte[9];
                var length = 0;
                do
                {
                    if (length == bytes.Length) throw new InvalidDataException("a bad number");
                    bytes[length++] = NextByte();
                }
                while ((bytes[length - 1] & 0x80) != 0);

                ReadOnlySpan<byte> number = bytes[..length];
                return Number(ref number);
            }
        }

        public void Dispose() => _blocks.Dispose();

        private static void Add(IncrementalHash blocks, ref ulong count, ulong unpadded, ulong text)
        {
            Span<byte> record = stackalloc byte[2 * sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(record, unpadded);
            BinaryPrimitives.WriteUInt64LittleEndian(record[sizeof(ulong)..], text);
            blocks.AppendData(record);
            count++;
        }
    }
}
