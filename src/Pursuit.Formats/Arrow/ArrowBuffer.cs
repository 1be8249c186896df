using System.Buffers.Binary;
using K4os.Compression.LZ4.Streams;
using Pursuit.Storage;
using ZstdSharp;

namespace Pursuit.Formats.Arrow;

/// <summary>A buffer of a batch: a part of the mapped file, decompressed when it is first asked for.</summary>
internal sealed class ArrowBuffer
{
    public const int Lz4 = 0;
    public const int Zstd = 1;
    private const long MostPlainBytes = 1 << 30;
    private const int PrefixBytes = 8;

    private readonly MappedFile _file;
    private readonly int? _codec;
    private byte[]? _plain;
    private long _offset;
    private long _length;
    private bool _isOpen;

    /// <param name="file">The file.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Bytes in the file.</param>
    /// <param name="codec">How it is compressed; null where it isn't.</param>
    public ArrowBuffer(MappedFile file, long offset, long length, int? codec)
    {
        (_file, _offset, _length, _codec) = (file, offset, length, codec);
        _isOpen = codec is null || length == 0;
    }

    /// <summary>Its bytes, decompressed.</summary>
    public long Length
    {
        get
        {
            Open();
            return _length;
        }
    }

    /// <summary>Some of its bytes.</summary>
    public ReadOnlySpan<byte> Bytes(long start, long count)
    {
        Open();
        if (start < 0 || count < 0 || count > int.MaxValue || start > _length - count)
            throw new InvalidDataException($"bytes {start:N0} to {start + count:N0} of a buffer of {_length:N0}");
        return _plain is null ? _file.Bytes(_offset + start, (int)count) : _plain.AsSpan((int)start, (int)count);
    }

    /// <summary>A number of a buffer of numbers.</summary>
    public long Integer(long index, int bits, bool isSigned = true)
    {
        var size = bits / 8;
        var bytes = Bytes(checked(index * size), size);
        return (bits, isSigned) switch
        {
            (8, true) => (sbyte)bytes[0],
            (8, false) => bytes[0],
            (16, true) => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            (16, false) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            (32, true) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            (32, false) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
    }

    public bool Bit(long index) => ((Bytes(index >> 3, 1)[0] >> (int)(index & 7)) & 1) != 0;

    private void Open()
    {
        if (_isOpen) return;
        Decompress();
        _isOpen = true;
    }

    private void Decompress()
    {
        if (_length < PrefixBytes) throw new InvalidDataException($"a compressed buffer of {_length:N0} bytes");
        var plain = BinaryPrimitives.ReadInt64LittleEndian(_file.Bytes(_offset, PrefixBytes));
        var (start, stored) = (_offset + PrefixBytes, _length - PrefixBytes);
        if (plain == -1)
        {
            (_offset, _length) = (start, stored);
            return;
        }

        // As for pages of Parquet: what the codec can't reach is refused before memory is taken for it.
        var most = _codec == Zstd ? 64 + stored * 32_768 : 64 + stored * 256;
        if (plain < 0 || plain > most || plain > MostPlainBytes || stored > int.MaxValue)
            throw new InvalidDataException(
                $"a compressed buffer of {stored:N0} bytes declares {plain:N0}; at most {Math.Min(most, MostPlainBytes):N0} are read");
        var bytes = GC.AllocateUninitializedArray<byte>((int)plain);
        var source = _file.Bytes(start, (int)stored);
        var written = _codec == Zstd ? Unzstd(source, bytes) : Unlz4(source, bytes);
        if (written != plain) throw new InvalidDataException($"a compressed buffer becomes {written:N0} bytes and declares {plain:N0}");
        (_plain, _length) = (bytes, plain);
    }

    private static int Unzstd(ReadOnlySpan<byte> source, Span<byte> plain)
    {
        using var zstd = new Decompressor();
        return zstd.Unwrap(source, plain);
    }

    private static int Unlz4(ReadOnlySpan<byte> source, Span<byte> plain)
    {
        using var frame = LZ4Frame.Decode(new MemoryStream(source.ToArray(), writable: false));
        var total = 0;
        while (total < plain.Length && frame.ReadManyBytes(plain[total..]) is > 0 and var read) total += read;
        return total;
    }
}
