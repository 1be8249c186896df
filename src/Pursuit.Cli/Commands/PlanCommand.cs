using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Data.Deduplication;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Engine.Planning;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit plan</c>: what features and a selection by them will cost, before it is made.</summary>
internal sealed class PlanCommand
{
    private readonly Option<string[]> _pool = CommonOptions.Pool();
    private readonly Option<string[]> _target = new ListedOption<string[]>(
        "--target", OptionGroup.Input, "FILES", "Examples of what the model should become good at.")
    {
        CustomParser = RecordPaths.Parse,
        DefaultValueFactory = _ => [],
        IsCommon = true,
    };
    private readonly Option<FeatureKind> _kind = FeatureCommandOptions.Kind();
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _encoder = CommonOptions.Encoder(", instead of a model's embeddings");
    private readonly Option<int> _maxLength = CommonOptions.MaxLength();
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string> _budget = new ListedOption<string>(
        "--budget", OptionGroup.Selection, "AMOUNT", "How much to select: 500 or 1%.")
    {
        DefaultValueFactory = _ => "1%",
        IsCommon = true,
    };
    private readonly Option<string?> _examples = new ListedOption<string?>(
        "--examples", OptionGroup.Input, "COUNT", "Examples of the whole pool, such as 100M, if --pool is a sample of it.")
    {
        IsCommon = true,
    };
    private readonly Option<string?> _machines = new ListedOption<string?>(
        "--machines", OptionGroup.Run, "FILE", "A YAML list of the machines that will do the job, instead of this one: groups with "
            + "count, cores, memory-gb, disk-mb-s and network-mb-s "
        + "(docs/scale.md).")
    { IsCommon = true };
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var plan = new PlanCommand();
        var command = new ToolCommand("plan", "Estimates the time, disk, memory and network of features and a selection by them, from "
            + "a short calibration.")
        {
            Example = "plan --pool pool.jsonl --target dev.jsonl --budget 1% --model DIR",
        };
        foreach (var option in plan.Options()) command.Add(option);
        command.Action = JobAction.Answer(plan.Run);
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _examples, _machines, _kind, _budget, _model, _encoder, _maxLength, _templateSet, _set, _split, _shape,
        .. _records.All, _preference, _dedup, _threads, _device, _json,
    ];

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var settings = parsed.GetValue(_set)!;
        var kind = FeatureCommandOptions.KindOf(parsed, _kind, parsed.GetValue(_encoder));
        var gradients = kind == FeatureKind.Gradient ? Recipe<GradientFeatureOptions>(parsed, threads) : null;
        var embeddings = kind == FeatureKind.Embedding ? Recipe<EmbeddingOptions>(parsed, threads) : null;
        var encodings = kind != FeatureKind.Encoder
            ? null
            : FeatureCommandOptions.EncoderRecipe(parsed.GetValue(_encoder)!, parsed.GetValue(_maxLength), settings, threads);
        var pursuit = new GtpOptions();
        MethodOptions.Fill(pursuit, GtpSelector.Name, settings);
        var budget = Budget.Parse(parsed.GetValue(_budget)!);
        var examples = parsed.GetValue(_examples) is { } text ? ParseExamples(text) : 0;
        var machines = parsed.GetValue(_machines) is { } path ? MachinesFile.Read(path) : null;
        using var progress = new ProgressPrinter();
        var near = DedupCommandOptions.Of(parsed.GetValue(_dedup), settings);
        using var target = parsed.GetValue(_target) is { Length: > 0 } targets
            ? Open(targets, null, "reading the target", isTarget: true)
            : null;
        var clock = Stopwatch.StartNew();
        using var pool = Open(parsed.GetValue(_pool)!, near, "reading the pool");
        var request = new PlanRequest
        {
            Examples = examples,
            ReadSeconds = clock.Elapsed.TotalSeconds < ShortReading ? ReadAgain() : clock.Elapsed.TotalSeconds,
            Target = target,
            TowardTarget = target is not null,
            Chosen = gradients is null || budget.Unit != BudgetUnit.Rows ? 0 : (int)budget.Resolve(examples > 0 ? examples : pool.Count),
            Pursuit = pursuit,
            Groups = GroupsOf(pursuit, target),
        };
        var plan = gradients is not null ? GradientFeatures.Plan(gradients, pool, request, cancellationToken)
            : embeddings is not null ? EmbeddingFeatures.Plan(embeddings, pool, request, cancellationToken)
            : EncoderFeatures.Plan(encodings!, FeatureCommandOptions.Encoders, pool, request, cancellationToken);
        var cluster = PlannedStages.On(plan, pursuit, machines ?? [ThisMachine(threads)]);
        progress.Dispose();
        foreach (var note in pool.Notes) Terminal.Line($"Note      {note}");
        PlanPrinter.Print(plan);
        if (machines is not null) ClusterPlanPrinter.Print(plan, cluster);
        if (parsed.GetValue(_json)) Terminal.Json(Json(plan, machines is null ? null : cluster));
        if (cluster.Faults.Count > 0)
            throw new PursuitException($"This doesn't fit. {string.Join(" ", cluster.Faults)}");
        return CommandLine.Done;

        Pool Open(string[] paths, NearDuplicateOptions? nearDuplicates, string work, bool isTarget = false)
        {
            var options = _records.Of(parsed, new PoolOptions
            {
                Paths = paths,
                Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
                Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
                NearDuplicates = nearDuplicates,
                Threads = threads,
            });
            return Pool.Open(isTarget ? options.Beside(paths) : options, PoolReport.To(progress, work), cancellationToken);
        }

        double ReadAgain()
        {
            clock.Restart();
            Open(parsed.GetValue(_pool)!, near, "reading the pool again").Dispose();
            return clock.Elapsed.TotalSeconds;
        }
    }

    private FeatureRecipe<TOptions> Recipe<TOptions>(ParseResult parsed, int threads)
        where TOptions : IFeatureOptions, new() => FeatureCommandOptions.Recipe<TOptions>(
            parsed.GetValue(_model), parsed.GetValue(_maxLength), parsed.GetValue(_templateSet)!, parsed.GetValue(_set)!, threads) with
        {
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
        };

    /// <summary>Seconds below which a first reading is mostly the program's own start; a second one tells what a long one takes.</summary>
    private const double ShortReading = 2;

    /// <summary>Groups that a pursuit will make of a target (docs/methods/gtp.md).</summary>
    private static int GroupsOf(GtpOptions options, Pool? target)
    {
        if (target is null) return Math.Max(1, options.Clusters);
        var files = Enumerable.Range(0, target.Count).Select(i => target.Locator(i).Source).Distinct().Count();
        return options.GroupsOf(target.Count, files);
    }

    /// <summary>This machine, for what of a plan doesn't fit on it; its disk and network are not looked at.</summary>
    private static MachineGroup ThisMachine(int threads) => new()
    {
        Name = "this machine",
        Cores = threads,
        MemoryGb = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9,
        DiskMbS = 1000,
    };

    private static JsonObject Json(CostPlan plan, ClusterPlan? cluster)
    {
        var json = JsonSerializer.SerializeToNode(plan, RunJson.Compact)!.AsObject();
        if (cluster is not null) json["cluster"] = JsonSerializer.SerializeToNode(cluster, RunJson.Compact);
        return json;
    }

    /// <summary>"5000", "250k", "100M" or "1.5B".</summary>
    private static int ParseExamples(string text)
    {
        var scale = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 1e3, 'M' => 1e6, 'B' or 'G' => 1e9, _ => 1.0 };
        var number = scale > 1 ? text[..^1] : text;
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            || amount * scale < 1
            || amount * scale != Math.Floor(amount * scale))
            throw PursuitException.At("--examples", $"'{text}'", "a number of examples such as 5000, 250k, 100M or 1.5B");
        return amount * scale <= int.MaxValue
            ? (int)(amount * scale)
            : throw PursuitException.At(
                "--examples", $"{amount * scale:N0} examples", $"at most {int.MaxValue:N0}, which a pool's index can number",
                "Plan, and select from, parts of the pool.");
    }
}
