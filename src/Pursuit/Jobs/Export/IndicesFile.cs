using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Runs;
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
    private static readonly string[] Unwritten = [".pq", ".arrow", ".feather", ".npz", ".safetensors", ".gz", ".zst"];

    private static readonly TableColumn[] Columns =
    [
        new("file", ColumnKind.Text, IsRequired: true), new("row", ColumnKind.Integer, IsRequired: true),
        new("row_group", ColumnKind.Integer), new("index", ColumnKind.Integer, IsRequired: true),
        new("rank", ColumnKind.Integer, IsRequired: true), new("weight", ColumnKind.Number, IsRequired: true),
    ];

    /// <summary>What is wrong with a name: it promises what isn't written; null where nothing is.</summary>
    public static Fault? Refusal(string path) => Array.Exists(Unwritten, ending => Ends(path, ending))
        ? Fault.OfOption(
            ApiName.Indices, $"'{path}'", $"a name that ends in {Npy} (a NumPy array), {TableFile.Ending} (a table) or .txt (lines)")
        : null;

    /// <summary>
    /// Writes the numbers: as NumPy's int64 of rows over all files in their order; as a table with the file, the row and the row group
    /// within it, the row over all files, the rank and the weight; or as lines, of a pool of several files with the file and a tab before
    /// the row within it. Rows are counted from 0, and every record counts, whatever became of it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="pool">Where the rows are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    public static void Write(string path, Pool pool, IReadOnlyList<RankedRow> rows)
    {
        if (TableFile.IsNamed(path)) TableFile.Write(path, Columns, stream => WriteRows(stream, pool, rows));
        else if (Ends(path, Npy)) AtomicFile.Write(path, stream => WriteArray(stream, pool, rows));
        else AtomicFile.Write(path, stream => WriteLines(stream, pool, rows));
    }

    private static void WriteRows(Stream stream, Pool pool, IReadOnlyList<RankedRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var locator = pool.Locator(rows[i].Position);
            var source = pool.Sources[locator.Source];
            var row = new IndexRow(
                source.Path, locator.Row, source.GroupOf(locator.Line), pool.InputRow(rows[i].Position), i + 1, rows[i].Weight);
            JsonSerializer.Serialize(stream, row, RunJson.Compact);
            stream.WriteByte((byte)'\n');
        }
    }

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

    private sealed record IndexRow(string File, long Row, int? RowGroup, long Index, int Rank, double Weight);
}
