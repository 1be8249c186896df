using System.IO.Compression;
using Pursuit.Data.Reading.Compression;
using Pursuit.Data.Tables;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>A file that gets records, a line each: plain, or compressed by gzip or zstd where its name says so.</summary>
internal static class RecordsFile
{
    private const string Gzip = ".gz";
    private const string Zstd = ".zst";

    /// <summary>Endings of files that are read but not written.</summary>
    private static readonly string[] Unwritten =
    [
        ".bz2", ".xz", ".lz4", ".zstd", ".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".csv", ".tsv", ".pq", ".arrow", ".arrows",
        ".feather", ".ipc",
    ];

    /// <summary>A path without the ending of a compressed file.</summary>
    public static string WithoutEnding(string path) =>
        Ends(path, Gzip) ? path[..^Gzip.Length] : Ends(path, Zstd) ? path[..^Zstd.Length] : path;

    /// <summary>What is wrong with a name: it promises what isn't written; null where nothing is.</summary>
    public static Fault? Refusal(string path)
    {
        var ending = Array.Find(Unwritten, e => Ends(path, e) || Ends(WithoutEnding(path), e));
        if (TableFile.IsNamed(WithoutEnding(path)) && !TableFile.IsNamed(path))
            return Fault.OfOption(ApiName.Out, $"'{path}'", $"a name that ends in {TableFile.Ending}: a table is compressed within");
        return ending is null ? null : Fault.OfOption(
            ApiName.Out, $"'{path}' ends in {ending}, and records are written as lines of JSON, plain or with {Gzip} or {Zstd}, "
                + $"or as {TableFile.Ending}");
    }

    /// <summary>Writes the file; it has its name when it is whole.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="write">Writes the records.</param>
    /// <exception cref="PursuitException">It can't be written.</exception>
    public static void Write(string path, Action<Stream> write) => AtomicFile.Write(path, stream =>
    {
        if (!Ends(path, Gzip) && !Ends(path, Zstd))
        {
            write(stream);
            return;
        }

        // Without a name and a time in its header: the same records are the same bytes.
        using var compressed = Ends(path, Gzip)
            ? new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true)
            : Codecs.ZstdWriter?.Invoke(stream)
                ?? throw PursuitException.At(
                    path, "no encoder for zstd is registered", "Pursuit.Formats, which has one", "Write .gz instead.");
        write(compressed);
    });

    private static bool Ends(string path, string ending) => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
