namespace Pursuit.Data.Reading.Compression;

/// <summary>How a file is compressed.</summary>
internal enum CompressionKind
{
    /// <summary>It isn't.</summary>
    None,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd,

    /// <summary>bzip2.</summary>
    Bzip2,

    /// <summary>The .xz format.</summary>
    Xz,

    /// <summary>LZ4 frames.</summary>
    Lz4,
}
