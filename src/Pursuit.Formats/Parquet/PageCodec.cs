using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;
using Snappier;
using ZstdSharp;

namespace Pursuit.Formats.Parquet;

/// <summary>Decompresses pages; one per column, since it keeps a decompressor.</summary>
internal sealed class PageCodec : IDisposable
{
    private const int Uncompressed = 0;
    private const int SnappyCodec = 1;
    private const int Gzip = 2;
    private const int Lzo = 3;
    private const int Brotli = 4;
    private const int Lz4 = 5;
    private const int Zstd = 6;
    private const int Lz4Raw = 7;

    private static readonly string[] Names = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];

    private Decompressor? _zstd;

    /// <summary>The codec's name.</summary>
    public static string NameOf(int codec) => (uint)codec < (uint)Names.Length ? Names[codec] : $"number {codec}";

    /// <summary>Whether pages of it are read: all that are specified but LZO.</summary>
    public static bool IsKnown(int codec) => (uint)codec < (uint)Names.Length && codec != Lzo;

    /// <summary>
    /// The most that stored bytes can become: a page that declares more is refused before memory is taken for it. The bounds are the
    /// codecs' own (snappy copies 64 bytes by 3, deflate and LZ4 have fixed greatest ratios, zstd repeats 128 KiB by 4 bytes).
    /// </summary>
    public static long MostOf(int codec, long stored) => codec switch
    {
        Uncompressed => stored,
        SnappyCodec => 64 + stored * 32,
        Gzip => 64 + stored * 1040,
        Lz4 or Lz4Raw => 64 + stored * 256,
        Zstd => 64 + stored * 32_768,
        _ => 64 + stored * 1_000_000,
    };

    /// <summary>Decompresses.</summary>
    /// <param name="codec">The codec's number.</param>
    /// <param name="stored">An array that holds the stored bytes.</param>
    /// <param name="start">Where they begin.</param>
    /// <param name="length">How many they are.</param>
    /// <param name="plain">Gets exactly as many bytes as were declared.</param>
    public void Decompress(int codec, byte[] stored, int start, int length, Span<byte> plain)
    {
        var source = stored.AsSpan(start, length);
        if (plain.IsEmpty) return;
        var written = codec switch
        {
            Uncompressed => Copy(source, plain),
            SnappyCodec => Snappy.GetUncompressedLength(source) == plain.Length ? Snappy.Decompress(source, plain) : -1,
            Gzip => Inflate(stored, start, length, plain),
            Brotli => BrotliDecoder.TryDecompress(source, plain, out var count) ? count : -1,
            Zstd => (_zstd ??= new Decompressor()).Unwrap(source, plain),
            Lz4 => Lz4Blocks(source, plain),
            _ => LZ4Codec.Decode(source, plain),
        };
        if (written != plain.Length)
            throw new InvalidDataException(
                $"a page compressed by {NameOf(codec)} doesn't become the {plain.Length:N0} bytes that it declares");
    }

    /// <inheritdoc/>
    public void Dispose() => _zstd?.Dispose();

    private static int Copy(ReadOnlySpan<byte> source, Span<byte> plain)
    {
        if (source.Length != plain.Length) return -1;
        source.CopyTo(plain);
        return plain.Length;
    }

    private static int Inflate(byte[] stored, int start, int length, Span<byte> plain)
    {
        using var gzip = new GZipStream(new MemoryStream(stored, start, length, writable: false), CompressionMode.Decompress);
        return gzip.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false);
    }

    /// <summary>The old codec LZ4: blocks as Hadoop frames them (big-endian sizes, plain and stored), or one bare block.</summary>
    private static int Lz4Blocks(ReadOnlySpan<byte> source, Span<byte> plain)
    {
        var total = 0;
        var left = source;
        while (true)
        {
            if (left.IsEmpty && total == plain.Length) return total;
            if (left.Length < 8) break;
            var size = BinaryPrimitives.ReadUInt32BigEndian(left);
            var packed = BinaryPrimitives.ReadUInt32BigEndian(left[4..]);
            if (size > plain.Length - total || packed > left.Length - 8) break;
            if (LZ4Codec.Decode(left.Slice(8, (int)packed), plain.Slice(total, (int)size)) != size) break;
            total += (int)size;
            left = left[(8 + (int)packed)..];
        }

        return LZ4Codec.Decode(source, plain);
    }
}
