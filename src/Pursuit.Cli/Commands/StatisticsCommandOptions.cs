using System.CommandLine;
using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Statistics;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Cli.Commands;

/// <summary>How commands read the options of token statistics.</summary>
internal static class StatisticsCommandOptions
{
    public static Option<string?> ReferenceModel() =>
        CommonOptions.Model("--reference-model", "A second model, whose losses 'loss-discrepancy' compares with the first one's.");

    /// <summary>
    /// True where a method reads token statistics that plain text gives, and no model was named for them: then probes are trained on
    /// the pool.
    /// </summary>
    public static bool TrainsProbes(string method, IReadOnlyList<string> settings, string? model) =>
        model is null
        && method != AutoOptions.Name
        && MethodRegistry.Find(method).NeedsWith(settings) is var needs
        && needs.HasFlag(FeatureNeeds.TokenStatistics)
        && !needs.HasFlag(FeatureNeeds.AnswerStatistics);

    /// <summary>The source of a selection's token statistics.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range.</exception>
    public static StatisticsSource Source(SelectJobOptions options, RunDirectory run, IProgress<WorkProgress> progress) =>
        new(Recipe(options), run, progress);

    /// <summary>The same statistics for looking back at a finished selection; null where its method reads none, or they are gone.</summary>
    public static IStatisticsSource? FinishedSource(SelectJobOptions options, RunDirectory run)
    {
        var needs = MethodRegistry.Find(options.Method).NeedsWith(options.Settings);
        return needs.ReadsStatistics() ? FinishedStatistics.Find(Recipe(options), needs, run) : null;
    }

    /// <summary>The options of the probes.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range.</exception>
    public static ProbeOptions Options(IReadOnlyList<string> settings)
    {
        var options = new ProbeOptions();
        MethodOptions.Fill(options, MethodOptions.ProbeOwner, settings);
        options.Validate();
        return options;
    }

    private static StatisticsRecipe Recipe(SelectJobOptions options) => new()
    {
        Model = options.TrainsProbes ? null : options.ModelDirectory,
        ReferenceModel = options.ReferenceModel,
        MaxLength = options.MaxLength,
        TemplateSettings = options.TemplateSettings,
        Options = Options(options.Settings),
        Warmup = FeatureCommandOptions.Options<GradientFeatureOptions>(options.Settings),
        Seed = options.Seed,
        Threads = options.Pool.Threads,
        Device = CommonOptions.DeviceOf(options.Device),
    };
}
