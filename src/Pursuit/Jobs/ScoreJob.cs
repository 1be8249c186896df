using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Jobs.Export;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Jobs;

/// <summary>What to score, by what, and where it goes.</summary>
public sealed record ScoreJobOptions
{
    /// <summary>What to read. Required.</summary>
    public required PoolOptions Pool { get; init; }

    /// <summary>Files of a target, for methods that compare with one; empty for none.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The methods' names; each must measure examples one by one. Required.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>"NAME.option=value" pairs.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The file that gets a line per example, or a row where it ends in .parquet. Required.</summary>
    public required string Out { get; init; }

    /// <summary>Seed of every random draw.</summary>
    public ulong Seed { get; init; }

    /// <summary>What the job reads and writes, beside the models of its statistics.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist.</exception>
    internal JobFiles Files() =>
        new JobFiles().ReadsRecords(ApiName.Pool, Pool.Paths).ReadsRecords(ApiName.Target, Targets).Writes(ApiName.Out, Out);
}

/// <summary>What scoring came to.</summary>
/// <param name="Examples">Lines written.</param>
/// <param name="Methods">Each method with the examples it had no measure for.</param>
/// <param name="Statistics">How token statistics were made; null where none was needed.</param>
/// <param name="Out">The file.</param>
public sealed record ScoreSummary(int Examples, IReadOnlyList<KeyValuePair<string, int>> Methods, StatisticsReport? Statistics, string Out)
{
    /// <summary>What a person should know of the pool's files, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>
/// Measures every example of a pool by several methods and writes one line of JSON for each, for people who filter with their own tools.
/// </summary>
public sealed class ScoreJob
{
    private readonly ScoreJobOptions _options;
    private readonly IReadOnlyList<(MethodDescriptor Method, IScorer Scorer)> _scorers;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Prepares a job.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">A method is unknown, measures no example by itself, or lacks something.</exception>
    public ScoreJob(ScoreJobOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Pool.Validate();
        if (RecordsFile.Refusal(options.Out) is { } refusal) throw new PursuitException([refusal]);
        (_options, _progress) = (options, progress);
        _scorers = [.. options.Methods.Distinct().Select(MethodRegistry.Find)
            .Select(m => (m, MethodOptions.Create(m, options.Settings) as IScorer
                ?? throw PursuitException.At(
                    ApiName.Methods,
                    $"'{m.Name}' measures no example by itself",
                    $"some of: {string.Join(", ", Names)}",
                    $"It ranks a pool as a whole: with {ApiName.SelectJob} and a {ApiName.Budget} of 100% every example gets its rank and "
                        + "its score.")))];
        if (_scorers.Count == 0) throw PursuitException.At(ApiName.Methods, "none", $"some of: {string.Join(", ", Names)}");
        if (Needs.HasFlag(FeatureNeeds.TargetTexts) && options.Targets.Count == 0)
            throw PursuitException.At(ApiName.Target, "missing", "a target's examples, whose words 'dsir' compares with");
    }

    /// <summary>The methods that measure examples one by one.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. MethodRegistry.Methods.Where(m => MethodOptions.Create(m, []) is IScorer).Select(m => m.Name)];

    /// <summary>Makes token statistics; needed where a method reads them.</summary>
    public IStatisticsSource? Statistics { get; init; }

    private FeatureNeeds Needs => _scorers.Aggregate(FeatureNeeds.None, (needs, s) => needs | s.Method.NeedsWith(_options.Settings));

    /// <summary>Does the job.</summary>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public ScoreSummary Run(CancellationToken cancellationToken = default)
    {
        _options.Files().Refuse();
        using var target = _options.Targets.Count > 0
            ? Pool.Open(
                _options.Pool.Beside(_options.Targets),
                PoolReport.To(_progress, "reading the target"),
                cancellationToken)
            : null;
        using var pool = Pool.Open(_options.Pool, PoolReport.To(_progress, "reading the pool"), cancellationToken);
        using var statistics = StatisticsFeatures.Open(Needs, _options.Settings, Statistics, pool, earlier: null, cancellationToken);
        var problem = statistics.Give(TextFeatures.Give(
            new SelectionProblem
            {
                ContentIds = pool.ContentIdList,
                Budget = new Budget(1, true, BudgetUnit.Rows),
                Seed = _options.Seed,
            },
            Needs,
            pool,
            target));
        var context = new SelectionContext { Threads = _options.Pool.Threads, Progress = _progress, CancellationToken = cancellationToken };
        var scores = _scorers.Select(s => s.Scorer.Scores(problem, context)).ToArray();
        if (TableFile.IsNamed(_options.Out)) TableFile.Write(_options.Out, Columns(), stream => Write(stream, pool, scores));
        else RecordsFile.Write(_options.Out, stream => Write(stream, pool, scores));
        return new ScoreSummary(
            pool.Count, [.. _scorers.Select((s, i) => KeyValuePair.Create(s.Method.Name, scores[i].Count(double.IsNaN)))],
            statistics.Report, Path.GetFullPath(_options.Out))
        {
            Notes = pool.Notes,
        };
    }

    /// <summary>What <see cref="Write"/> writes, as a table has it.</summary>
    private TableColumn[] Columns() =>
    [
        new("id", ColumnKind.Text), new("content_id", ColumnKind.Text, IsRequired: true),
        new("index", ColumnKind.Integer, IsRequired: true), new("source_file", ColumnKind.Text, IsRequired: true),
        new("line", ColumnKind.Integer, IsRequired: true),
        new("scores", ColumnKind.Struct, IsRequired: true)
        {
            Children = [.. _scorers.Select(s => new TableColumn(s.Method.Name, ColumnKind.Number))],
        },
    ];

    private void Write(Stream stream, Pool pool, double[][] scores)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        for (var i = 0; i < pool.Count; i++)
        {
            var locator = pool.Locator(i);
            json.WriteStartObject();
            json.WriteString("id", pool.UserId(i));
            json.WriteString("content_id", pool.ContentIds[i].ToString());
            json.WriteNumber("index", pool.InputRow(i));
            json.WriteString("source_file", pool.Sources[locator.Source].Path);
            json.WriteNumber("line", locator.Line);
            json.WriteStartObject("scores");
            for (var s = 0; s < scores.Length; s++)
            {
                if (double.IsFinite(scores[s][i])) json.WriteNumber(_scorers[s].Method.Name, scores[s][i]);
                else json.WriteNull(_scorers[s].Method.Name);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            stream.WriteByte((byte)'\n');
        }
    }
}
