using Pursuit.Data.Reading.Compression;
using ZstdSharp;

namespace Pursuit.Formats.Compression;

/// <summary>Zstandard (RFC 8878) by ZstdSharp, a port of the reference library.</summary>
public static class Zstd
{
    /// <summary>The level at which records are written: the reference program's own.</summary>
    private const int Level = 3;

    /// <summary>Lets every pool of this process read <c>.zst</c> files, and selections be written to them.</summary>
    public static void Register()
    {
        Codecs.Zstd = compressed => new ZstdText(compressed);
        Codecs.ZstdWriter = destination => new CompressionStream(destination, Level, leaveOpen: true);
    }
}
