using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Data.Export;

/// <summary>
/// Writes what was chosen: the records exactly as they stood in the input, in rank order, and beside them one line of facts
/// per record.
/// </summary>
public static class SelectionWriter
{
    /// <summary>The path of the facts beside a file of records: "selected.jsonl" has "selected.selection.jsonl".</summary>
    public static string FactsPath(string recordsPath) => Path.ChangeExtension(recordsPath, ".selection.jsonl");

    /// <summary>Writes the chosen records, byte for byte, one per line; each as often as its repeats say.</summary>
    /// <param name="path">The records' file.</param>
    /// <param name="pool">Where the records are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <param name="cancellationToken">Stops between records; nothing is left under the final name.</param>
    /// <exception cref="PursuitException">The file can't be written, or an input file changed since it was read.</exception>
    public static void WriteRecords(string path, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, CancellationToken cancellationToken)
    {
        var positions = new List<int>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
            for (var copy = 0; copy < repeats[i]; copy++) positions.Add(rows[i].Position);
        AtomicFile.Write(path, stream => pool.CopyRecords(positions, stream, cancellationToken));
    }

    /// <summary>Writes the facts: id, content id, input row, file, line, rank, weight, repeats and score of each chosen record.</summary>
    /// <param name="path">The facts' file.</param>
    /// <param name="pool">Where the records are.</param>
    /// <param name="rows">The chosen, best first. [rows]</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    public static void WriteFacts(string path, Pool pool, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats) =>
        AtomicFile.Write(path, stream =>
        {
            for (var rank = 0; rank < rows.Count; rank++)
            {
                JsonSerializer.Serialize(stream, SelectedRecord.Of(pool, rows[rank], rank + 1, repeats[rank]), RunJson.Compact);
                stream.WriteByte((byte)'\n');
            }
        });
}
