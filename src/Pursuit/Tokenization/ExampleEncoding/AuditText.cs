using System.Text;
using Pursuit.Tokenization.ChatTemplates;
using static System.FormattableString;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>An audit's report as a short table for people.</summary>
internal static class AuditText
{
    private const int LabelWidth = 39;

    /// <summary>The table, lines ended by <c>\n</c>.</summary>
    public static string Render(AuditReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        Line(
            text, "examples",
            Invariant($"{report.Examples:N0}") + (report.Texts > 0 ? Invariant($", {report.Texts:N0} of them texts") : ""));
        if (report.TemplateSource == ChatTemplateSource.BuiltIn && report.Texts < report.Examples)
            Line(text, "chat template", "the model has none; the built-in plain one is used");
        Line(text, "tokens", Lengths(report.Lengths));
        Line(text, "supervised tokens", Lengths(report.SupervisedTokens));
        Line(text, "limit", Invariant($"{report.MaxLength:N0} tokens"));
        Finding(text, "prompt cut", report.PromptCut, report.Examples, Invariant($"{report.PromptTokensCut:N0} tokens"));
        Finding(
            text, "answer cut", report.AnswerCut, report.Examples, Invariant($"{report.AnswerTokensCut:N0} tokens with earlier answers'"));
        Finding(text, "nothing trained", report.AllMasked, report.Examples);
        Finding(text, "empty turns", report.EmptyTurns, report.Examples);
        Finding(text, "last turn not the assistant's", report.LastTurnNotAssistant, report.Examples);
        Finding(text, "answer lost by the template", report.LostAnswers, report.Examples);
        Finding(text, "answer shortened by the template", report.ShortenedAnswers, report.Examples);
        Finding(text, "answer without an end token", report.AnswersWithoutEnd, report.Examples);
        Finding(
            text,
            "thoughts not printed by this template",
            report.ThoughtsNotPrinted,
            report.Examples,
            Invariant($"{report.ThoughtsDropped:N0} thoughts dropped"));
        Finding(text, "tools not printed by this template", report.ToolsNotPrinted, report.Examples);
        Finding(text, "documents not printed by it", report.DocumentsNotPrinted, report.Examples);
        Finding(
            text,
            "special tokens in records' words",
            report.SpecialTokensInWords,
            report.Examples,
            Invariant($"{report.SpecialTokens:N0} tokens"));
        Finding(text, "a template within the template", report.NestedTemplates, report.Examples);
        Finding(text, "beginning of text doubled", report.DoubledBeginnings, report.Examples);
        Finding(text, "refused by the template", report.Refused, report.Examples + report.Refused.Count);
        foreach (var reason in report.RefusalReasons) Line(text, "", reason);
        for (var i = 0; i < report.Longest.Count; i++)
            Line(text, i == 0 ? "longest" : "", Invariant($"{report.Longest[i].Tokens:N0} tokens: {Short(report.Longest[i].Id)}"));
        return text.ToString();
    }

    private static string Lengths(LengthSummary? summary) => summary is null
        ? "none"
        : Invariant($"{summary.Total:N0} in all; least {summary.Minimum:N0}, median {summary.Median:N0}, 90% {summary.Percentile90:N0}, ")
            + Invariant($"99% {summary.Percentile99:N0}, most {summary.Maximum:N0}");

    private static void Finding(StringBuilder text, string what, AuditCount count, long of, string? more = null)
    {
        if (count.Count == 0)
        {
            Line(text, what, "0");
            return;
        }

        var share = 100.0 * count.Count / of;
        var ids = string.Join(", ", count.FirstIds.Select(Short)) + (count.Count > count.FirstIds.Count ? ", ..." : "");
        Line(text, what, Invariant($"{count.Count:N0} ({share:0.##}%{(more is null ? "" : "; " + more)}): {ids}"));
    }

    // A content id is identified by its beginning.
    private static string Short(string id) => id.Length <= 24 ? id : id[..16] + "...";

    private static void Line(StringBuilder text, string label, string value) =>
        text.Append(label.PadRight(LabelWidth)).Append(value).Append('\n');
}
