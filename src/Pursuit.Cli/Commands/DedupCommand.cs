using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit dedup</c>: writes what stays of a pool without near duplicates.</summary>
internal sealed class DedupCommand
{
    private readonly Option<string[]> _pool = CommonOptions.Pool("records");
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup(Duplicates.Near);
    private readonly Option<string[]> _set = DedupCommandOptions.Set();
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<string> _out = new ListedOption<string>(
        "--out", OptionGroup.Output, "FILE", "The file that gets the kept records. They come in the input's order: lines byte for byte "
            + "as in it; in a .parquet file, rows with the columns of the pool's tables, or with columns inferred from its lines.")
    {
        DefaultValueFactory = _ => "kept.jsonl",
        IsCommon = true,
    };
    private readonly Option<string?> _run = new ListedOption<string?>(
        "--run", OptionGroup.Run, "DIR", "The run directory, which gets the ledger.")
    {
        Default = "--out with the ending .run",
    };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var dedup = new DedupCommand();
        var command = new ToolCommand("dedup", "Leaves exact and near duplicates out of a pool, and writes the kept records.")
        {
            Example = "dedup --pool texts.jsonl.gz --out kept.jsonl",
        };
        foreach (var option in dedup.Options()) command.Add(option);
        command.Action = new JobAction(
            parsed => dedup.ReadOptions(parsed).Files(),
            parsed => dedup.ReadOptions(parsed).RunPath,
            (parsed, _, cancellationToken) => dedup.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
        [_pool, _dedup, _set, _split, _shape, .. _records.All, _preference, _strict, _out, _run, _threads, _config, _json];

    private DedupJobOptions ReadOptions(ParseResult parsed) => new()
    {
        Pool = _records.Of(parsed, new PoolOptions
        {
            Paths = parsed.GetValue(_pool)!,
            Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
            Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
            Strict = parsed.GetValue(_strict),
            NearDuplicates = DedupCommandOptions.OnlyOf(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
            Threads = CommonOptions.ThreadsOf(parsed, _threads),
        }),
        Out = parsed.GetValue(_out)!,
        RunDirectory = parsed.GetValue(_run),
    };

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        using var progress = new ProgressPrinter();
        var job = new DedupJob(options, progress);
        using var run = RunDirectory.Open(options.RunPath);
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, Options(), [_pool, _out], run.FullPath);
        replay.WriteUnlessThere();
        var summary = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        SealedJson.Write(run.PathOf(DedupSummary.FileName), summary);
        Print(summary, run);
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    private static void Print(DedupSummary summary, RunDirectory run)
    {
        Terminal.Line();
        Terminal.Line($"Read      {summary.Rows:N0} rows: {summary.Duplicates:N0} exact duplicates, {summary.NearDuplicates:N0} near "
            + $"duplicates, {(summary.Filtered > 0 ? $"{summary.Filtered:N0} filtered, " : "")}{summary.Quarantined:N0} invalid records");
        Terminal.Line($"Kept      {summary.Kept:N0} records");
        foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
        if (summary.LargestGroups.Count > 0)
            Terminal.Table(
                Terminal.ForPeople,
                ["kept row with the most duplicates", "exact", "near"],
                summary.LargestGroups.Select(g => new[]
                {
                    $"{g.Id ?? $"row {g.Row:N0}"}, {Path.GetFileName(g.File)}, line {g.Line:N0}", $"{g.Exact:N0}", $"{g.Near:N0}",
                }));
        Terminal.Line($"Records   {Terminal.Short(summary.Out)}");
        Terminal.Line($"Ledger    {Terminal.Short(summary.Ledger)}");
        Terminal.Line($"Run       {Terminal.Short(run.FullPath)}");
        Terminal.Line($"Took      {ProgressPrinter.Duration(TimeSpan.FromSeconds(summary.Seconds))}");
    }
}
