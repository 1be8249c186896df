using Pursuit.Data.Reading.Compression;
using Pursuit.Formats.Compression;
using ZstdSharp;

namespace Pursuit.Formats;

/// <summary>
/// The kinds of compression that this library reads: Zstandard (RFC 8878) by ZstdSharp, bzip2 by SharpZipLib, LZ4 frames by K4os. The
/// packages check every checksum of these formats.
/// </summary>
public static class CompressionFormats
{
    /// <summary>The level at which records are written: the reference program's own.</summary>
    private const int ZstdLevel = 3;

    /// <summary>
    /// Lets every pool of this process read <c>.zst</c>, <c>.bz2</c> and <c>.lz4</c> files, and selections be written to <c>.zst</c>.
    /// </summary>
    public static void Register()
    {
        Codecs.Supply(CompressionKind.Zstd, compressed => new ZstdText(compressed));
        Codecs.Supply(CompressionKind.Bzip2, compressed => new Bzip2Text(compressed));
        Codecs.Supply(CompressionKind.Lz4, compressed => new Lz4Text(compressed));
        Codecs.ZstdWriter = destination => new CompressionStream(destination, ZstdLevel, leaveOpen: true);
    }
}
