using System.Buffers.Binary;

namespace Pursuit.Data.Reading.Compression;

/// <summary>
/// Decompresses LZ4 frames, one or more, with skippable ones between them (lz4's doc/lz4_Frame_format.md, version 1.6), and checks every
/// checksum and length they carry.
/// </summary>
internal sealed class Lz4Stream(Stream compressed) : ForwardStream
{
    private const uint Magic = 0x184D2204;
    private const uint LegacyMagic = 0x184C2102;
    private const uint Skippable = 0x184D2A50;
    private const uint StoredBit = 1u << 31;

    /// <summary>How far back a block may refer into those before it.</summary>
    private const int History = 1 << 16;

    private readonly ByteSource _source = new(compressed);
    private byte[] _block = [];
    private byte[] _text = [];
    private int _start;
    private int _end;
    private bool _inFrame;
    private bool _anyFrame;
    private Frame _frame;
    private XxHash32 _hash = new();
    private ulong _frameLength;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_start == _end)
        {
            if (!_inFrame && !BeginFrame()) return 0;
            ReadBlock();
        }

        var ready = Math.Min(buffer.Length, _end - _start);
        _text.AsSpan(_start, ready).CopyTo(buffer);
        _start += ready;
        return ready;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
        base.Dispose(disposing);
    }

    private bool BeginFrame()
    {
        while (true)
        {
            if (_source.IsAtEnd)
                return _anyFrame ? false : throw new EndOfStreamException();
            var magic = _source.NextUInt32();
            if ((magic & ~0xFu) != Skippable)
            {
                ReadHeader(magic);
                return _inFrame = _anyFrame = true;
            }

            _source.Skip(_source.NextUInt32());
        }
    }

    private void ReadHeader(uint magic)
    {
        if (magic == LegacyMagic) throw new NotSupportedException("the legacy frame of 'lz4 -l'");
        if (magic != Magic) throw new InvalidDataException("no LZ4 frame");
        Span<byte> descriptor = stackalloc byte[14];
        _source.Next(descriptor[..2]);
        var flags = descriptor[0];
        var size = (descriptor[1] >> 4) & 7;
        if (flags >> 6 != 1 || (flags & 2) != 0 || (descriptor[1] & 0x8F) != 0 || size < 4)
            throw new InvalidDataException("a bad frame header");
        if ((flags & 1) != 0) throw new NotSupportedException("a frame with a dictionary");
        var length = 2;
        if ((flags & 8) != 0)
        {
            _source.Next(descriptor.Slice(2, sizeof(ulong)));
            length += sizeof(ulong);
        }

        if (_source.Next() != (byte)(XxHash32.Of(descriptor[..length]) >> 8))
            throw new InvalidDataException("a bad checksum of a frame header");
        _frame = new Frame(
            1 << (8 + (2 * size)), (flags & 0x20) != 0, (flags & 0x10) != 0, (flags & 4) != 0,
            length > 2 ? BinaryPrimitives.ReadUInt64LittleEndian(descriptor[2..]) : null);
        if (_block.Length < _frame.BlockBytes)
        {
            _block = GC.AllocateUninitializedArray<byte>(_frame.BlockBytes);
            _text = GC.AllocateUninitializedArray<byte>(History + _frame.BlockBytes);
        }

        (_start, _end, _hash, _frameLength) = (0, 0, new XxHash32(), 0);
    }

    private void ReadBlock()
    {
        var size = _source.NextUInt32();
        if (size == 0)
        {
            if (_frame.HasChecksum && _source.NextUInt32() != _hash.Value) throw new InvalidDataException("a bad checksum of a frame");
            if (_frame.Length is { } length && length != _frameLength) throw new InvalidDataException("a frame of another length");
            _inFrame = false;
            return;
        }

        var isStored = (size & StoredBit) != 0;
        size &= ~StoredBit;
        if (size > _frame.BlockBytes) throw new InvalidDataException("too long a block");
        var block = _block.AsSpan(0, (int)size);
        _source.Next(block);
        if (_frame.HasBlockChecksums && _source.NextUInt32() != XxHash32.Of(block))
            throw new InvalidDataException("a bad checksum of a block");

        // The history moves to the front: at most 64 KiB for a block of as much or more.
        var kept = _frame.IsIndependent ? 0 : Math.Min(_end, History);
        _text.AsSpan(_end - kept, kept).CopyTo(_text);
        _start = kept;
        _end = kept;
        if (isStored)
        {
            block.CopyTo(_text.AsSpan(kept));
            _end += block.Length;
        }
        else
        {
            _end = Decode(block, _text.AsSpan(0, kept + _frame.BlockBytes), kept);
        }

        var text = _text.AsSpan(_start, _end - _start);
        _frameLength += (ulong)text.Length;
        if (_frame.HasChecksum) _hash.Add(text);
    }

    /// <summary>Decodes a block behind the history.</summary>
    /// <returns>Where the text ends.</returns>
    private static int Decode(ReadOnlySpan<byte> block, Span<byte> text, int at)
    {
        var i = 0;
        while (true)
        {
            if (i == block.Length) throw new InvalidDataException("a block that ends early");
            var token = block[i++];
            var literals = token >> 4;
            if (literals == 15) literals = Extend(block, ref i, literals);
            if (literals > block.Length - i || literals > text.Length - at) throw new InvalidDataException("literals beyond their block");
            block.Slice(i, literals).CopyTo(text[at..]);
            i += literals;
            at += literals;
            if (i == block.Length) return at;
            if (block.Length - i < 2) throw new InvalidDataException("a block that ends early");
            var distance = BinaryPrimitives.ReadUInt16LittleEndian(block[i..]);
            i += 2;
            var length = token & 15;
            if (length == 15) length = Extend(block, ref i, length);
            length += 4;
            if (distance == 0 || distance > at || length > text.Length - at) throw new InvalidDataException("a match beyond its window");
            var from = at - distance;
            if (distance >= length)
            {
                text.Slice(from, length).CopyTo(text[at..]);
                at += length;
            }
            else
            {
                for (var end = at + length; at < end; at++, from++) text[at] = text[from];
            }
        }
    }

    private static int Extend(ReadOnlySpan<byte> block, ref int i, int length)
    {
        byte more;
        do
        {
            if (i == block.Length) throw new InvalidDataException("a block that ends early");
            more = block[i++];
            length += more; // no more than 255 times a block of at most 4 MiB
        }
        while (more == 255);

        return length;
    }

    /// <summary>What a frame's header says.</summary>
    private readonly record struct Frame(int BlockBytes, bool IsIndependent, bool HasBlockChecksums, bool HasChecksum, ulong? Length);
}
