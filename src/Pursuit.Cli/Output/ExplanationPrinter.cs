using Pursuit.Data;
using Pursuit.Reports.Explanations;

namespace Pursuit.Cli.Output;

/// <summary>Prints an explanation, for people.</summary>
internal static class ExplanationPrinter
{
    private const int PassesShown = 12;

    public static void Print(Explanation explanation)
    {
        var row = explanation.Row;
        Line("Row", $"{(row.Id is { } id ? id + ", " : "")}{RecordPlace.Of(row.File, row.Line, row.RowGroup)} (row {row.Index:N0})");
        if (explanation.ContentId is { } content) Line("Content", content);
        if (explanation.Source is { } source && source != row.File) Line("Source", source);
        if (explanation.Text is { } text) Line("Says", text);
        Line("Fate", explanation.Fate + (explanation.DuplicateOf is { } first ? $" {first.Id ?? $"row {first.Index:N0}"} "
            + $"({RecordPlace.Of(first.File, first.Line, first.RowGroup)})" : ""));
        for (var i = 0; i < explanation.Why.Count; i++) Line(i == 0 ? "Why" : "", explanation.Why[i]);
        if (explanation.Score is { } score) Line("Score", $"{score:G5}");
        if (explanation.Repeats is > 1) Line("Repeats", $"{explanation.Repeats:N0}");
        Passes(explanation.Passes);
        Links("Serves", "target examples, by inner product of features", explanation.Serves);
        Links("Like it", "chosen examples, by cosine of features", explanation.NearChosen);
        Links("", "examples that were not chosen", explanation.NearNotChosen);
    }

    private static void Passes(IReadOnlyList<PassPlace> passes)
    {
        if (passes.Count == 0) return;
        Terminal.Table(
            Terminal.ForResult,
            ["pass", "rank by gain", "gain", "added"],
            passes.Take(PassesShown).Select(Cells),
            leftColumns: 0);
        if (passes.Count > PassesShown) Line("", $"and {passes.Count - PassesShown:N0} more passes; --json has them all");
    }

    private static string[] Cells(PassPlace pass) =>
    [
        $"{pass.Pass:N0}",
        pass.Rank is { } rank ? $"{rank:N0}" : pass.State,
        pass.Gain > 0 ? $"{pass.Gain:0.0000}" : "",
        $"{pass.Taken:N0}",
    ];

    private static void Links(string label, string what, IReadOnlyList<LinkedExample> links)
    {
        if (links.Count == 0) return;
        Line(label, what);
        foreach (var link in links)
        {
            var place = link.File is { } file ? $", {Path.GetFileName(file)} line {link.Line:N0}" : "";
            var rank = link.Rank is { } chosen ? $", rank {chosen:N0}" : "";
            Line("", $"{link.Value,6:0.000}  {link.Id ?? link.File ?? ""}{place}{rank}");
            Line("", $"        {link.Text}");
        }
    }

    /// <summary>A record's line ends become spaces: its words stand on one line.</summary>
    private static void Line(string label, string text) => Terminal.Answer($"{label,-9} {text.ReplaceLineEndings(" ")}");
}
