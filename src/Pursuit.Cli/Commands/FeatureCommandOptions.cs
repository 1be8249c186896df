using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Encoders;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary>How commands read the options of features.</summary>
internal static class FeatureCommandOptions
{
    public static Option<string[]> Set() => CommonOptions.Many(
        "--set", OptionGroup.Selection, "NAME.OPTION=VALUE", "An option of a method or of the features. 'pursuit methods NAME' lists "
            + "a method's, 'pursuit methods features' those of "
        + "gradients, 'pursuit methods embedding' those of embeddings, 'pursuit methods encoder' those of an encoder's vectors.");

    /// <summary>What reads sentence encoders.</summary>
    public static IEncoderLoader Encoders { get; } = new OnnxEncoderLoader();

    /// <summary>Which features: gradients for gtp and its like, embeddings for tsds and its like.</summary>
    public static Option<FeatureKind> Kind() => WordOption.Of(
        "--kind", OptionGroup.Features, "The kind of features: gradient (for gtp, omp, less and similar), embedding or, with --encoder, "
            + "encoder (for tsds, rds and kcenter).", FeatureKind.Gradient);

    /// <summary>The kind that the command line asks for: --encoder alone says it too.</summary>
    /// <exception cref="PursuitException">--encoder is missing, or stands beside gradients.</exception>
    public static FeatureKind KindOf(ParseResult parsed, Option<FeatureKind> option, string? encoder)
    {
        var kind = parsed.GetValue(option);
        var given = parsed.GetResult(option) is { Implicit: false };
        if (encoder is null)
            return kind != FeatureKind.Encoder
                ? kind
                : throw PursuitException.At("--encoder", "missing", "the encoder that --kind encoder asks for");
        return !given || kind != FeatureKind.Gradient
            ? FeatureKind.Encoder
            : throw PursuitException.At("--kind", "gradient beside --encoder", "embedding or encoder: an encoder gives no gradients");
    }

    /// <summary>What the command line says of an encoder's vectors.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range.</exception>
    public static FeatureRecipe<EncoderOptions> EncoderRecipe(
        string encoder, int maxLength, IReadOnlyList<string> settings, int threads) =>
        Recipe<EncoderOptions>(encoder, maxLength, [], settings, threads);

    /// <summary>What the command line says of one kind of features.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range, or there is no model.</exception>
    public static FeatureRecipe<TOptions> Recipe<TOptions>(
        string? model, int maxLength, IReadOnlyList<string> templateSettings, IReadOnlyList<string> settings, int threads)
        where TOptions : IFeatureOptions, new()
    {
        var options = Options<TOptions>(settings);
        if (maxLength < 8) throw PursuitException.At("--max-length", $"{maxLength}", "at least 8");
        return new FeatureRecipe<TOptions>
        {
            Model = BundledModel.OrGiven(model),
            MaxLength = maxLength,
            TemplateSettings = templateSettings,
            Options = options,
            Threads = threads,
        };
    }

    /// <summary>How the command line wants one kind of features made.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range.</exception>
    public static TOptions Options<TOptions>(IReadOnlyList<string> settings)
        where TOptions : IFeatureOptions, new()
    {
        var options = new TOptions();
        MethodOptions.Fill(options, TOptions.Name, settings);
        options.Validate();
        return options;
    }

    /// <summary>
    /// The source of a selection's features: another run's where one is named, else made within the run; null where there are none to make.
    /// </summary>
    public static IFeatureSource? Source(SelectJobOptions options, RunDirectory run, IProcessGroup group, IProgress<WorkProgress>? progress)
    {
        Action<CostPlan>? onPlan = group.Rank == 0 ? PlanPrinter.Print : null;
        var method = MethodRegistry.Find(options.Method);
        if (!options.ComputesFeatures || !method.Needs.ReadsFeatures()) return null;
        if (options.FeaturesRun is { } shared)
        {
            var kind = FeatureSources.KindIn(shared, method, options.On?.Kind);
            return FeatureSources.Shared(kind, shared, run, Lent(options), StageShare.Of(group), progress);
        }

        return options.KindFor(method) switch
        {
            FeatureKind.Embedding =>
                new EmbeddingFeatures(RecipeOf<EmbeddingOptions>(options), run, progress) { OnPlan = onPlan, Share = StageShare.Of(group) },
            FeatureKind.Encoder => new EncoderFeatures(
                EncoderRecipe(options.Encoder!, options.MaxLength, options.Settings, options.Pool.Threads), Encoders, run, progress)
            {
                OnPlan = onPlan,
                Share = StageShare.Of(group),
            },
            _ => new GradientFeatures(RecipeOf<GradientFeatureOptions>(options), run, progress)
            {
                OnPlan = onPlan,
                Share = StageShare.Of(group),
                Chosen = pool => ChosenOf(options.Budget, pool),
                TowardTarget = options is { Method: GtpSelector.Name, Targets.Count: > 0, Quotas.Count: 0 }
                    ? (GtpOptions)MethodOptions.Read(method, options.Settings)
                    : null,
            },
        };
    }

    /// <summary>Examples a budget buys, for a plan; 0, unknown, where it counts tokens.</summary>
    public static int ChosenOf(Budget budget, Pool pool) =>
        budget.Unit == BudgetUnit.Rows ? (int)Math.Min(pool.Count, budget.Resolve(pool.Count)) : 0;

    /// <summary>The same source for looking back at a finished selection: it opens what was made and computes nothing.</summary>
    /// <exception cref="PursuitException">What says how they were made is gone.</exception>
    public static IFeatureSource? FinishedSource(SelectJobOptions options, RunDirectory run)
    {
        var method = MethodRegistry.Find(options.Method);
        if (!options.ComputesFeatures || !method.Needs.ReadsFeatures()) return null;
        var directory = options.FeaturesRun ?? run.FullPath;
        if (FeatureSources.IsRun(directory))
            return FeatureSources.Finished(FeatureSources.KindIn(directory, method, options.On?.Kind), directory, run, Lent(options));
        var recipe = options.KindFor(method) switch
        {
            FeatureKind.Embedding => EmbeddingOptions.RecipeName,
            FeatureKind.Encoder => EncoderOptions.RecipeName,
            _ => GradientFeatureOptions.RecipeName,
        };
        throw PursuitException.At(
            Path.Combine(directory, recipe), "no such file", "how the selection's features were made",
            "Run the command that made them again: what is whole of them is reused.");
    }

    private static FeatureRecipe<TOptions> RecipeOf<TOptions>(SelectJobOptions options)
        where TOptions : IFeatureOptions, new() =>
        Recipe<TOptions>(options.ModelDirectory, options.MaxLength, options.TemplateSettings, options.Settings, options.Pool.Threads) with
        {
            Device = CommonOptions.DeviceOf(options.Device),
        };

    private static LentFeatures Lent(SelectJobOptions options) => new()
    {
        Model = options.ModelDirectory,
        Encoder = options.Encoder,
        Encoders = Encoders,
        Threads = options.Pool.Threads,
        Device = CommonOptions.DeviceOf(options.Device),
    };
}
