using Pursuit.Jobs;
using Pursuit.Selection;

namespace Pursuit.Cli.Output;

/// <summary>Prints what a selection came to, for people.</summary>
internal static class SummaryPrinter
{
    private const int SourcesShown = 12;

    public static void Print(SelectSummary summary)
    {
        var input = summary.Input;
        var bad = input.Quarantined - input.Excluded;
        Terminal.Line();
        Terminal.Line($"Read      {input.Rows:N0} rows: {input.Selected + input.NotSelected:N0} examples, "
            + $"{input.Duplicates:N0} exact duplicates, "
            + (input.NearDuplicates > 0 ? $"{input.NearDuplicates:N0} near duplicates, " : "")
            + (input.Filtered > 0 ? $"{input.Filtered:N0} filtered, " : "")
            + $"{bad:N0} invalid records"
            + (input.Excluded > 0 ? $", {input.Excluded:N0} of the target's" : ""));
        foreach (var record in summary.FirstQuarantined) Terminal.Line($"          invalid: {record}");
        if (bad > summary.FirstQuarantined.Count)
            Terminal.Line($"          and {bad - summary.FirstQuarantined.Count:N0} more, in the ledger");

        if (((FeatureReport?)summary.Gradients ?? summary.Embeddings) is { } made) FeaturePrinter.Print(made);
        Terminal.Line($"Chosen    {summary.Selected:N0} by {summary.Method}, seed {summary.Seed}; budget {summary.Budget}: "
            + $"{summary.Spent:N0} of {summary.BudgetResolved:N0} {UnitName(summary.Unit)}"
            + (summary.Reused ? " (unchanged since the last run)" : ""));
        if (Math.Abs(summary.EffectiveSize - summary.Selected) > 0.5)
            Terminal.Line($"          effective sample size: {summary.EffectiveSize:N0}");
        foreach (var (name, value) in summary.Details?.Lines ?? []) Terminal.Line($"          {name}: {value}");
        if (summary.Memory is { Allowed: { } allowed } memory)
        {
            Terminal.Line($"          memory: {(memory.Peak is { } peak ? Terminal.Bytes(peak) : "an unknown amount")} at most of "
                + $"{Terminal.Bytes(allowed)} allowed, {Terminal.Bytes(memory.Planned)} planned"
                + (memory.KeptRows ? "" : $"; chosen rows read again, {Terminal.Bytes(memory.BytesReread)}"));
        }

        if (summary.Memory is { RowsScreened: > 0 } screen)
        {
            var spared = screen.BytesSpared < 0
                ? $"{Terminal.Bytes(-screen.BytesSpared)} more of the features read than without it, because the passes were few"
                : $"{Terminal.Bytes(screen.BytesSpared)} of the features not read";
            Terminal.Line($"          screened passes: {screen.RowsReadAgain:N0} of {screen.RowsScreened:N0} rows read "
                + $"({(double)screen.RowsReadAgain / screen.RowsScreened:0.0%}); {spared}");
        }

        if (summary.Traffic is { } traffic)
        {
            Terminal.Line($"          over {traffic.Processes} processes: {traffic.Passes:N0} passes "
                + $"with {Terminal.Bytes(traffic.PassesOut)} out and {Terminal.Bytes(traffic.PassesBack)} back, "
                + $"{traffic.Rows:N0} rows ({Terminal.Bytes(traffic.RowsBack)}), "
                + $"{Terminal.Bytes(traffic.GainsBack)} for explanations, {Terminal.Bytes(traffic.Other)} else");
        }

        if (summary.WarmupShareChosen is { } share)
        {
            var ofPool = (double)summary.Gradients!.WarmupRows.Count / (input.Selected + input.NotSelected);
            Terminal.Line($"          warm-up examples among them: {share:0.0%}; of the pool {ofPool:0.0%}");
        }

        foreach (var remark in summary.Remarks) Terminal.Line($"Note      {remark}");

        Sources(summary.BySource);
        foreach (var (what, path) in summary.Files.Where(f => f.Key != "report")) Terminal.Line($"{Label(what),-9} {Terminal.Short(path)}");
        var report = summary.ReportSeconds > 0 ? $", and {Duration(summary.ReportSeconds)} for the report" : "";
        Terminal.Line($"Took      {Duration(summary.Seconds)}{report}");
        if (summary.Files.TryGetValue("report", out var page)) Terminal.Line($"Report    {Terminal.Short(page)}");
    }

    private static void Sources(IReadOnlyList<SourceShare> sources)
    {
        if (sources.Count < 2) return;
        Terminal.Table(
            Terminal.ForPeople,
            ["source", "chosen", "of weight", "at random", "in pool"],
            sources.Take(SourcesShown)
                .Select(s => new[] { s.Source, $"{s.Selected:N0}", $"{s.Weight:0.0%}", $"{s.AtRandom:N0}", $"{s.Pool:N0}" }));
        var others = sources.Skip(SourcesShown).ToList();
        if (others.Count > 0) Terminal.Line($"          and {others.Count:N0} more sources with {others.Sum(s => s.Selected):N0} chosen");
    }

    private static string Duration(double seconds) => ProgressPrinter.Duration(TimeSpan.FromSeconds(seconds));

    private static string Label(string what) => what switch
    {
        "records" => "Records",
        "facts" => "Facts",
        "indices" => "Indices",
        "ledger" => "Ledger",
        "run" => "Run",
        _ => "Trainer",
    };

    private static string UnitName(BudgetUnit unit) => unit switch
    {
        BudgetUnit.Tokens => "tokens",
        BudgetUnit.SupervisedTokens => "supervised tokens",
        _ => "examples",
    };
}
