using System.Collections;
using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Distribution;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Distributed;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Jobs;

/// <summary>
/// One selection from files to files: read the pool, make the features the method declares, select, write the chosen records,
/// their facts and the ledger.
/// </summary>
public sealed class SelectJob
{
    internal const string StageName = "selection";
    private const string VersionPart = "pursuit";
    private readonly SelectJobOptions _options;
    private readonly MethodDescriptor _method;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Prepares a job.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The options contradict themselves; every fault is named.</exception>
    public SelectJob(SelectJobOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Validate();
        _options = options;
        _method = MethodRegistry.Find(options.Method);
        _progress = progress;
    }

    /// <summary>Told the audit of the examples as the model will see them, once it is made.</summary>
    public Action<AuditReport>? OnAudit { get; init; }

    /// <summary>Told what a person should know while the job goes on, a sentence at a time.</summary>
    public Action<string>? OnNote { get; init; }

    /// <summary>
    /// Makes the features the method reads where they weren't brought along; needed where <see cref="SelectJobOptions.ComputesFeatures"/>.
    /// </summary>
    public IFeatureSource? Features { get; init; }

    /// <summary>
    /// The processes that do the job together; this is rank 0 of them where it calls <see cref="Run"/>, else another, which
    /// <see cref="Assist"/>s.
    /// </summary>
    public IProcessGroup Group { get; init; } = ProcessGroups.Alone;

    /// <summary>
    /// Called with the finished selection while all it was made of is open: the time to write a report. It is timed apart.
    /// </summary>
    public Action<SelectedRun, SelectSummary>? OnSelected { get; init; }

    /// <summary>Makes token statistics; needed where the method reads them.</summary>
    public IStatisticsSource? Statistics { get; init; }

    /// <summary>Makes passes over gradients where it is given; no choice depends on it.</summary>
    internal IRowDevice? RowDevice { get; init; }

    /// <summary>Does the job in an open run directory.</summary>
    /// <param name="run">The run's directory.</param>
    /// <param name="cancellationToken">Stops between parts; the same job continues later.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public SelectSummary Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        using var watch = ProcessMemory.Watch();
        _options.Files().Refuse();
        using var inputs = OpenInputs(run, earlier: null, cancellationToken);
        var stage = run.OpenStage(StageName, inputs.Fingerprint);
        var reused = stage.IsComplete;
        var (continued, made) = reused ? (null, null) : Select(inputs, stage, cancellationToken);
        PursuitJournal.Delete(stage.FullPath);
        var traffic = reused ? null : inputs.Team?.Traffic;
        var selected = Selected(inputs, stage, made);

        var (files, exports) = WriteFiles(
            run, inputs, selected.Selection, FeaturelessRows.Find(inputs.Problem.FeaturesRead(_method.Needs)), cancellationToken);
        var summary = Summarise(selected, files, exports, reused, started) with
        {
            Selection = stage.Fingerprint,
            Traffic = traffic,
            ContinuedPasses = continued,
        };
        summary = summary with { Memory = MemoryUse.Of(inputs.Memory, watch) };
        run.DeleteReport(); // an earlier choice's would be taken for this one's
        if (OnSelected is not null)
        {
            OnSelected(selected, summary);
            summary = summary with
            {
                Memory = MemoryUse.Of(inputs.Memory, watch),
                ReportSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds - summary.Seconds,
            };
        }

        inputs.Team?.Done();
        return summary;
    }

    /// <summary>
    /// Does another rank's part of the job: its shards' features, then its shards' passes, until rank 0 is done. Writes shards and nothing
    /// else.
    /// </summary>
    /// <param name="run">The run's directory, joined.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public void Assist(RunDirectory run, CancellationToken cancellationToken = default)
    {
        using var inputs = OpenInputs(run, earlier: null, cancellationToken);
        if (inputs.Problem.FeaturesRead(_method.Needs) is not { } features) return;
        var worker = new TeamWorker(features, inputs.Problem.ContentIds, Group, _options.Pool.Threads);
        _method.Serve?.Invoke(worker);
        worker.Run(cancellationToken);
    }

    /// <summary>Opens a finished selection with what it was made of, and computes none.</summary>
    /// <param name="run">The run's directory.</param>
    /// <param name="visit">Reads what it needs; everything is closed when it returns.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <exception cref="PursuitException">There is no finished selection, or its inputs have changed since.</exception>
    public T Revisit<T>(RunDirectory run, Func<SelectedRun, T> visit, CancellationToken cancellationToken = default)
    {
        var stage = RunStage.Finished(run.FullPath, StageName)
            ?? throw PursuitException.At(
                run.FullPath, "no finished selection", $"a run of {ApiName.SelectJob} that ended well",
                $"Run {ApiName.SelectJob} to its end ({ApiName.OptionsFile} {run.PathOf(RunDirectory.OptionsName)}).");
        using var inputs = OpenInputs(run, stage, cancellationToken);
        // What an earlier version chose is looked at as it stands; it would only be chosen anew.
        var changed = stage.DifferencesFrom(inputs.Fingerprint).Where(name => name != VersionPart).ToArray();
        return changed.Length == 0
            ? visit(Selected(inputs, stage, made: null))
            : throw PursuitException.At(
                run.FullPath, $"a selection whose {string.Join(", ", changed)} changed since", "inputs and options as they were",
                $"Run {ApiName.SelectJob} again ({ApiName.OptionsFile} {run.PathOf(RunDirectory.OptionsName)}).");
    }

    /// <summary>What results call the method, with its representation.</summary>
    private string Label => _method.Label(_options.On, _options.ComputesFeatures ? Features?.Kind : null);

    private SelectInputs OpenInputs(RunDirectory run, RunStage? earlier, CancellationToken cancellationToken)
    {
        // The target first: what is wrong with it is told before a long job on the pool.
        var target = _options.Targets.Count > 0
            ? OpenPool(_options.Pool.Beside(_options.Targets), "reading the target", cancellationToken)
            : null;
        Pool? pool = null;
        try
        {
            var excluded = _options.ExcludesTarget ? target?.ContentIdList.ToHashSet() : _options.Pool.Excluded;
            pool = OpenPool(_options.Pool with { Excluded = excluded }, "reading the pool", cancellationToken);
            // Before lengths and features, which would be computed anew for another pool.
            if (earlier is not null && earlier.DependsOn("pool") != pool.Fingerprint)
                throw PursuitException.At(
                    run.FullPath, "a selection from a pool that has changed since", "the pool's files as they were",
                    $"Run {ApiName.SelectJob} again ({ApiName.OptionsFile} {run.PathOf(RunDirectory.OptionsName)}).");
            var records = earlier is null && Group.Rank == 0 ? Prepare(pool, cancellationToken) : null;
            var sources = SourceGroups.Of(pool, _options.SourceField, cancellationToken);
            var lengths = Group.Rank == 0 ? Lengths(run, pool, target, cancellationToken) : null; // rank 0 alone decides
            var memory = PlannedMemory.Of(_options, _method, Group.Rank == 0 ? Features : null, pool, lengths?.Pool);
            var features = SelectionFeatures.Open(_options, _method.Needs, Features, pool, target, StageShare.Of(Group), cancellationToken);
            var problem = features.Give(
                new SelectionProblem
                {
                    ContentIds = pool.ContentIdList,
                    Budget = _options.Budget,
                    Seed = _options.Seed,
                    TokenCounts = lengths?.Pool,
                    ReferenceLengths = lengths?.Reference,
                    Sources = sources.Groups,
                    SourceNames = sources.Names,
                    Quotas = sources.Named(_options.Quotas),
                },
                _method.Needs);
            (problem, var team) = Group.Count > 1 && Group.Rank == 0 ? ShareOut(problem) : (problem, null);
            var statistics = Group.Rank == 0
                ? StatisticsFeatures.Open(
                    _method.NeedsWith(_options.Settings), _options.Settings, Statistics, pool, earlier, cancellationToken)
                : new StatisticsFeatures();
            problem = statistics.Give(TextFeatures.Give(problem, _method.Needs, pool, target));
            var fingerprint = SelectionFingerprint(pool, sources, lengths, features)
                .Add("target-texts", TextFeatures.TargetFingerprint(_method.Needs, target))
                .Add("statistics", statistics.Fingerprint);
            return new SelectInputs(pool, target, sources, features, statistics, team, problem, memory, fingerprint, records);
        }
        catch
        {
            target?.Dispose();
            pool?.Dispose();
            throw;
        }
    }

    /// <summary>Finds what can't be written before anything is computed.</summary>
    private RecordsOut Prepare(Pool pool, CancellationToken cancellationToken)
    {
        Exports.RequirePossible(_options, pool, cancellationToken);
        if (MethodOptions.Read(_method, _options.Settings) is PursuitOptions pursuit)
            pursuit.RequirePossible(new PursuitQuestion(
                _options.Targets.Count > 0 || _options.TargetFeatures is not null,
                _options.Quotas.Count > 0,
                PursuitQuestion.IsAll(_options.Budget, pool.Count),
                Features is IChoiceTrainer));
        return RecordsOut.Prepare(_options.Out, pool, _options.AddedFields, cancellationToken);
    }

    /// <summary>Rank 0's problem, whose passes all processes make.</summary>
    private (SelectionProblem Problem, Team? Team) ShareOut(SelectionProblem problem)
    {
        if ((problem.Gradients.Pool ?? problem.Embeddings.Pool) is not { } features) return (problem, null);
        var team = new Team(Group);
        var shared = new TeamFeatures(features, team);
        return problem.Gradients.Pool is not null
            ? (problem with { Gradients = problem.Gradients with { Pool = shared } }, team)
            : (problem with { Embeddings = problem.Embeddings with { Pool = shared } }, team);
    }

    private SelectedRun Selected(SelectInputs inputs, RunStage stage, SelectionResult? made)
    {
        var (selection, details) = SelectionFile.Read(stage, inputs.Pool.Count, made);
        return new SelectedRun
        {
            Options = _options,
            Pool = inputs.Pool,
            Target = inputs.Target,
            Sources = inputs.Sources,
            Problem = inputs.Problem,
            FeaturesMade = inputs.Features.Report,
            Selection = selection,
            Details = details,
            Gains = SelectionFile.ReadGains(stage, inputs.Pool.Count),
        };
    }

    /// <summary>Chooses, and keeps the choice in its stage.</summary>
    /// <returns>Passes that an earlier run had made, null where there were none; and the choice as it is kept.</returns>
    private (int? Continued, SelectionResult Made) Select(SelectInputs inputs, RunStage stage, CancellationToken cancellationToken)
    {
        using var journal = PursuitJournal.Open(stage.PathOf(PursuitJournal.FileName), inputs.Fingerprint.Hash);
        foreach (var note in journal.Notes) OnNote?.Invoke(note);
        var found = journal.PassesFound;
        var context = new SelectionContext
        {
            Threads = _options.Pool.Threads,
            Progress = _progress,
            Journal = journal,
            Memory = inputs.Memory,
            RowDevice = RowDevice,
            Trained = inputs.Target is { } target ? (Features as IChoiceTrainer)?.On(inputs.Pool, target) : null,
            CancellationToken = cancellationToken,
        };
        var selection = MethodOptions.Create(_method, _options.Settings).Select(inputs.Problem, context);
        selection = selection with
        {
            Method = Label,
            Remarks = [.. _options.Remarks, .. selection.Remarks, .. inputs.Statistics.Remarks()],
        };
        SelectionFile.Write(stage, selection);
        return (found > 0 ? found : null, selection);
    }

    private Pool OpenPool(PoolOptions options, string work, CancellationToken cancellationToken) =>
        Pool.Open(options, PoolReport.To(_progress, work), cancellationToken);

    private TokenLengths? Lengths(RunDirectory run, Pool pool, Pool? target, CancellationToken cancellationToken)
    {
        if (!_options.NeedsTokens) return null;
        var encoder = ModelEncoder.Load(_options.ModelDirectory!, _options.MaxLength, _options.TemplateSettings);
        var counts = TokenCounting.Count(run, pool, encoder, _options.Pool.Threads, OnAudit, _progress, cancellationToken);
        if (!_method.Needs.HasFlag(FeatureNeeds.ReferenceLengths))
            return new TokenLengths(ModelEncoder.Fingerprint(encoder).Hash, counts, null, null);
        if (_options.Match is { } match)
        {
            var ids = SelectionFile.ReadContentIds(match);
            return new TokenLengths(
                ModelEncoder.Fingerprint(encoder).Hash, counts, TokenCounting.OfIds(pool, counts, ids, match),
                new Fingerprint("match").Add("ids", ids.Select(i => i.ToString())).Hash);
        }

        return new TokenLengths(
            ModelEncoder.Fingerprint(encoder).Hash, counts, TokenCounting.Supervised(target!, encoder, cancellationToken),
            target!.Fingerprint);
    }

    private Fingerprint SelectionFingerprint(Pool pool, SourceGroups sources, TokenLengths? lengths, SelectionFeatures features) =>
        new Fingerprint("selection/2")
            .Add(VersionPart, RunDirectory.PursuitVersion)
            .Add("pool", pool.Fingerprint)
            .Add("method", Label)
            .Add("settings", _options.Settings)
            .Add("budget", _options.Budget.ToString())
            .Add("seed", _options.Seed)
            .Add("quotas", sources.Describe(_options.Quotas))
            .Add("sources", _options.Quotas.Count == 0 ? "" : sources.Fingerprint)
            .Add("encoder", lengths?.Encoder)
            .Add("reference", lengths?.ReferenceFingerprint)
            .Add("features", features.PoolFingerprint)
            .Add("target-features", features.TargetFingerprint);

    private (Dictionary<string, string> Files, IReadOnlyList<ExportSummary> Exports) WriteFiles(
        RunDirectory run, SelectInputs inputs, SelectionResult selection, bool[]? empty, CancellationToken cancellationToken)
    {
        var pool = inputs.Pool;
        _progress?.Report(new WorkProgress("writing", 0, selection.Rows.Count, "records"));
        var repeats = Repeats.FromWeights(selection.Rows, _options.Repeats);
        var files = new Dictionary<string, string>
        {
            ["records"] = Path.GetFullPath(_options.Out),
            ["facts"] = Path.GetFullPath(SelectionWriter.FactsPath(_options.Out)),
        };
        inputs.Records!.Write(selection.Rows, repeats, cancellationToken);
        var (exports, exported) = Exports.Write(_options, pool, selection.Rows, repeats, cancellationToken);
        foreach (var format in _options.Formats)
        {
            var own = TrainerFiles.Beside(files["records"], format);
            (files[TrainerFiles.Word(format)], files[TrainerFiles.Word(format) + "_configuration"]) = (own.DataPath, own.ConfigurationPath);
        }

        if (_options.Indices is { } indices) IndicesFile.Write(files["indices"] = Path.GetFullPath(indices), pool, selection.Rows);
        SelectionWriter.WriteFacts(files["facts"], pool, selection.Rows, repeats, exported);
        var selected = new BitArray(pool.Count);
        foreach (var row in selection.Rows) selected[row.Position] = true;
        files["ledger"] = pool.Ledger.WriteAs(
            TableFile.IsNamed(_options.Out), run.FullPath,
            p => selected[p] ? "selected" : empty?[p] == true ? "no features" : "not selected", cancellationToken);
        files["run"] = run.FullPath;
        if (OnSelected is not null) files["report"] = run.PathOf(RunDirectory.ReportPageName);
        return (files, exports);
    }

    private SelectSummary Summarise(
        SelectedRun selected, Dictionary<string, string> files, IReadOnlyList<ExportSummary> exports, bool reused, long started)
    {
        var (pool, selection, report) = (selected.Pool, selected.Selection, selected.FeaturesMade);
        return new SelectSummary
        {
            Method = selection.Method,
            Seed = _options.Seed,
            Input = new LedgerCounts(
                pool.Ledger.RowCount, selection.Rows.Count, pool.Count - selection.Rows.Count, pool.Ledger.DuplicateCount,
                pool.Ledger.QuarantinedCount)
            {
                NearDuplicates = pool.Ledger.NearDuplicateCount,
                Filtered = pool.Ledger.FilteredCount,
                Excluded = TargetOverlap.ExcludedRows(pool),
            },
            FirstQuarantined = [.. pool.Ledger.Quarantined().Where(q => q.Reason != PoolOptions.ExcludedReason).Take(5)
                .Select(q => $"{RecordPlace.Of(q.File, q.Line, q.RowGroup)}: {q.Reason}")],
            Budget = _options.Budget.ToString(),
            BudgetResolved = selection.Budget,
            Spent = selection.Spent,
            Unit = selection.Unit,
            Selected = selection.Rows.Count,
            EffectiveSize = selection.EffectiveSize,
            BySource = SourceShare.Of(selected.Problem, selection),
            Gradients = report as GradientReport,
            Embeddings = report as EmbeddingReport,
            WarmupShareChosen = (report as GradientReport)?.WarmupShareOf(selection),
            Exports = exports,
            Remarks =
            [
                .. pool.Notes, .. selected.Target?.Notes ?? [], .. selection.Remarks, .. FeatureRemarks.Of(report),
                .. TargetNotes(selected), .. exports.SelectMany(e => e.Remarks()),
            ],
            Details = selected.Details,
            Files = files,
            Reused = reused,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, // last: what random would take of each source is work too
        };
    }

    private IEnumerable<string> TargetNotes(SelectedRun selected) =>
        TargetOverlap.Note(selected.Pool, selected.Target, _options.ExcludesTarget) is { } note ? [note] : [];

    /// <summary>What a selection is made of, open.</summary>
    private sealed record SelectInputs(
        Pool Pool, Pool? Target, SourceGroups Sources, SelectionFeatures Features, StatisticsFeatures Statistics, Team? Team,
        SelectionProblem Problem, PursuitMemory Memory, Fingerprint Fingerprint, RecordsOut? Records) : IDisposable
    {
        public void Dispose()
        {
            Statistics.Dispose();
            Features.Dispose();
            Target?.Dispose();
            Pool.Dispose();
        }
    }
}
