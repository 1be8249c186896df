using System.CommandLine;
using System.Text.Json;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit features</c>: computes a pool's gradients or embeddings once, for any number of selections and targets.</summary>
internal sealed class FeaturesCommand
{
    private readonly Option<string[]> _pool = new("--pool") { Description = "Files, directories or globs with the candidates: JSONL or JSON arrays, plain or .gz.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<FeatureKind> _kind = FeatureCommandOptions.Kind();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int> _maxLength = CommonOptions.MaxLength();
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<string> _run = new("--run") { Description = "The directory that gets the features; 'select --features' takes it.", DefaultValueFactory = _ => "features.run" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var features = new FeaturesCommand();
        var command = new Command("features", "Computes the features of a pool once, gradients or embeddings, for any number of selections and targets.");
        foreach (var option in features.Options()) command.Add(option);
        command.SetAction((parsed, cancellationToken) => Task.FromResult(features.Run(parsed, cancellationToken)));
        return command;
    }

    private IEnumerable<Option> Options() => [_pool, _kind, _shape, _strict, _model, _maxLength, _set, _run, _threads, _config, _json];

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var make = parsed.GetValue(_kind) == FeatureKind.Embedding ? Embeddings(parsed, threads) : Gradients(parsed, threads);
        var options = new PoolOptions { Paths = parsed.GetValue(_pool)!, Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)), Strict = parsed.GetValue(_strict), Threads = threads };
        using var progress = new ProgressPrinter();
        using var run = RunDirectory.Open(parsed.GetValue(_run)!);
        var replay = new ReplayFile(parsed, Options(), [_pool, _model, _run], run.FullPath);
        replay.WriteUnlessThere();
        using var pool = Pool.Open(options, PoolReport.To(progress, "reading the pool"), cancellationToken);
        var made = make(run, progress).OfPool(pool, cancellationToken);
        made.Features.Dispose();
        replay.Write();
        progress.Dispose();

        AtomicFile.Write(run.PathOf("summary.json"), s => JsonSerializer.Serialize(s, made.Report, made.Report.GetType(), RunJson.Indented));
        Terminal.Line();
        Terminal.Line($"Read      {pool.Ledger.RowCount:N0} rows: {pool.Count:N0} examples, {pool.Ledger.DuplicateCount:N0} exact duplicates, {pool.Ledger.QuarantinedCount:N0} bad records");
        FeaturePrinter.Print(made.Report);
        Terminal.Line($"Run       {Terminal.Short(run.FullPath)}");
        Terminal.Line($"Next      pursuit select --pool ... --target ... --features {Terminal.Short(run.FullPath)} --budget 1% --method {(made.Report is EmbeddingReport ? "tsds" : "gtp")}");
        if (parsed.GetValue(_json)) System.Console.Out.WriteLine(JsonSerializer.Serialize(made.Report, made.Report.GetType(), RunJson.Compact));
        return CommandLine.Done;
    }

    private Func<RunDirectory, IProgress<WorkProgress>, IFeatureSource> Gradients(ParseResult parsed, int threads)
    {
        var recipe = Recipe<GradientFeatureOptions>(parsed, threads);
        return (run, progress) => new GradientFeatures(recipe, run, progress) { OnPlan = PlanPrinter.Print };
    }

    private Func<RunDirectory, IProgress<WorkProgress>, IFeatureSource> Embeddings(ParseResult parsed, int threads)
    {
        var recipe = Recipe<EmbeddingOptions>(parsed, threads);
        return (run, progress) => new EmbeddingFeatures(recipe, run, progress) { OnPlan = PlanPrinter.Print };
    }

    private FeatureRecipe<TOptions> Recipe<TOptions>(ParseResult parsed, int threads)
        where TOptions : IFeatureOptions, new() => FeatureCommandOptions.Recipe<TOptions>(parsed.GetValue(_model), parsed.GetValue(_maxLength), parsed.GetValue(_set)!, threads);
}
