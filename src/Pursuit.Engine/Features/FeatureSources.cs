using Pursuit.Distribution;
using Pursuit.Engine.Kernels;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Features;

/// <summary>Kinds of dense features a probe model gives.</summary>
internal enum FeatureKind
{
    /// <summary>Gradient trajectories.</summary>
    Gradient,

    /// <summary>Embeddings.</summary>
    Embedding,
}

/// <summary>Finds the source of the features that a method reads.</summary>
internal static class FeatureSources
{
    /// <summary>The kind a method reads.</summary>
    public static FeatureKind KindOf(FeatureNeeds needs) =>
        needs.HasFlag(FeatureNeeds.PoolEmbeddings) ? FeatureKind.Embedding : FeatureKind.Gradient;

    /// <summary>True where a directory is a run with features of some kind.</summary>
    public static bool IsRun(string directory) =>
        FeatureRecipe.IsIn<GradientFeatureOptions>(directory) || FeatureRecipe.IsIn<EmbeddingOptions>(directory);

    /// <summary>
    /// The kind of a run's features that serves a method: a method that compares embeddings takes gradients where there is nothing else.
    /// </summary>
    /// <param name="directory">The run.</param>
    /// <param name="needs">The method's needs.</param>
    /// <exception cref="PursuitException">The run has none that will do.</exception>
    public static FeatureKind KindIn(string directory, FeatureNeeds needs)
    {
        if (KindOf(needs) == FeatureKind.Embedding && FeatureRecipe.IsIn<EmbeddingOptions>(directory)) return FeatureKind.Embedding;
        return FeatureRecipe.IsIn<GradientFeatureOptions>(directory)
            ? FeatureKind.Gradient
            : throw PursuitException.At(
                directory,
                FeatureRecipe.IsIn<EmbeddingOptions>(directory) ? "a run with embeddings alone" : "no features",
                KindOf(needs) == FeatureKind.Gradient ? "a run with gradient features" : "a run with embeddings or gradient features",
                $"Run {ApiName.ModelFeatures}, or leave {ApiName.Features} away to compute them.");
    }

    /// <summary>Where a run's probe model is, as its recipe says.</summary>
    /// <exception cref="PursuitException">The run has no features, its recipe can't be read, or the model isn't there any more.</exception>
    public static string ModelOf(string directory)
    {
        var model = FeatureRecipe.IsIn<EmbeddingOptions>(directory)
            ? FeatureRecipe.Read<EmbeddingOptions>(directory).Model
            : FeatureRecipe.Read<GradientFeatureOptions>(directory).Model;
        return Directory.Exists(model)
            ? model
            : throw PursuitException.At(
                directory,
                $"features made with the model in {model}, where no directory is now",
                "the same model",
                $"If it has moved, give {ApiName.Model} with its new place.");
    }

    /// <summary>The variables for the chat template that a run's features were made with, as its recipe says.</summary>
    /// <exception cref="PursuitException">The run has no features, or its recipe can't be read.</exception>
    public static IReadOnlyList<string> TemplateSettingsOf(string directory) => FeatureRecipe.IsIn<EmbeddingOptions>(directory)
        ? FeatureRecipe.Read<EmbeddingOptions>(directory).TemplateSettings
        : FeatureRecipe.Read<GradientFeatureOptions>(directory).TemplateSettings;

    /// <summary>The pool's features of another run, which stays as it is; targets are made in this one.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="directory">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    /// <param name="lent">With what targets are made.</param>
    /// <param name="share">What of the targets' features this process makes.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The other run holds no such features.</exception>
    public static IFeatureSource Shared(
        FeatureKind kind, string directory, RunDirectory run, LentFeatures lent, StageShare share, IProgress<WorkProgress>? progress) =>
        kind == FeatureKind.Embedding
            ? EmbeddingFeatures.Shared(directory, run, lent, share, progress)
            : GradientFeatures.Shared(directory, run, lent, share, progress);

    /// <summary>What finished runs made, to be looked at; nothing is computed.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="directory">The run with the pool's features.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="lent">Where the model is now, and where it computed.</param>
    /// <exception cref="PursuitException">The run holds no such features.</exception>
    public static IFeatureSource Finished(FeatureKind kind, string directory, RunDirectory run, LentFeatures lent) =>
        kind == FeatureKind.Embedding
        ? EmbeddingFeatures.Finished(directory, run, lent)
        : GradientFeatures.Finished(directory, run, lent);
}

/// <summary>With what targets are made beside the features of another run, where that run's recipe leaves it open.</summary>
internal sealed record LentFeatures
{
    /// <summary>Where its model is now; null where it was.</summary>
    public string? Model { get; init; }

    /// <summary>Threads to compute with.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the model computes.</summary>
    public Device Device { get; init; } = Device.Cpu;
}
