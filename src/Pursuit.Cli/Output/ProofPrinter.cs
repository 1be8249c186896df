using Pursuit.Proof;

namespace Pursuit.Cli.Output;

/// <summary>Prints what a proof came to, for people: a table per target and budget, then the verdicts.</summary>
internal static class ProofPrinter
{
    private static readonly string[] AnswerHeaders = ["exact", "F1", "ROUGE-L"];

    public static void Print(ProofReport report, string page)
    {
        Terminal.Line();
        foreach (var target in report.Targets)
            Terminal.Line($"Target    {target.Name}: {target.TestExamples:N0} test examples, {target.AnswerTokens:N0} "
                + $"{report.Recipe.LossLabels}{(target.Generated > 0 ? $", {target.Generated:N0} answered in full" : "")}");
        foreach (var budget in report.Budgets)
            Terminal.Line($"Budget    {budget.Name}: {budget.Examples:N0} of {report.PoolExamples:N0} examples, {budget.Steps:N0} "
                + $"steps of {report.Recipe.BatchExamples}");
        Terminal.Line($"Trained   {(report.Recipe.FromScratch ? "from new weights in the shape of" : "from")} {report.Recipe.Model}; "
            + $"{Count(report.Seeds.Count, "seed")}, 95% intervals");

        foreach (var target in report.Scores.Select(s => s.Target).Distinct())
            foreach (var budget in report.Budgets) Table(report, target, budget.Name);

        Terminal.Line();
        foreach (var verdict in report.Verdicts) Terminal.Line($"Verdict   {verdict}");
        foreach (var remark in report.Remarks) Terminal.Line($"Note      {remark}");
        Terminal.Line($"Report    {Terminal.Short(page)}");
        Terminal.Line($"Took      {ProgressPrinter.Duration(TimeSpan.FromSeconds(report.Seconds))}");
    }

    private static void Table(ProofReport report, string? target, string budget)
    {
        var answered = report.Targets.Any(t => t.Generated > 0);
        var rows = new List<string[]>
        {
            (string[])
            [
                $"{target ?? "all targets"}, {budget}", "loss", "below random by", "", .. answered ? AnswerHeaders : [],
                "of epoch", "select", "train",
            ],
        };
        foreach (var score in report.Scores.Where(s => s.Target == target && (s.Budget == budget || s.Budget is null)))
        {
            var against = report.Comparisons.FirstOrDefault(c =>
                c.Target == target && c.Budget == budget && c.Method == score.Method
                && c is { Against: ProofReport.Random, Metric: ProofMetric.Loss });
            var costs = report.Costs
                .Where(c => c.Method == score.Method && c.Budget == score.Budget)
                .Where(c => c.Target is null || target is null || c.Target == target)
                .ToList();
            rows.Add(
            [
                score.Method,
                $"{score.Loss.Estimate:0.000}",
                against is null ? "" : $"{-against.Difference.Estimate:0.000}{Bounds(-against.Difference.High, -against.Difference.Low)}",
                against?.Verdict.Word() ?? "",
                .. answered ? new[] { Percent(score.ExactMatch), Percent(score.TokenF1), Percent(score.RougeL) } : [],
                score.GainShare is { } share ? $"{share:0%}" : "",
                Seconds(costs.Select(c => c.Selection?.Seconds)),
                Seconds(costs.Select(c => c.TrainingSeconds)),
            ]);
        }

        Terminal.Line();
        WriteAligned(rows, left: [0, 3]);
    }

    /// <summary>Columns two spaces apart, never wrapped; some left, the others right.</summary>
    internal static void WriteAligned(List<string[]> rows, int[] left)
    {
        var widths = rows[0].Select((_, column) => rows.Max(r => r[column].Length)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            var cells = rows[i].Select((cell, c) => left.Contains(c) ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]));
            Terminal.Line(string.Join("  ", cells).TrimEnd());
            if (i == 0) Terminal.Line(new string('-', widths.Sum() + 2 * (widths.Length - 1)));
        }
    }

    internal static string Bounds(double? low, double? high) => low is { } from && high is { } to ? $" [{from:0.000}, {to:0.000}]" : "";

    private static string Percent(Interval? interval) => interval is null ? "" : $"{100 * interval.Estimate:0.0}";

    private static string Count(int count, string unit) => $"{count:N0} {unit}{(count == 1 ? "" : "s")}";

    /// <summary>The mean over what was measured.</summary>
    private static string Seconds(IEnumerable<double?> seconds) =>
        seconds.OfType<double>().ToArray() is { Length: > 0 } measured
            ? ProgressPrinter.Duration(TimeSpan.FromSeconds(measured.Average()))
            : "";
}
