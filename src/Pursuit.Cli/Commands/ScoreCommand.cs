using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Statistics;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit score</c>: measures every example of a pool and writes one line of JSON for each.</summary>
internal sealed class ScoreCommand
{
    private readonly Option<string[]> _pool = CommonOptions.Pool("examples");
    private readonly Option<string[]> _target = new ListedOption<string[]>(
        "--target", OptionGroup.Input, "FILES", "Examples to imitate, for 'dsir'.")
    {
        DefaultValueFactory = _ => [],
        CustomParser = RecordPaths.Parse,
    };
    private readonly Option<string[]> _methods = new ListedOption<string[]>(
        "--methods", OptionGroup.Selection, "NAMES", $"The measures, some of: {string.Join(", ", ScoreJob.Names)}.")
    {
        DefaultValueFactory = _ => [],
        Default = "all that the given inputs allow, but 'ask-llm', 'forgetting' and 'vog'",
        IsCommon = true,
        Words = [.. ScoreJob.Names],
    };
    private readonly Option<string> _out = new ListedOption<string>(
        "--out", OptionGroup.Output, "FILE", "The file that gets one line of JSON per example, or one row if it ends in .parquet.")
    {
        DefaultValueFactory = _ => "scores.jsonl",
        IsCommon = true,
    };
    private readonly Option<string?> _model = CommonOptions.Model(
        "--model", "The model that scores tokens: a directory, or ORG/NAME in the local hub cache.", "two small probes, trained on "
            + "the pool");
    private readonly Option<string?> _referenceModel = StatisticsCommandOptions.ReferenceModel();
    private readonly Option<int> _maxLength = new ListedOption<int>(
        "--max-length", OptionGroup.Model, "TOKENS", "Truncate examples to this many tokens.")
    {
        DefaultValueFactory = _ => 1 << 20,
    };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string?> _run = CommonOptions.RunBesideOut();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var score = new ScoreCommand();
        var command = new ToolCommand("score", "Measures every example of a pool and writes one line of JSON for each.")
        {
            Example = "score --pool texts.jsonl.gz --methods perplexity,information --out scores.jsonl",
        };
        foreach (var option in score.Options()) command.Add(option);
        command.Action = new JobAction(score.Files, score.RunPath, (parsed, _, cancellationToken) => score.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _methods, _out, _model, _referenceModel, _maxLength, _templateSet, _set, _seed, _split, _shape, .. _records.All,
        _preference, _strict, _dedup, _run, _threads, _device, _config, _json,
    ];

    private string RunPath(ParseResult parsed) => parsed.GetValue(_run) ?? SelectionWriter.Beside(parsed.GetValue(_out)!, ".run");

    private JobFiles Files(ParseResult parsed) => ReadOptions(parsed, CommonOptions.ThreadsOf(parsed, _threads)).Files()
        .ReadsModel(_model.Name, parsed.GetValue(_model))
        .ReadsModel(_referenceModel.Name, parsed.GetValue(_referenceModel))
        .WritesRun(_run.Name, RunPath(parsed));

    private ScoreJobOptions ReadOptions(ParseResult parsed, int threads) => new()
    {
        Pool = _records.Of(parsed, new PoolOptions
        {
            Paths = parsed.GetValue(_pool)!,
            Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
            Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
            Strict = parsed.GetValue(_strict),
            NearDuplicates = DedupCommandOptions.Of(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
            Threads = threads,
        }),
        Targets = parsed.GetValue(_target)!,
        Methods = Methods(parsed),
        Settings = parsed.GetValue(_set)!,
        Out = parsed.GetValue(_out)!,
        Seed = parsed.GetValue(_seed),
    };

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var options = ReadOptions(parsed, threads);
        var recipe = new StatisticsRecipe
        {
            Model = parsed.GetValue(_model),
            ReferenceModel = parsed.GetValue(_referenceModel),
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
            MaxLength = parsed.GetValue(_maxLength),
            TemplateSettings = parsed.GetValue(_templateSet)!,
            Options = StatisticsCommandOptions.Options(options.Settings),
            Warmup = FeatureCommandOptions.Options<GradientFeatureOptions>(options.Settings),
            Seed = options.Seed,
            Threads = threads,
        };
        using var progress = new ProgressPrinter();
        _ = new ScoreJob(options, progress); // refuses contradictions before a directory is made
        using var run = RunDirectory.Open(RunPath(parsed));
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, Options(), [_pool, _target, _out, _model, _referenceModel], run.FullPath)
        {
            Spelling = (option, word) => option == _set ? JudgePrompt.WithFullPath(word) : word,
        };
        replay.WriteUnlessThere();
        var summary = new ScoreJob(options, progress) { Statistics = new StatisticsSource(recipe, run, progress) }.Run(cancellationToken);
        replay.Write();
        progress.Dispose();

        Terminal.Line();
        Terminal.Line($"Scored    {summary.Examples:N0} examples by {string.Join(", ", summary.Methods.Select(m => m.Key))}");
        if (summary.Statistics is { } made)
            Terminal.Line($"Tokens    {made.Tokens:N0} scored, {made.ModelTokens:N0} through "
                + $"{(made.Models.Count > 1 ? "the models" : "the model")}, "
                + $"windows of {made.Window:N0} every {made.Stride:N0}, {ProgressPrinter.Duration(TimeSpan.FromSeconds(made.Seconds))}");
        foreach (var (method, missing) in summary.Methods.Where(m => m.Value > 0))
            Terminal.Line($"Note      {missing:N0} examples have no measure by {method}: null in the file");
        foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
        Terminal.Line($"Scores    {Terminal.Short(summary.Out)}");
        Terminal.Line($"Run       {Terminal.Short(run.FullPath)}");
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    /// <summary>The methods asked for, or all that the given inputs allow.</summary>
    private string[] Methods(ParseResult parsed)
    {
        if (CommonOptions.Words(parsed.GetValue(_methods)!) is { Length: > 0 } given) return given;
        // More than a pass of one model over the pool: only where they are asked for.
        var missing = FeatureNeeds.JudgeAnswers | FeatureNeeds.TrajectoryStatistics | FeatureNeeds.GradientVariances;
        if (parsed.GetValue(_target)!.Length == 0) missing |= FeatureNeeds.TargetTexts;
        if (parsed.GetValue(_model) is null) missing |= FeatureNeeds.AnswerStatistics;
        if (parsed.GetValue(_referenceModel) is null) missing |= FeatureNeeds.ReferenceStatistics;
        return [.. ScoreJob.Names.Where(n => (MethodRegistry.Find(n).Needs & missing) == 0)];
    }
}
