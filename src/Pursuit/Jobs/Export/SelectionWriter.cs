using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>Writes the facts of what was chosen, one line or row per record, and names the files beside the records.</summary>
internal static class SelectionWriter
{
    /// <summary>
    /// A records file's path without its ending, and without ".gz" or ".zst" behind that: what names everything beside it.
    /// </summary>
    public static string Stem(string recordsPath) => Path.ChangeExtension(RecordsFile.WithoutEnding(recordsPath), null);

    /// <summary>The path of another file beside a file of records.</summary>
    /// <param name="recordsPath">The records' file.</param>
    /// <param name="ending">The other's ending, with its dot.</param>
    public static string Beside(string recordsPath, string ending) => Stem(recordsPath) + ending;

    /// <summary>
    /// The path of the facts beside a file of records: "a.jsonl" and "a.jsonl.gz" have "a.selection.jsonl", "a.parquet" has
    /// "a.selection.parquet".
    /// </summary>
    public static string FactsPath(string recordsPath) =>
        Beside(recordsPath, TableFile.IsNamed(recordsPath) ? ".selection.parquet" : ".selection.jsonl");

    /// <summary>
    /// Writes the facts: id, content id, input row, file, line, rank, weight, repeats and score of each chosen record, and where it stands
    /// in trainers' files.
    /// </summary>
    /// <param name="path">The facts' file.</param>
    /// <param name="pool">Where the records are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <param name="exports">What trainers' files hold of them.</param>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    public static void WriteFacts(
        string path, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, IReadOnlyList<ExportedRows>? exports = null)
    {
        if (TableFile.IsNamed(path)) TableFile.Write(path, SelectedRecord.Columns(exports ?? []), Write);
        else AtomicFile.Write(path, Write);

        void Write(Stream stream)
        {
            for (var rank = 0; rank < rows.Count; rank++)
            {
                var facts = SelectedRecord.Of(pool, rows[rank], rank + 1, repeats[rank]);
                JsonSerializer.Serialize(stream, exports is { Count: > 0 } ? facts.With(exports, rank) : facts, RunJson.Compact);
                stream.WriteByte((byte)'\n');
            }
        }
    }
}

/// <summary>What a trainer's file holds of the chosen.</summary>
/// <param name="Trainer">The trainer's word.</param>
/// <param name="Lines">The line each record first stands on, from 1; 0 where it is left out. [rows]</param>
/// <param name="LeftOut">Why it is left out; null where it isn't. [rows]</param>
internal sealed record ExportedRows(string Trainer, IReadOnlyList<int> Lines, IReadOnlyList<string?> LeftOut);
