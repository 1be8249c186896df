using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// Token statistics within a run: by a model that is given, or by two data probes that are trained from scratch. Every part is a
/// stage: kept while what it depends on is unchanged, continued after a kill.
/// </summary>
public sealed class StatisticsSource : IStatisticsSource
{
    private readonly StatisticsRecipe _recipe;
    private readonly RunDirectory _run;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>The stage with a model's statistics of the pool.</summary>
    internal const string ModelStage = "token-statistics";

    /// <summary>The stage with a reference model's.</summary>
    internal const string ReferenceStage = "reference-statistics";

    /// <summary>Prepares the source.</summary>
    /// <param name="recipe">With what.</param>
    /// <param name="run">Gets the statistics.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public StatisticsSource(StatisticsRecipe recipe, RunDirectory run, IProgress<WorkProgress>? progress = null)
    {
        recipe.Options.Validate();
        (_recipe, _run, _progress) = (recipe, run, progress);
    }

    /// <inheritdoc/>
    public ComputedStatistics OfPool(Pool pool, bool answersAlone, CancellationToken cancellationToken)
    {
        if (_recipe.Model is { } model) return OfModel(model, ModelStage, pool, answersAlone, "scoring tokens", cancellationToken);
        return answersAlone
            ? throw PursuitException.At(
                ApiName.Model,
                "none, and probes trained on plain text know no questions and answers",
                "a model with a chat template",
                $"Give {ApiName.Model}.")
            : new DataProbes(_recipe, _run, _progress).Score(pool, cancellationToken);
    }

    /// <inheritdoc/>
    public ComputedStatistics OfReference(Pool pool, CancellationToken cancellationToken) => _recipe.ReferenceModel is { } reference
        ? OfModel(reference, ReferenceStage, pool, false, "scoring tokens by the reference", cancellationToken)
        : throw PursuitException.At(ApiName.ReferenceModel, "none", "a model directory");

    /// <inheritdoc/>
    public ComputedAnswers OfJudge(Pool pool, AskLlmOptions options, CancellationToken cancellationToken) => _recipe.Model is { } model
        ? new Judge(model, _recipe, options).Ask(_run, pool, _progress, cancellationToken)
        : throw PursuitException.At(ApiName.Model, "none", "a model that follows instructions, to be asked about every example");

    /// <inheritdoc/>
    public ComputedTrajectory OfTrajectory(Pool pool, CancellationToken cancellationToken) => _recipe.Model is { } model
        ? new TrajectoryStatistics(model, _recipe).Score(_run, pool, _progress, cancellationToken)
        : throw PursuitException.At(ApiName.Model, "none", "a model to train a little on the pool and to score with at every checkpoint");

    /// <inheritdoc/>
    public ComputedVariances OfGradientVariances(Pool pool, CancellationToken cancellationToken) => _recipe.Model is { } model
        ? new GradientVariances(WarmedModel.Open(model, _recipe), _recipe).Measure(_run, pool, _progress, cancellationToken)
        : throw PursuitException.At(ApiName.Model, "none", "a model to train a little on the pool, whose gradients are compared");

    private ComputedStatistics OfModel(
        string directory, string name, Pool pool, bool answersAlone, string work, CancellationToken cancellationToken)
    {
        var model = ScoringModel.Open(directory, _recipe, asText: false);
        var fingerprint = model.AddTo(
            new Fingerprint("token-statistics/1").Add("pool", pool.Fingerprint).Add("answers-alone", answersAlone.ToString()));
        var stage = _run.OpenStage(name, fingerprint, TokenStatisticsStore.IsShard);
        var (statistics, report) = new TokenStatisticsMaker(
            model,
            answersAlone,
            _recipe.Threads,
            _progress)
        { OnDamage = _run.OnDamage }.Run(stage, pool, [.. Enumerable.Range(0, pool.Count)], work, cancellationToken);
        return new ComputedStatistics(statistics, fingerprint.Hash, report);
    }
}

/// <summary>With what a run's token statistics are made.</summary>
public sealed record StatisticsRecipe
{
    /// <summary>The model that scores; null trains data probes.</summary>
    public string? Model { get; init; }

    /// <summary>The model whose losses are compared; null for none.</summary>
    public string? ReferenceModel { get; init; }

    /// <summary>Tokens an example is cut to.</summary>
    public int MaxLength { get; init; } = 1 << 20;

    /// <summary>Variables for the models' chat templates, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>Windows and probes.</summary>
    public ProbeOptions Options { get; init; } = new();

    /// <summary>How a model is trained whose checkpoints score, for measures along a training.</summary>
    public GradientFeatureOptions Warmup { get; init; } = new();

    /// <summary>Seed of the halves and the probes.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads; no number depends on them.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where models compute.</summary>
    public Device Device { get; init; } = Device.Cpu;
}
