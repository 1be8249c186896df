using System.CommandLine;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Cli.Commands;

/// <summary>How commands read the options of gradient features.</summary>
internal static class FeatureCommandOptions
{
    public static Option<string[]> Set() => new("--set")
    {
        Description = "An option of a method or of the features, as NAME.OPTION=VALUE; see 'pursuit methods NAME' and 'pursuit methods features'.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    /// <summary>What the command line says of gradient features.</summary>
    /// <exception cref="PursuitException">An option is unknown or out of range, or there is no model.</exception>
    public static FeatureRecipe Recipe(string? model, int maxLength, IReadOnlyList<string> settings, int threads)
    {
        var options = new GradientFeatureOptions();
        MethodOptions.Fill(options, GradientFeatureOptions.Name, settings);
        options.Validate();
        if (maxLength < 8) throw PursuitException.At("--max-length", $"{maxLength}", "at least 8");
        return new FeatureRecipe { Model = CommonOptions.ModelDirectory(model), MaxLength = maxLength, Options = options, Threads = threads };
    }

    /// <summary>The source of a selection's features: another run's where one is named, else made within the run; null where they were brought along.</summary>
    public static GradientFeatures? Source(SelectJobOptions options, RunDirectory run, IProgress<WorkProgress> progress) =>
        !options.ComputesFeatures ? null
        : options.FeaturesRun is { } shared ? GradientFeatures.Shared(shared, run, options.ModelDirectory, options.Pool.Threads, progress)
        : new GradientFeatures(RecipeOf(options), run, progress) { OnPlan = PlanPrinter.Print, Chosen = pool => ChosenOf(options.Budget, pool) };

    /// <summary>Examples a budget buys, for a plan; 0, unknown, where it counts tokens.</summary>
    public static int ChosenOf(Budget budget, Pool pool) => budget.Unit == BudgetUnit.Rows ? (int)Math.Min(pool.Count, budget.Resolve(pool.Count)) : 0;

    /// <summary>The same source for looking back at a finished selection: it opens what was made and computes nothing.</summary>
    public static GradientFeatures? FinishedSource(SelectJobOptions options, RunDirectory run) =>
        !options.ComputesFeatures || !FeatureRecipe.IsIn(options.FeaturesRun ?? run.FullPath) ? null
        : GradientFeatures.Finished(options.FeaturesRun ?? run.FullPath, run, options.ModelDirectory);

    private static FeatureRecipe RecipeOf(SelectJobOptions options) => Recipe(options.ModelDirectory, options.MaxLength, options.Settings, options.Pool.Threads);
}
