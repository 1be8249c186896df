using System.Text.Json.Serialization;
using Pursuit.Distribution;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Random;

namespace Pursuit.Jobs;

/// <summary>What a selection came to: the model behind the printed summary, the report and <c>--json</c>.</summary>
public sealed record SelectSummary
{
    /// <summary>Its name in a run's directory.</summary>
    public const string FileName = "summary.json";

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The seed of every draw.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What became of the input's rows.</summary>
    public required LedgerCounts Input { get; init; }

    /// <summary>The first invalid records with their reasons, at most five.</summary>
    public required IReadOnlyList<string> FirstQuarantined { get; init; }

    /// <summary>The budget as it was asked.</summary>
    public required string Budget { get; init; }

    /// <summary>The budget in its unit.</summary>
    public required long BudgetResolved { get; init; }

    /// <summary>What of it was spent.</summary>
    public required long Spent { get; init; }

    /// <summary>The budget's unit.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>Examples chosen.</summary>
    public required int Selected { get; init; }

    /// <summary>(sum w)^2 / sum w^2.</summary>
    public required double EffectiveSize { get; init; }

    /// <summary>Chosen against pool, per source, largest choice first.</summary>
    public required IReadOnlyList<SourceShare> BySource { get; init; }

    /// <summary>How gradient features were made; null where the method reads none or they were brought along.</summary>
    public GradientReport? Gradients { get; init; }

    /// <summary>How embeddings were made; null where the method reads none or they were brought along.</summary>
    public EmbeddingReport? Embeddings { get; init; }

    /// <summary>Share of the chosen examples that the warm-up had trained on; null without a warm-up.</summary>
    public double? WarmupShareChosen { get; init; }

    /// <summary>What trainers' files hold; empty where none were asked for.</summary>
    public IReadOnlyList<ExportSummary> Exports { get; init; } = [];

    /// <summary>What a person should know before using the selection.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>What the method tells of its work; null where that is nothing.</summary>
    [JsonInclude]
    internal StoredDetails? Details { get; init; }

    /// <summary>What several processes exchanged for the selection; null where one made it alone.</summary>
    public Traffic? Traffic { get; init; }

    /// <summary>The process's memory; null in summaries of versions that didn't look.</summary>
    public MemoryUse? Memory { get; init; }

    /// <summary>Passes that an earlier run of the same pursuit had made before it was stopped; null where there was none.</summary>
    public int? ContinuedPasses { get; init; }

    /// <summary>The files that were written, by what they hold.</summary>
    public required IReadOnlyDictionary<string, string> Files
    {
        get;
        init => field = value.Values.Contains(null) ? throw new ArgumentException("a file without its path", nameof(value)) : value;
    }

    /// <summary>The fingerprint of the selection that this sums up.</summary>
    public string? Selection { get; init; }

    /// <summary>True where an earlier run's selection was still good.</summary>
    public required bool Reused { get; init; }

    /// <summary>Seconds from the start to the last file of the selection.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds that the report took; 0 without one.</summary>
    public double ReportSeconds { get; init; }

    /// <summary>The summary a run keeps.</summary>
    /// <param name="run">The run's directory.</param>
    /// <exception cref="PursuitException">There is none, or it is another version's.</exception>
    public static SelectSummary Of(RunDirectory run)
    {
        const string Expected = $"the summary that {ApiName.SelectJob} writes at its end",
            Advice = "Run the selection again: what is finished of it is reused.";
        var path = run.PathOf(FileName);
        var summary = SealedJson.Read<SelectSummary>(path, Expected, Advice);
        return RunStage.Look(run.FullPath, SelectJob.StageName) is { } stage && stage.Fingerprint != summary.Selection
            ? throw PursuitException.At(path, "the summary of another selection", Expected, Advice)
            : summary;
    }
}

/// <summary>Every input row's fate, counted; the parts add up to <paramref name="Rows"/>.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Selected">Chosen.</param>
/// <param name="NotSelected">Good, but not chosen.</param>
/// <param name="Duplicates">Exact copies of an earlier row.</param>
/// <param name="Quarantined">Records that were not offered, invalid ones as a rule, each with its reason in the ledger.</param>
public sealed record LedgerCounts(long Rows, long Selected, long NotSelected, long Duplicates, long Quarantined)
{
    /// <summary>Near duplicates of an earlier row, where they are left out as well.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NearDuplicates { get; init; }

    /// <summary>Rows that the pool's filter leaves out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Filtered { get; init; }

    /// <summary>Of the quarantined, good records that were left out because they are the target's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Excluded { get; init; }
}

/// <summary>What a selection used of the process's own memory; files mapped into it don't count.</summary>
/// <param name="Allowed">Bytes allowed; null for no bound.</param>
/// <param name="Planned">Bytes a pursuit planned for; 0 where nothing was pursued.</param>
/// <param name="Peak">Bytes at most while the job ran; null where the system doesn't tell.</param>
/// <param name="KeptRows">True where chosen rows stayed in memory, false where they were read again.</param>
/// <param name="BytesReread">Bytes that were read again.</param>
/// <param name="RowsScreened">Rows that passes saw in a coarse picture kept in memory, over all passes; 0 where none was kept.</param>
/// <param name="RowsReadAgain">Rows of those that the picture didn't tell apart, and that were read.</param>
/// <param name="BytesSpared">
/// Bytes of the features that weren't read thanks to it, of those that passes come to; below zero where more were.
/// </param>
public sealed record MemoryUse(
    long? Allowed, long Planned, long? Peak, bool KeptRows, long BytesReread, long RowsScreened, long RowsReadAgain, long BytesSpared)
{
    internal static MemoryUse Of(PursuitMemory memory, ProcessMemory watch) => new(
        memory.Allowed, memory.Planned, watch.Peak, memory.KeepsRows, memory.BytesReread, memory.RowsScreened, memory.RowsReadAgain,
        memory.BytesSpared);
}

/// <summary>One source's part.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Pool">Its examples in the pool.</param>
/// <param name="Selected">Its examples chosen.</param>
/// <param name="Weight">Its share of the chosen weight, 0 to 1.</param>
/// <param name="AtRandom">Its examples in a random choice of the same budget and seed.</param>
public sealed record SourceShare(string Source, int Pool, int Selected, double Weight, int AtRandom)
{
    /// <summary>Every source's part in a selection, largest choice first.</summary>
    internal static IReadOnlyList<SourceShare> Of(SelectionProblem problem, SelectionResult selection)
    {
        var random = selection.Method == RandomSelector.Name ? selection : new RandomSelector().Select(problem);
        var inPool = problem.Sources.CountBy(s => s).ToDictionary();
        var atRandom = random.Rows.CountBy(r => problem.Sources[r.Position]).ToDictionary();
        var chosen = selection.Rows
            .AggregateBy(r => problem.Sources[r.Position], (Count: 0, Weight: 0.0), (sum, r) => (sum.Count + 1, sum.Weight + r.Weight))
            .ToDictionary();
        var weight = selection.Rows.Sum(r => r.Weight);
        return
        [
            .. inPool
                .Select(p => (Name: problem.SourceNames[p.Key], Pool: p.Value, Chosen: chosen.GetValueOrDefault(p.Key),
                    Random: atRandom.GetValueOrDefault(p.Key)))
                .OrderByDescending(s => s.Chosen.Count).ThenBy(s => s.Name, StringComparer.Ordinal)
                .Select(s => new SourceShare(s.Name, s.Pool, s.Chosen.Count, weight > 0 ? s.Chosen.Weight / weight : 0, s.Random)),
        ];
    }
}
