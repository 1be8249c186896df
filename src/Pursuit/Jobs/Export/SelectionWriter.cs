using System.Text.Json;
using Pursuit.Data;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>
/// Writes what was chosen: the records exactly as they stood in the input, in rank order, and beside them one line of facts
/// per record.
/// </summary>
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

    /// <summary>The path of the facts beside a file of records: "a.jsonl" and "a.jsonl.gz" have "a.selection.jsonl".</summary>
    public static string FactsPath(string recordsPath) => Beside(recordsPath, ".selection.jsonl");

    /// <summary>
    /// Writes the chosen records, byte for byte, one per line, each as often as its repeats say; compressed where the path says so.
    /// </summary>
    /// <param name="path">The records' file.</param>
    /// <param name="pool">Where the records are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <param name="cancellationToken">Stops between records; nothing is left under the final name.</param>
    /// <exception cref="PursuitException">The file can't be written, or an input file changed since it was read.</exception>
    public static void WriteRecords(
        string path, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, CancellationToken cancellationToken)
    {
        var positions = new List<int>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
            for (var copy = 0; copy < repeats[i]; copy++) positions.Add(rows[i].Position);
        RecordsFile.Write(path, stream => pool.CopyRecords(positions, stream, cancellationToken));
    }

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
        string path, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, IReadOnlyList<ExportedRows>? exports = null) =>
        AtomicFile.Write(path, stream =>
        {
            for (var rank = 0; rank < rows.Count; rank++)
            {
                var facts = SelectedRecord.Of(pool, rows[rank], rank + 1, repeats[rank]);
                JsonSerializer.Serialize(stream, exports is { Count: > 0 } ? facts.With(exports, rank) : facts, RunJson.Compact);
                stream.WriteByte((byte)'\n');
            }
        });
}

/// <summary>What a trainer's file holds of the chosen.</summary>
/// <param name="Trainer">The trainer's word.</param>
/// <param name="Lines">The line each record first stands on, from 1; 0 where it is left out. [rows]</param>
/// <param name="LeftOut">Why it is left out; null where it isn't. [rows]</param>
internal sealed record ExportedRows(string Trainer, IReadOnlyList<int> Lines, IReadOnlyList<string?> LeftOut);
