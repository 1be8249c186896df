using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit features</c>: computes a pool's gradients or embeddings once, for any number of selections and targets.</summary>
internal sealed class FeaturesCommand
{
    private readonly Option<string[]> _pool = CommonOptions.Pool();
    private readonly Option<FeatureKind> _kind = FeatureCommandOptions.Kind();
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _encoder = CommonOptions.Encoder(", instead of a model's embeddings");
    private readonly Option<int> _maxLength = CommonOptions.MaxLength();
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<string> _run = new ListedOption<string>(
        "--run", OptionGroup.Run, "DIR", "The run directory, which gets the features; 'select --features' takes it.")
    {
        DefaultValueFactory = _ => "features.run",
        IsCommon = true,
    };
    private readonly Option<string?> _shard = new ListedOption<string?>(
        "--shard", OptionGroup.Run, "K/N", "Compute every N-th shard only, beginning with K (0 to N - 1), such as 3/16: one task of a "
            + "scheduler's array. The task that ends last "
        + "completes the features.");
    private readonly Option<bool> _again = new ListedOption<bool>(
        "--again", OptionGroup.Run, "Recompute in a run directory that holds other features, and replace them. Without it such a "
            + "directory is refused.");
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var features = new FeaturesCommand();
        var command = new ToolCommand("features", "Computes a pool's features, gradients or embeddings, once for any number of "
            + "selections and targets.")
        {
            Example = "features --pool pool.jsonl --model DIR --run pool.features",
        };
        foreach (var option in features.Options()) command.Add(option);
        command.Action = new JobAction(features.Files, parsed => parsed.GetValue(features._run), features.Run);
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _pool, _kind, _split, _shape, .. _records.All, _preference, _strict, _dedup, _model, _encoder, _maxLength, _templateSet, _set, _run,
        _shard, _again,
        _threads, _device, _config, _json,
    ];

    private JobFiles Files(ParseResult parsed) => new JobFiles()
        .ReadsRecords(_pool.Name, parsed.GetValue(_pool)!)
        .ReadsModel(_model.Name, BundledModel.OrNull(parsed.GetValue(_model)))
        .Reads(_encoder.Name, parsed.GetValue(_encoder))
        .WritesRun(_run.Name, parsed.GetValue(_run)!);

    private int Run(ParseResult parsed, IProcessGroup group, CancellationToken cancellationToken)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var make = FeatureCommandOptions.KindOf(parsed, _kind, parsed.GetValue(_encoder)) switch
        {
            FeatureKind.Embedding => Embeddings(parsed, threads),
            FeatureKind.Encoder => Encodings(parsed, threads),
            _ => Gradients(parsed, threads),
        };
        var shard = parsed.GetValue(_shard) is { } text ? TaskShare.Parse(text) : ((int Task, int Tasks)?)null;
        if (shard is not null && group.Count > 1)
            throw PursuitException.At("--shard", $"{group.Count} processes started together", "one", "Several processes share the "
                + "shards by themselves; omit --shard.");
        var options = _records.Of(parsed, new PoolOptions
        {
            Paths = parsed.GetValue(_pool)!,
            Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
            Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
            Strict = parsed.GetValue(_strict),
            NearDuplicates = DedupCommandOptions.Of(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
            Threads = threads,
        });
        using var progress = new ProgressPrinter();
        var told = group.Rank == 0 ? progress : null;
        var directory = parsed.GetValue(_run)!;
        using var run = group.Rank > 0 ? RunDirectory.Join(directory)
            : shard is null ? RunDirectory.Open(directory)
            : RunDirectory.OpenShared(directory);
        if (group.Rank == 0) run.OnDamage = Terminal.Damage;
        var share = shard is { } own
            ? new TaskShare(run, own.Task, own.Tasks, () => Terminal.Line("Waiting for another task's part, such as the warm-up."))
            : StageShare.Of(group);
        var replay = new ReplayFile(
            parsed, Options().Where(o => o != _shard && o != _again), [_pool, _model, _encoder, _run], run.FullPath);
        if (group.Rank == 0) replay.WriteUnlessThere();
        using var pool = Pool.Open(options, PoolReport.To(told, "reading the pool"), cancellationToken);
        if (group.Rank == 0) foreach (var note in pool.Notes) Terminal.Line($"Note      {note}");
        var source = make(run, share, told);
        var report = shard is null ? Whole(source, pool, cancellationToken) : source.MakeShare(pool, cancellationToken);
        if (report is null)
        {
            progress.Dispose();
            Terminal.Line(
                $"Task {shard!.Value.Task} of {shard.Value.Tasks} has made its shards; others are still to come, and the last "
                    + "completes the features.");
            return CommandLine.Done;
        }

        if (group.Rank > 0) return CommandLine.Done;
        replay.Write();
        progress.Dispose();

        SealedJson.Write(run.PathOf("summary.json"), report);
        Terminal.Line();
        Terminal.Line($"Read      {pool.Ledger.RowCount:N0} rows: {pool.Count:N0} examples, {pool.Ledger.DuplicateCount:N0} exact "
            + "duplicates, "
            + (pool.Ledger.FilteredCount > 0 ? $"{pool.Ledger.FilteredCount:N0} filtered, " : "")
            + $"{pool.Ledger.QuarantinedCount:N0} invalid records");
        FeaturePrinter.Print(report);
        Terminal.Line($"Run       {Terminal.Short(run.FullPath)}");
        var method = report is EmbeddingReport ? "tsds" : "gtp";
        Terminal.Line($"Next      pursuit select --pool ... --target ... --features {Terminal.Short(run.FullPath)} --budget 1% "
            + $"--method {method}");
        if (parsed.GetValue(_json)) Terminal.Json(report, report.GetType());
        return CommandLine.Done;
    }

    /// <summary>Makes all that is missing, and reads every shard once more to see that it is whole.</summary>
    private static FeatureReport Whole(IFeatureSource source, Pool pool, CancellationToken cancellationToken)
    {
        var made = source.OfPool(pool, cancellationToken);
        made.Features.Dispose();
        return made.Report;
    }

    private Func<RunDirectory, StageShare, IProgress<WorkProgress>?, IFeatureSource> Gradients(ParseResult parsed, int threads)
    {
        var recipe = Recipe<GradientFeatureOptions>(parsed, threads);
        return (run, share, progress) => new GradientFeatures(recipe, run, progress)
        {
            OnPlan = progress is null ? null : PlanPrinter.Print,
            Share = share,
            Replaces = parsed.GetValue(_again),
        };
    }

    private Func<RunDirectory, StageShare, IProgress<WorkProgress>?, IFeatureSource> Embeddings(ParseResult parsed, int threads)
    {
        var recipe = Recipe<EmbeddingOptions>(parsed, threads);
        return (run, share, progress) => new EmbeddingFeatures(recipe, run, progress)
        {
            OnPlan = progress is null ? null : PlanPrinter.Print,
            Share = share,
            Replaces = parsed.GetValue(_again),
        };
    }

    private Func<RunDirectory, StageShare, IProgress<WorkProgress>?, IFeatureSource> Encodings(ParseResult parsed, int threads)
    {
        var recipe = FeatureCommandOptions.EncoderRecipe(
            parsed.GetValue(_encoder)!, parsed.GetValue(_maxLength), parsed.GetValue(_set)!, threads);
        return (run, share, progress) => new EncoderFeatures(recipe, FeatureCommandOptions.Encoders, run, progress)
        {
            OnPlan = progress is null ? null : PlanPrinter.Print,
            Share = share,
            Replaces = parsed.GetValue(_again),
        };
    }

    private FeatureRecipe<TOptions> Recipe<TOptions>(ParseResult parsed, int threads)
        where TOptions : IFeatureOptions, new() => FeatureCommandOptions.Recipe<TOptions>(
            parsed.GetValue(_model), parsed.GetValue(_maxLength), parsed.GetValue(_templateSet)!, parsed.GetValue(_set)!, threads) with
        {
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
        };
}
