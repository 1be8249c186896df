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
    private readonly StatisticsRecipe _recipe;
    private readonly WarmedModel _model;
    private readonly ScoringModel _scoring;

    /// <summary>Opens the model.</summary>
    /// <param name="model">Its directory.</param>
    /// <param name="recipe">How it is trained, and with what it scores.</param>
    /// <exception cref="PursuitException">An option is out of range, a file of the model is missing, or there is no trajectory.</exception>
    public TrajectoryStatistics(string model, StatisticsRecipe recipe)
    {
        _recipe = recipe;
        _model = WarmedModel.Open(model, recipe);
        _scoring = ScoringModel.Open(model, recipe, asText: false);
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
        var warmed = _model.Train(run, pool, progress, cancellationToken);
        var trajectory = warmed.Trajectory;
        var made = new List<ComputedStatistics>();
        try
        {
            for (var t = 0; t < trajectory.Checkpoints.Count; t++)
            {
                var (name, path) = (trajectory.Checkpoints[t].Name, warmed.PathOf(t));
                var fingerprint = _scoring.AddTo(new Fingerprint("trajectory-statistics/1").Add("pool", pool.Fingerprint)
                    .Add("warm-up", warmed.Fingerprint).Add("checkpoint", name));
                var stage = run.OpenStage(StageName(t), fingerprint, TokenStatisticsStore.IsShard);
                var (statistics, report) = new TokenStatisticsMaker(_scoring, answersAlone: false, _recipe.Threads, progress)
                {
                    OnDamage = run.OnDamage,
                    Load = () => LoadedModel.At(_model.Probe, path),
                }.Run(stage, pool, [.. Enumerable.Range(0, pool.Count)], $"scoring tokens at {name}", cancellationToken);
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
