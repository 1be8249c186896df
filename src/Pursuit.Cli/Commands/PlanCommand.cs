using System.CommandLine;
using System.Text.Json;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit plan</c>: what features and a selection by them will cost, before it is made.</summary>
internal sealed class PlanCommand
{
    private readonly Option<string[]> _pool = new("--pool") { Description = "Files, directories or globs with the candidates: JSONL or JSON arrays, plain or .gz.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> _target = new("--target") { Description = "Files with examples of what the model should become good at.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
    private readonly Option<FeatureKind> _kind = FeatureCommandOptions.Kind();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int> _maxLength = CommonOptions.MaxLength();
    private readonly Option<string> _budget = new("--budget") { Description = "How much to choose: 500 or 1%.", DefaultValueFactory = _ => "1%" };
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var plan = new PlanCommand();
        var command = new Command("plan", "Tells what features and a selection by them will cost: tokens, hours, disk and memory, from a short calibration.");
        foreach (var option in (Option[])[plan._pool, plan._target, plan._kind, plan._budget, plan._model, plan._maxLength, plan._set, plan._shape, plan._threads, plan._json]) command.Add(option);
        command.SetAction((parsed, cancellationToken) => Task.FromResult(plan.Run(parsed, cancellationToken)));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var (embeds, model, maxLength, settings) = (parsed.GetValue(_kind) == FeatureKind.Embedding, parsed.GetValue(_model), parsed.GetValue(_maxLength), parsed.GetValue(_set)!);
        var gradients = embeds ? null : FeatureCommandOptions.Recipe<GradientFeatureOptions>(model, maxLength, settings, threads);
        var embeddings = embeds ? FeatureCommandOptions.Recipe<EmbeddingOptions>(model, maxLength, settings, threads) : null;
        var budget = Budget.Parse(parsed.GetValue(_budget)!);
        using var progress = new ProgressPrinter();
        using var target = parsed.GetValue(_target) is { Length: > 0 } targets ? Open(targets, "reading the target") : null;
        using var pool = Open(parsed.GetValue(_pool)!, "reading the pool");
        var plan = embeddings is null
            ? GradientFeatures.Plan(gradients!, pool, target?.Count ?? 0, FeatureCommandOptions.ChosenOf(budget, pool), cancellationToken)
            : EmbeddingFeatures.Plan(embeddings, pool, target?.Count ?? 0, cancellationToken);
        progress.Dispose();
        PlanPrinter.Print(plan);
        if (parsed.GetValue(_json)) System.Console.Out.WriteLine(JsonSerializer.Serialize(plan, RunJson.Compact));
        return CommandLine.Done;

        Pool Open(string[] paths, string work) =>
            Pool.Open(new PoolOptions { Paths = paths, Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)), Threads = threads }, PoolReport.To(progress, work), cancellationToken);
    }
}
