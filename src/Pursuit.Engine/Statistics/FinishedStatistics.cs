using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Statistics;

/// <summary>Token statistics that a finished run made, for looking back at its selection: it opens them and computes nothing.</summary>
/// <remarks>
/// The selection's own fingerprint then says whether they are those it was made of: what is asked of a model isn't looked at again,
/// so the model may be gone.
/// </remarks>
internal sealed class FinishedStatistics : IStatisticsSource
{
    private readonly StatisticsRecipe _recipe;
    private readonly RunDirectory _run;

    private FinishedStatistics(StatisticsRecipe recipe, RunDirectory run) => (_recipe, _run) = (recipe, run);

    /// <summary>A run's statistics; null where it holds none that are whole.</summary>
    /// <param name="recipe">With what they were made.</param>
    /// <param name="needs">Which are wanted.</param>
    /// <param name="run">The run.</param>
    public static FinishedStatistics? Find(StatisticsRecipe recipe, FeatureNeeds needs, RunDirectory run)
    {
        var stages = new List<string>();
        if (needs.HasFlag(FeatureNeeds.TokenStatistics))
            stages.AddRange(recipe.Model is null ? [DataProbes.StageName(0), DataProbes.StageName(1)] : [StatisticsSource.ModelStage]);
        if (needs.HasFlag(FeatureNeeds.ReferenceStatistics)) stages.Add(StatisticsSource.ReferenceStage);
        if (needs.HasFlag(FeatureNeeds.JudgeAnswers)) stages.Add(Judge.StageName);
        if (needs.HasFlag(FeatureNeeds.GradientVariances)) stages.Add(GradientVariances.StageName);
        if (needs.HasFlag(FeatureNeeds.TrajectoryStatistics)) stages.AddRange(CheckpointStages(recipe));
        return stages.All(name => RunStage.Finished(run.FullPath, name) is not null) ? new FinishedStatistics(recipe, run) : null;
    }

    /// <inheritdoc/>
    public ComputedStatistics OfPool(Pool pool, bool answersAlone, CancellationToken cancellationToken) => _recipe.Model is null
        ? OfProbes(pool, cancellationToken)
        : OfModel(StatisticsSource.ModelStage, pool);

    /// <inheritdoc/>
    public ComputedStatistics OfReference(Pool pool, CancellationToken cancellationToken) => OfModel(StatisticsSource.ReferenceStage, pool);

    /// <inheritdoc/>
    public ComputedAnswers OfJudge(Pool pool, AskLlmOptions options, CancellationToken cancellationToken) =>
        Judge.Read(Stage(Judge.StageName), pool.Count);

    /// <inheritdoc/>
    public ComputedTrajectory OfTrajectory(Pool pool, CancellationToken cancellationToken) =>
        TrajectoryStatistics.Join([.. CheckpointStages(_recipe).Select(name => OfModel(name, pool))]);

    /// <inheritdoc/>
    public ComputedVariances OfGradientVariances(Pool pool, CancellationToken cancellationToken) =>
        GradientVariances.Read(Stage(GradientVariances.StageName), pool.Count);

    private static IEnumerable<string> CheckpointStages(StatisticsRecipe recipe) =>
        Enumerable.Range(0, recipe.Warmup.Checkpoints).Select(TrajectoryStatistics.StageName);

    private ComputedStatistics OfModel(string name, Pool pool)
    {
        var stage = Stage(name);
        var (statistics, report) = TokenStatisticsMaker.Open(stage, pool.Count);
        return new ComputedStatistics(statistics, stage.Fingerprint, report);
    }

    private ComputedStatistics OfProbes(Pool pool, CancellationToken cancellationToken)
    {
        var split = CrossFit.Split(pool, _recipe.Options.CommonSlice, _recipe.Seed, _recipe.Threads, null, cancellationToken);
        var stores = new List<ITokenStatistics>();
        var fingerprint = DataProbes.NewFingerprint();
        StatisticsReport? report = null;
        for (var probe = 0; probe < split.Halves.Length; probe++)
        {
            var stage = Stage(DataProbes.StageName(probe));
            var (statistics, made) = TokenStatisticsMaker.Open(stage, split.ScoredBy(probe).Count);
            stores.Add(statistics);
            DataProbes.AddProbe(fingerprint, probe, stage.Fingerprint);
            report = report?.With(made) ?? made;
        }

        return new ComputedStatistics(
            new CrossFittedStatistics(pool.Count, stores, [split.ScoredBy(0), split.ScoredBy(1)]), fingerprint.Hash, report!);
    }

    private RunStage Stage(string name) => RunStage.Finished(_run.FullPath, name)
        ?? throw PursuitException.At(
            _run.FullPath, $"no finished stage '{name}'", "the statistics the selection was made of", "Run the selection again.");
}
