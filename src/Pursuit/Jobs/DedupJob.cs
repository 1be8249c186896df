using System.Diagnostics;
using System.Text.Json.Serialization;
using Pursuit.Data;
using Pursuit.Data.Indexing;
using Pursuit.Data.Tables;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Jobs;

/// <summary>Writes what stays of a pool without duplicates: the records exactly as in the input, in its order, and the ledger.</summary>
public sealed class DedupJob
{
    private const int GroupsShown = 10;

    private readonly DedupJobOptions _options;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Prepares a job.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public DedupJob(DedupJobOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Pool.Validate();
        (_options, _progress) = (options, progress);
    }

    /// <summary>Does the job.</summary>
    /// <param name="run">The run's directory, which gets the ledger.</param>
    /// <param name="cancellationToken">Stops between examples; nothing is left then.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public DedupSummary Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        using var watch = ProcessMemory.Watch();
        _options.Files().Refuse();
        using var pool = Pool.Open(_options.Pool, PoolReport.To(_progress, "reading the pool"), cancellationToken);
        _progress?.Report(new WorkProgress("writing", 0, pool.Count, "records"));
        var rows = new ComputedList<RankedRow>(pool.Count, position => new RankedRow(position, Score: 0));
        var once = new ComputedList<int>(pool.Count, _ => 1);
        RecordsOut.Prepare(_options.Out, pool, [], cancellationToken).Write(rows, once, cancellationToken);
        var ledger = pool.Ledger.WriteAs(TableFile.IsNamed(_options.Out), run.FullPath, _ => "kept", cancellationToken);
        return new DedupSummary(
            pool.Ledger.RowCount, pool.Count, pool.Ledger.DuplicateCount, pool.Ledger.NearDuplicateCount, pool.Ledger.QuarantinedCount)
        {
            Filtered = pool.Ledger.FilteredCount,
            LargestGroups = LargestGroups(pool),
            Notes = pool.Notes,
            Out = Path.GetFullPath(_options.Out),
            Ledger = ledger,
            PeakMemory = watch.Peak,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
    }

    private static List<DuplicateGroup> LargestGroups(Pool pool)
    {
        var exact = new Dictionary<long, long>();
        var near = new Dictionary<long, long>();
        foreach (var row in pool.Ledger.Rows())
        {
            if (row.DuplicateOf < 0) continue;
            var counts = row.Fate == RowFate.DuplicateOf ? exact : near;
            counts[row.DuplicateOf] = counts.GetValueOrDefault(row.DuplicateOf) + 1;
        }

        return
        [
            .. exact.Keys.Union(near.Keys)
                .Select(row => (Row: row, Exact: exact.GetValueOrDefault(row), Near: near.GetValueOrDefault(row)))
                .OrderByDescending(g => g.Exact + g.Near).ThenBy(g => g.Row)
                .Take(GroupsShown)
                .Select(g => Group(pool, pool.Ledger[g.Row], g.Exact, g.Near)),
        ];
    }

    private static DuplicateGroup Group(Pool pool, LedgerRow kept, long exact, long near) =>
        new(pool.UserId(kept.Position), kept.File, kept.Line, kept.Row, exact, near);
}

/// <summary>What to free of duplicates, and where what stays goes.</summary>
public sealed record DedupJobOptions
{
    /// <summary>What to read, and which duplicates to leave out. Required.</summary>
    public required PoolOptions Pool { get; init; }

    /// <summary>
    /// The file that gets the kept records: lines, or a table where it ends in .parquet, as the ledger then is. Required.
    /// </summary>
    public required string Out { get; init; }

    /// <summary>The run's directory; null (the default) for one beside <see cref="Out"/>.</summary>
    public string? RunDirectory { get; init; }

    /// <summary>The run's directory as it is.</summary>
    public string RunPath => RunDirectory ?? SelectionWriter.Beside(Out, ".run");

    /// <summary>What the job reads and writes.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist, or the output's name promises what isn't written.</exception>
    internal JobFiles Files()
    {
        if (RecordsFile.Refusal(Out) is { } refusal) throw new PursuitException([refusal]);
        return new JobFiles()
            .ReadsRecords(ApiName.Pool, Pool.Paths)
            .Writes(ApiName.Out, Out)
            .WritesRun(RunDirectory is null ? ApiName.Out : ApiName.Run, RunPath);
    }
}

/// <summary>What a pool without duplicates came to; the rows' parts add up.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Kept">Records written.</param>
/// <param name="Duplicates">Exact copies of an earlier row.</param>
/// <param name="NearDuplicates">Near duplicates of a kept row, with exact copies of them.</param>
/// <param name="Quarantined">Records that are none, each with its reason in the ledger.</param>
public sealed record DedupSummary(long Rows, long Kept, long Duplicates, long NearDuplicates, long Quarantined)
{
    /// <summary>Its name in a run's directory.</summary>
    public const string FileName = "summary.json";

    /// <summary>Rows that the pool's filter leaves out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Filtered { get; init; }

    /// <summary>The kept rows with the most duplicates, at most 10.</summary>
    public required IReadOnlyList<DuplicateGroup> LargestGroups { get; init; }

    /// <summary>What a person should know of the pool's files, a sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The file of kept records.</summary>
    public required string Out { get; init; }

    /// <summary>The file with every row's fate.</summary>
    public required string Ledger { get; init; }

    /// <summary>Bytes of the process's own memory at most; null where the system doesn't tell.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Seconds from the start to the last file.</summary>
    public required double Seconds { get; init; }
}

/// <summary>A kept row and how many rows were left out for it.</summary>
/// <param name="Id">Its user's id, or null.</param>
/// <param name="File">Its file.</param>
/// <param name="Line">The 1-based line of its first byte.</param>
/// <param name="Row">Its number over all input rows, from 0.</param>
/// <param name="Exact">Its exact copies.</param>
/// <param name="Near">Its near duplicates.</param>
public sealed record DuplicateGroup(string? Id, string File, long Line, long Row, long Exact, long Near);
