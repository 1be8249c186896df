using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Selection;

namespace Pursuit.Jobs.Export;

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
internal sealed record SelectedRecord(
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
    /// <summary>The line it first stands on in each trainer's file, from 1, by the trainer's word; null where none is written.</summary>
    public IReadOnlyDictionary<string, int>? Lines { get; init; }

    /// <summary>Why a trainer's file leaves it out, by the trainer's word; null where none does.</summary>
    public IReadOnlyDictionary<string, string>? LeftOut { get; init; }

    /// <summary>The same as columns of a table.</summary>
    /// <param name="exports">What trainers' files hold of the records.</param>
    internal static IReadOnlyList<TableColumn> Columns(IReadOnlyList<ExportedRows> exports) =>
    [
        new("id", ColumnKind.Text), new("content_id", ColumnKind.Text, IsRequired: true),
        new("index", ColumnKind.Integer, IsRequired: true), new("source_file", ColumnKind.Text, IsRequired: true),
        new("line", ColumnKind.Integer, IsRequired: true), new("rank", ColumnKind.Integer, IsRequired: true),
        new("weight", ColumnKind.Number, IsRequired: true), new("repeats", ColumnKind.Integer, IsRequired: true),
        new("score", ColumnKind.Number, IsRequired: true),
        .. exports.Count == 0 ? (TableColumn[])[] :
        [
            new("lines", ColumnKind.Struct) { Children = [.. exports.Select(e => new TableColumn(e.Trainer, ColumnKind.Integer))] },
            new("left_out", ColumnKind.Struct) { Children = [.. exports.Select(e => new TableColumn(e.Trainer, ColumnKind.Text))] },
        ],
    ];

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

    internal SelectedRecord With(IReadOnlyList<ExportedRows> exports, int index)
    {
        var lines = exports.Where(e => e.LeftOut[index] is null).ToDictionary(e => e.Trainer, e => e.Lines[index]);
        var leftOut = exports.Where(e => e.LeftOut[index] is not null).ToDictionary(e => e.Trainer, e => e.LeftOut[index]!);
        return this with { Lines = lines.Count > 0 ? lines : null, LeftOut = leftOut.Count > 0 ? leftOut : null };
    }
}
