using System.Buffers.Binary;

namespace Pursuit.Data.Reading.Compression;

/// <summary>Tells how bytes are compressed, and decompresses them.</summary>
internal static class Codecs
{
    /// <summary>First bytes that are enough to tell.</summary>
    public const int HeadBytes = 10;

    private static readonly (string Ending, CompressionKind Kind)[] Endings =
    [
        (".gz", CompressionKind.Gzip), (".zst", CompressionKind.Zstd), (".zstd", CompressionKind.Zstd), (".bz2", CompressionKind.Bzip2),
        (".xz", CompressionKind.Xz), (".lz4", CompressionKind.Lz4),
    ];

    /// <summary>The decoders that are packages, by kind, from the assembly that has them; null where none supplied one.</summary>
    private static readonly Func<Stream, Stream>?[] Supplied = new Func<Stream, Stream>?[Enum.GetValues<CompressionKind>().Length];

    /// <summary>Compresses to Zstandard and leaves what it writes to open; null where no assembly supplied it.</summary>
    public static Func<Stream, Stream>? ZstdWriter { get; set; }

    /// <summary>Supplies a decoder for all files that are opened from now on.</summary>
    /// <param name="kind">What it decompresses.</param>
    /// <param name="open">Opens compressed bytes, which it owns; what it opens throws as <see cref="WholeStream"/> says.</param>
    public static void Supply(CompressionKind kind, Func<Stream, Stream> open) => Volatile.Write(ref Supplied[(int)kind], open);

    /// <summary>The endings of compressed files, in words.</summary>
    public static string EndingsInWords => ".gz, .zst, .bz2, .xz or .lz4";

    /// <summary>A file's name without the ending of a compressed file.</summary>
    public static string WithoutEnding(string name)
    {
        foreach (var (ending, _) in Endings)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) return name[..^ending.Length];
        }

        return name;
    }

    /// <summary>Tells by its first bytes how a file is compressed.</summary>
    /// <param name="head">At least <see cref="HeadBytes"/>, or all there are.</param>
    /// <param name="name">The file's name: LZ4 and Zstandard begin alike where a frame comes first that is to be skipped.</param>
    public static CompressionKind Detect(ReadOnlySpan<byte> head, string name)
    {
        if (head is [0x1F, 0x8B, ..]) return CompressionKind.Gzip;
        if (head.StartsWith(XzStream.Magic)) return CompressionKind.Xz;
        if (head.StartsWith("BZh"u8) && head.Length >= 10
            && (head[4..10].SequenceEqual((ReadOnlySpan<byte>)[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || head[4..10].SequenceEqual((ReadOnlySpan<byte>)[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])))
            return CompressionKind.Bzip2;
        if (head.Length < sizeof(uint)) return CompressionKind.None;
        return BinaryPrimitives.ReadUInt32LittleEndian(head) switch
        {
            0xFD2FB528 => CompressionKind.Zstd,
            0x184D2204 or 0x184C2102 => CompressionKind.Lz4,
            >= 0x184D2A50 and <= 0x184D2A5F =>
                name.EndsWith(".lz4", StringComparison.OrdinalIgnoreCase) ? CompressionKind.Lz4 : CompressionKind.Zstd,
            _ => CompressionKind.None,
        };
    }

    /// <summary>Decompresses a file to its end, and fails unless it is whole.</summary>
    /// <param name="kind">How it is compressed.</param>
    /// <param name="compressed">Its bytes, from the first; owned.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="PursuitException">Nothing here decompresses it.</exception>
    public static Stream Open(CompressionKind kind, Stream compressed, string name)
    {
        if (kind == CompressionKind.None) return compressed;
        if (kind == CompressionKind.Gzip) return new WholeGzipStream(compressed, name);
        var (format, program) = kind switch
        {
            CompressionKind.Zstd => ("zstd", "zstd"),
            CompressionKind.Bzip2 => ("bzip2", "bzip2"),
            CompressionKind.Xz => ("xz", "xz"),
            _ => ("LZ4", "lz4"),
        };
        var decoder = kind == CompressionKind.Xz ? new XzStream(compressed) : Volatile.Read(ref Supplied[(int)kind])?.Invoke(compressed);
        return decoder is not null ? new WholeStream(decoder, name, format, $"{program} -t") : throw PursuitException.At(
            name, $"the file is compressed by {format}, and no decoder for it is registered", "Pursuit.Formats, which has one",
            "Call Pursuit.Formats.CompressionFormats.Register() first, or decompress the file.");
    }
}
