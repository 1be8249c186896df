using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Runs;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// A model for measures along a training: the warm-up that gradient features are taken along, the same stage where both are in one run.
/// </summary>
/// <param name="Probe">The model, and how it is trained.</param>
/// <param name="Threads">Threads; no number depends on them.</param>
internal sealed record WarmedModel(GradientProbe Probe, int Threads)
{
    /// <summary>Checkpoints from which there is a trajectory.</summary>
    private const int LeastCheckpoints = 2;

    /// <summary>Opens the model.</summary>
    /// <param name="model">Its directory.</param>
    /// <param name="recipe">How it is trained.</param>
    /// <exception cref="PursuitException">An option is out of range, a file of the model is missing, or there is no trajectory.</exception>
    public static WarmedModel Open(string model, StatisticsRecipe recipe)
    {
        recipe.Warmup.Validate();
        if (recipe.Warmup.Checkpoints < LeastCheckpoints)
            throw PursuitException.At(
                "features.checkpoints", $"{recipe.Warmup.Checkpoints}",
                $"at least {LeastCheckpoints}: a measure along a training compares its checkpoints");
        var probe = ProbeModel.Open(new FeatureRecipe<GradientFeatureOptions>
        {
            Model = model,
            MaxLength = recipe.MaxLength,
            TemplateSettings = recipe.TemplateSettings,
            Options = recipe.Warmup,
            Threads = recipe.Threads,
            Device = recipe.Device,
        });
        return new WarmedModel(GradientFeatures.Settle(probe, recipe.Warmup), recipe.Threads);
    }

    /// <summary>Trains, or reads what was trained.</summary>
    /// <param name="run">Gets the stage.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Stops between steps; the training continues later.</param>
    /// <exception cref="PursuitException">The pool has nothing to learn.</exception>
    public WarmedTrajectory Train(RunDirectory run, Pool pool, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var warmup = new Warmup(Probe, Threads, progress) { OnDamage = damage => run.OnDamage?.Invoke(damage) };
        var fingerprint = warmup.Fingerprint(pool, Probe.Model.Encoder);
        var stage = run.OpenStage(GradientFeatures.WarmupName, fingerprint);
        return new WarmedTrajectory(warmup.Run(stage, pool, Probe.Model.Encoder, cancellationToken), stage.FullPath, fingerprint.Hash);
    }
}
