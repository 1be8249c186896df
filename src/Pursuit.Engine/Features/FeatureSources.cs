using Pursuit.Distribution;
using Pursuit.Engine.Kernels;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Features;

/// <summary>Finds the source of the features that a method reads.</summary>
internal static class FeatureSources
{
    /// <summary>True where a directory is a run with features of some kind.</summary>
    public static bool IsRun(string directory) =>
        Enum.GetValues<FeatureKind>().Any(kind => IsIn(directory, kind));

    /// <summary>
    /// The kind of a run's features that serves a method: what was asked for, else the method's own. A method that compares embeddings
    /// takes an encoder's vectors or gradients where there is nothing else.
    /// </summary>
    /// <param name="directory">The run.</param>
    /// <param name="method">The method.</param>
    /// <param name="asked">What was asked for; null for the method's own.</param>
    /// <exception cref="PursuitException">The run has none that will do.</exception>
    public static FeatureKind KindIn(string directory, MethodDescriptor method, FeatureKind? asked)
    {
        var own = asked ?? method.Needs.OwnKind();
        FeatureKind[] will =
        [
            own,
            // A method that compares embeddings takes what else there is.
            .. asked is null && own == FeatureKind.Embedding
                ? new[] { FeatureKind.Encoder, FeatureKind.Gradient }.Where(method.Takes)
                : [],
        ];
        foreach (var kind in will)
        {
            if (IsIn(directory, kind)) return kind;
        }

        var there = Enum.GetValues<FeatureKind>().Where(kind => IsIn(directory, kind)).ToArray();
        throw PursuitException.At(
            directory,
            there.Length > 0 ? $"a run with {string.Join(" and ", there.Select(Words))} alone" : "no features",
            $"a run with {string.Join(" or ", will.Select(Words))}",
            asked is null && method.TakesAnyVectors && there.Length > 0
                ? $"Run {ApiName.ModelFeatures}, or compare its {Words(there[0])} with {ApiName.On} {Representation.WordFor(there[0])}."
                : $"Run {ApiName.ModelFeatures}, or leave {ApiName.Features} away to compute them.");
    }

    /// <summary>A method as a proof tries it, on the features that a run lends it.</summary>
    /// <exception cref="PursuitException">The run has none that will do.</exception>
    public static ProofMethod Lent(string directory, ProofMethod method) => method.Needs.ReadsFeatures()
        ? method.Compares(KindIn(directory, MethodRegistry.Find(method.Name), method.On?.Kind))
        : method;

    private static bool IsIn(string directory, FeatureKind kind) => kind switch
    {
        FeatureKind.Embedding => FeatureRecipe.IsIn<EmbeddingOptions>(directory),
        FeatureKind.Encoder => FeatureRecipe.IsIn<EncoderOptions>(directory),
        _ => FeatureRecipe.IsIn<GradientFeatureOptions>(directory),
    };

    private static string Words(FeatureKind kind) => kind switch
    {
        FeatureKind.Embedding => "embeddings",
        FeatureKind.Encoder => "an encoder's vectors",
        _ => "gradient features",
    };

    /// <summary>Where a run's probe model is, as its recipe says; null for a run with an encoder's vectors alone.</summary>
    /// <exception cref="PursuitException">The run has no features, its recipe can't be read, or the model isn't there any more.</exception>
    public static string? ModelOf(string directory)
    {
        if (FeatureRecipe.IsIn<EncoderOptions>(directory) && !HasProbe(directory)) return null;
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
    public static IReadOnlyList<string> TemplateSettingsOf(string directory) =>
        FeatureRecipe.IsIn<EmbeddingOptions>(directory) ? FeatureRecipe.Read<EmbeddingOptions>(directory).TemplateSettings
        : FeatureRecipe.IsIn<GradientFeatureOptions>(directory) ? FeatureRecipe.Read<GradientFeatureOptions>(directory).TemplateSettings
        : [];

    private static bool HasProbe(string directory) =>
        IsIn(directory, FeatureKind.Embedding) || IsIn(directory, FeatureKind.Gradient);

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
        kind switch
        {
            FeatureKind.Embedding => EmbeddingFeatures.Shared(directory, run, lent, share, progress),
            FeatureKind.Encoder => EncoderFeatures.Shared(directory, run, lent, share, progress),
            _ => GradientFeatures.Shared(directory, run, lent, share, progress),
        };

    /// <summary>What finished runs made, to be looked at; nothing is computed.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="directory">The run with the pool's features.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="lent">Where the model is now, and where it computed.</param>
    /// <exception cref="PursuitException">The run holds no such features.</exception>
    public static IFeatureSource Finished(FeatureKind kind, string directory, RunDirectory run, LentFeatures lent) =>
        kind switch
        {
            FeatureKind.Embedding => EmbeddingFeatures.Finished(directory, run, lent),
            FeatureKind.Encoder => EncoderFeatures.Finished(directory, run, lent),
            _ => GradientFeatures.Finished(directory, run, lent),
        };
}

/// <summary>With what targets are made beside the features of another run, where that run's recipe leaves it open.</summary>
internal sealed record LentFeatures
{
    /// <summary>Where its model is now; null where it was.</summary>
    public string? Model { get; init; }

    /// <summary>Where its sentence encoder is now; null where it was.</summary>
    public string? Encoder { get; init; }

    /// <summary>Reads sentence encoders; null where nothing does.</summary>
    public IEncoderLoader? Encoders { get; init; }

    /// <summary>What reads the encoder of a run.</summary>
    /// <exception cref="PursuitException">Nothing does.</exception>
    public IEncoderLoader Loader(string directory) => Encoders
        ?? throw PursuitException.At(directory, "an encoder's vectors, and nothing here that reads encoders", "a loader of encoders");

    /// <summary>Threads to compute with.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the model computes.</summary>
    public Device Device { get; init; } = Device.Cpu;
}
