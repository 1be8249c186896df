using System.Globalization;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// Token statistics of a pool by every checkpoint of the warm-up that gradient features are taken along: the same stage where both are in
/// one run. A stage for each checkpoint.
/// </summary>
internal sealed class TrajectoryStatistics
{
    /// <summary>Checkpoints from which there is a trajectory.</summary>
    private const int LeastCheckpoints = 2;

    private readonly StatisticsRecipe _recipe;
    private readonly GradientProbe _probe;
    private readonly ScoringModel _scoring;

    /// <summary>Opens the model.</summary>
    /// <param name="model">Its directory.</param>
    /// <param name="recipe">How it is trained, and with what it scores.</param>
    /// <exception cref="PursuitException">An option is out of range, a file of the model is missing, or there is no trajectory.</exception>
    public TrajectoryStatistics(string model, StatisticsRecipe recipe)
    {
        recipe.Warmup.Validate();
        if (recipe.Warmup.Checkpoints < LeastCheckpoints)
            throw PursuitException.At(
                "features.checkpoints", $"{recipe.Warmup.Checkpoints}", $"at least {LeastCheckpoints}: a measure along a training compares "
                + "its checkpoints");
        _recipe = recipe;
        _scoring = ScoringModel.Open(model, recipe, asText: false);
        _probe = GradientFeatures.Settle(
            ProbeModel.Open(new FeatureRecipe<GradientFeatureOptions>
            {
                Model = model,
                MaxLength = recipe.MaxLength,
                TemplateSettings = recipe.TemplateSettings,
                Options = recipe.Warmup,
                Threads = recipe.Threads,
                Device = recipe.Device,
            }),
            recipe.Warmup);
    }

    /// <summary>The stage of a checkpoint, counted from 0.</summary>
    public static string StageName(int checkpoint) =>
        string.Create(CultureInfo.InvariantCulture, $"trajectory-statistics-{checkpoint + 1}");

    /// <summary>Trains and scores, or reads what was made.</summary>
    /// <param name="run">Gets the stages.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Stops between groups of examples; what is finished stays.</param>
    /// <exception cref="PursuitException">The pool has nothing to learn, or a prediction isn't finite.</exception>
    public ComputedTrajectory Score(RunDirectory run, Pool pool, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var warmup = new Warmup(_probe, _recipe.Threads, progress) { OnDamage = damage => run.OnDamage?.Invoke(damage) };
        var warmedBy = warmup.Fingerprint(pool, _probe.Model.Encoder);
        var trained = run.OpenStage(GradientFeatures.WarmupName, warmedBy);
        var trajectory = warmup.Run(trained, pool, _probe.Model.Encoder, cancellationToken);
        var made = new List<ComputedStatistics>();
        try
        {
            for (var t = 0; t < trajectory.Checkpoints.Count; t++)
            {
                var point = trajectory.Checkpoints[t];
                var fingerprint = _scoring.AddTo(new Fingerprint("trajectory-statistics/1").Add("pool", pool.Fingerprint)
                    .Add("warm-up", warmedBy.Hash).Add("checkpoint", point.Name));
                var stage = run.OpenStage(StageName(t), fingerprint, TokenStatisticsStore.IsShard);
                var (statistics, report) = new TokenStatisticsMaker(_scoring, answersAlone: false, _recipe.Threads, progress)
                {
                    OnDamage = run.OnDamage,
                    Load = () => LoadedModel.At(
                        _probe, point.Directory is { } directory ? Path.Combine(trained.FullPath, directory) : null),
                }.Run(stage, pool, [.. Enumerable.Range(0, pool.Count)], $"scoring tokens at {point.Name}", cancellationToken);
                made.Add(new ComputedStatistics(statistics, fingerprint.Hash, report));
            }

            var joined = Join(made);
            return joined with
            {
                Report = joined.Report with
                {
                    ModelTokens = joined.Report.ModelTokens + trajectory.Tokens,
                    Seconds = joined.Report.Seconds + trajectory.Seconds,
                },
            };
        }
        catch
        {
            foreach (var statistics in made) statistics.Features.Dispose();
            throw;
        }
    }

    /// <summary>Checkpoints' statistics as one trajectory.</summary>
    public static ComputedTrajectory Join(IReadOnlyList<ComputedStatistics> checkpoints) => new(
        [.. checkpoints.Select(c => c.Features)],
        new Fingerprint("trajectory").Add("checkpoints", checkpoints.Select(c => c.Fingerprint)).Hash,
        checkpoints.Skip(1).Aggregate(checkpoints[0].Report, (all, c) => all.With(c.Report)) with
        {
            Models = checkpoints[0].Report.Models,
        });
}
