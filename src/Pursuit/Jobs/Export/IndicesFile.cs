using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>
/// The chosen rows' numbers, best first, for a program that holds the same data: <c>dataset.select(indices)</c> needs no copy of records.
/// </summary>
internal static class IndicesFile
{
    private const string Npy = ".npy";

    /// <summary>Endings of files that neither an array nor lines are.</summary>
    private static readonly string[] Unwritten = [".parquet", ".arrow", ".feather", ".npz", ".safetensors", ".gz", ".zst"];

    /// <summary>What is wrong with a name: it promises what isn't written; null where nothing is.</summary>
    public static Fault? Refusal(string path) => Array.Exists(Unwritten, ending => Ends(path, ending))
        ? Fault.OfOption(ApiName.Indices, $"'{path}'", $"a name that ends in {Npy} (a NumPy array) or .txt (lines)")
        : null;

    /// <summary>
    /// Writes the numbers: as NumPy's int64 of rows over all files in their order, or as lines, of a pool of several files with the file
    /// and a tab before the row within it. Rows are counted from 0, and every record counts, whatever became of it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="pool">Where the rows are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    public static void Write(string path, Pool pool, IReadOnlyList<RankedRow> rows) => AtomicFile.Write(path, stream =>
    {
        if (Ends(path, Npy)) WriteArray(stream, pool, rows);
        else WriteLines(stream, pool, rows);
    });

    private static void WriteArray(Stream stream, Pool pool, IReadOnlyList<RankedRow> rows)
    {
        stream.Write(NpyHeader.Format([rows.Count], "<i8"));
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (var row in rows)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, pool.InputRow(row.Position));
            stream.Write(number);
        }
    }

    private static void WriteLines(Stream stream, Pool pool, IReadOnlyList<RankedRow> rows)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        writer.NewLine = "\n";
        foreach (var row in rows)
        {
            var locator = pool.Locator(row.Position);
            if (pool.Sources.Count > 1)
            {
                writer.Write(pool.Sources[locator.Source].Path);
                writer.Write('\t');
            }

            writer.WriteLine(locator.Row.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static bool Ends(string path, string ending) => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
