using Pursuit.Data;
using Pursuit.Jobs.Export;
using Pursuit.Selection;
using static System.FormattableString;

namespace Pursuit.Jobs;

/// <summary>What a trainer's file holds of a selection.</summary>
/// <param name="Trainer">The trainer's word.</param>
/// <param name="Records">Chosen records in the file, copies not counted.</param>
/// <param name="LeftOut">Those that aren't, by reason, the commonest first; the facts name each.</param>
/// <param name="Notes">What a person should know of the file.</param>
public sealed record ExportSummary(string Trainer, int Records, IReadOnlyList<LeftOutRecords> LeftOut, IReadOnlyList<string> Notes)
{
    private const int Named = 3;

    internal static ExportSummary Of(TrainerExport export, Pool pool, IReadOnlyList<RankedRow> rows)
    {
        var reasons = export.LeftOut.Index().Where(r => r.Item is not null).GroupBy(r => r.Item!)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new LeftOutRecords(g.Key, g.Count(), [.. g.Take(Named).Select(r => NameOf(pool, rows[r.Index].Position))]));
        return new ExportSummary(TrainerFiles.Word(export.Format), export.LeftOut.Count(r => r is null), [.. reasons], export.Notes);
    }

    /// <summary>The same in sentences.</summary>
    internal IEnumerable<string> Remarks()
    {
        if (LeftOut.Sum(r => r.Count) is > 0 and var left)
        {
            var each = LeftOut.Select(
                r => Invariant($"{r.Count:N0} x {r.Reason} ({string.Join(", ", r.First)}{(r.Count > r.First.Count ? ", ..." : "")})"));
            var counted = Invariant($"{left:N0} of {left + Records:N0} records are left out of its file");
            yield return $"{Trainer}: {counted}, because it can't read them as they are meant: {string.Join("; ", each)}";
        }

        foreach (var note in Notes) yield return $"{Trainer}: {note}";
    }

    private static string NameOf(Pool pool, int position)
    {
        return pool.UserId(position) ?? pool.Place(pool.Locator(position));
    }
}

/// <summary>Records that a trainer's file leaves out for one reason.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Count">How many.</param>
/// <param name="First">The best-ranked of them by id, or by file and line; at most three.</param>
public sealed record LeftOutRecords(string Reason, int Count, IReadOnlyList<string> First);
