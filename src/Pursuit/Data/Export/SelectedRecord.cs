using Pursuit.Selection;

namespace Pursuit.Data.Export;

/// <summary>One line of a <c>.selection.jsonl</c>: the facts of a chosen record.</summary>
/// <param name="Id">The user's id, or null.</param>
/// <param name="ContentId">The content id, 64 hexadecimal digits.</param>
/// <param name="Index">The record's number over all input rows, from 0.</param>
/// <param name="SourceFile">Its file.</param>
/// <param name="Line">The line it starts on, from 1.</param>
/// <param name="Rank">1 is the best.</param>
/// <param name="Weight">Its training weight; the mean over the selection is 1.</param>
/// <param name="Repeats">How often it stands in the file of records.</param>
/// <param name="Score">What the method ordered it by.</param>
public sealed record SelectedRecord(
    string? Id,
    string ContentId,
    long Index,
    string SourceFile,
    long Line,
    int Rank,
    double Weight,
    int Repeats,
    double Score)
{
    internal static SelectedRecord Of(Pool pool, RankedRow row, int rank, int repeats)
    {
        var locator = pool.Locator(row.Position);
        return new SelectedRecord(
            pool.UserId(row.Position),
            pool.ContentIds[row.Position].ToString(),
            pool.InputRow(row.Position),
            pool.Sources[locator.Source].Path,
            locator.Line,
            rank,
            row.Weight,
            repeats,
            row.Score);
    }
}
