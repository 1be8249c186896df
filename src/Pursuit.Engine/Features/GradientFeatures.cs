using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Models;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;

namespace Pursuit.Engine.Features;

/// <summary>Gradient trajectories from a probe model: a warm-up on the pool, then stores of projected gradients along it.</summary>
public sealed class GradientFeatures : ModelFeatures<GradientFeatureOptions>, IChoiceTrainer
{
    /// <summary>The stage with the warm-up.</summary>
    internal const string WarmupName = "warm-up";

    private const string KroneckerName = "kronecker";

    /// <summary>Parameters from which adapters are the default.</summary>
    private const long LargeModel = 200_000_000;

    private readonly Lazy<GradientProbe> _settled;
    private (Pool Pool, Fingerprint Fingerprint)? _warmedBy; // every id of the pool is in it, so it is made once

    /// <summary>Makes features within a run.</summary>
    /// <param name="recipe">With what.</param>
    /// <param name="run">Gets the warm-up and the stores.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public GradientFeatures(FeatureRecipe<GradientFeatureOptions> recipe, RunDirectory run, IProgress<WorkProgress>? progress = null)
        : this(recipe, FeatureStages.Own(run), progress)
    {
    }

    private GradientFeatures(FeatureRecipe<GradientFeatureOptions> recipe, FeatureStages stages, IProgress<WorkProgress>? progress)
        : base(recipe, stages, progress) => _settled = new Lazy<GradientProbe>(() => Settle(Probe, recipe.Options));

    /// <inheritdoc/>
    public override FeatureKind Kind => FeatureKind.Gradient;

    /// <inheritdoc/>
    public override (int Blocks, int Dimension)? Shape => (Math.Max(1, Recipe.Options.Checkpoints), Recipe.Options.Dimension);

    private protected override (string OfPool, string OfTarget) Names => ("pool-gradients", "target-gradients");

    private protected override (string Lacking, string Expected) Nothing =>
        ("a token to learn", $"at least one with an assistant's answer that fits in {ApiName.MaxLength}");

    /// <summary>Uses the finished warm-up and pool features of another run, which stays as it is; targets are made in this one.</summary>
    /// <param name="directory">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    /// <param name="lent">With what targets are made.</param>
    /// <param name="share">What of the targets' features this process makes.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The other run holds no gradient features.</exception>
    internal static GradientFeatures Shared(
        string directory, RunDirectory run, LentFeatures lent, StageShare share, IProgress<WorkProgress>? progress) =>
        new(Lent(directory, lent), FeatureStages.Borrowed(directory, run), progress) { Share = share };

    /// <summary>How gtp chooses with them toward a target, for the plan; null: another method, or no target.</summary>
    internal GtpOptions? TowardTarget { get; init; }

    /// <summary>Opens what finished runs made, and computes nothing.</summary>
    /// <param name="directory">The run with the warm-up and the pool's features.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="lent">Where the model is now, and where it computed.</param>
    /// <exception cref="PursuitException">The run holds no gradient features.</exception>
    internal static GradientFeatures Finished(string directory, RunDirectory run, LentFeatures lent) =>
        new(Lent(directory, lent), FeatureStages.Finished(directory, run), null);

    /// <summary>What a pool's features and a selection by them will cost.</summary>
    /// <param name="recipe">With what they are made.</param>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PursuitException">An option is out of range, or the model or the pool is unfit.</exception>
    internal static CostPlan Plan(
        FeatureRecipe<GradientFeatureOptions> recipe, Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        recipe.Options.Validate();
        return new GradientPlanner(Settle(ProbeModel.Open(recipe), recipe.Options), recipe.Threads).Plan(pool, request, cancellationToken);
    }

    /// <inheritdoc/>
    bool IChoiceTrainer.FollowsWarmup => _settled.Value.Options.Checkpoints > 0;

    /// <inheritdoc/>
    ITrainedGradients IChoiceTrainer.On(Pool pool, Pool target) =>
        new ChoiceTraining(
            _settled.Value,
            Stages,
            Recipe.Threads,
            Progress,
            pool,
            target,
            stop => _settled.Value.Options.Checkpoints == 0 ? null : Warmed(pool, CreateWarmup(), stop).Trajectory.LearningRate);

    private protected override CostPlan Plan(Pool pool, CancellationToken cancellationToken) =>
        new GradientPlanner(_settled.Value, Recipe.Threads).Plan(
            pool,
            new PlanRequest { Chosen = Chosen(pool), Pursuit = TowardTarget ?? new(), TowardTarget = TowardTarget is not null },
            cancellationToken);

    private protected override Fingerprint Identify(Pool pool, Pool examples)
    {
        var probe = _settled.Value;
        var fingerprint = probe.Options.AddTo(probe.Model.AddTo(new Fingerprint("gradients/1"), examples.Fingerprint)
            .Add("warm-up", WarmedBy(pool).Hash)
            .Add("side", probe.Options.Preconditioning == Preconditioning.Adam ? SideOf(pool, examples).ToString() : ""));
        return probe.Options.Preconditioning == Preconditioning.Kronecker
            ? fingerprint.Add("kronecker", CreateKronecker().Fingerprint(WarmedBy(pool), pool).Hash)
            : fingerprint;
    }

    private protected override Func<RunStage, string, FeatureReport?> Prepare(
        Pool pool, Pool examples, Fingerprint fingerprint, CancellationToken cancellationToken)
    {
        var probe = _settled.Value;
        var warmup = CreateWarmup();
        var (warmed, kronecker) = Share.InTurn(
            () =>
            {
                var made = Warmed(pool, warmup, cancellationToken);
                return (made, Kronecker(pool, made, cancellationToken));
            },
            cancellationToken);
        return (store, what) =>
            new GradientStoreMaker(
                probe,
                warmed,
                kronecker,
                SideOf(pool, examples),
                Recipe.Threads,
                Share,
                Progress).Run(store, examples, what, fingerprint.Hash, cancellationToken);
    }

    private protected override ExampleLosses LossesOf(RunStage stage, int rows, FeatureReport report) =>
        GradientStoreMaker.Losses(stage, rows, ((GradientReport)report).Checkpoints.Count);

    private static GradientSide SideOf(Pool pool, Pool examples) =>
        ReferenceEquals(pool, examples) ? GradientSide.Pool : GradientSide.Target;

    /// <summary>The factors of Kronecker preconditioning along a trajectory; null where another or none is asked for.</summary>
    private KroneckerStage? Kronecker(Pool pool, WarmedTrajectory warmed, CancellationToken cancellationToken)
    {
        if (_settled.Value.Options.Preconditioning != Preconditioning.Kronecker) return null;
        var factors = CreateKronecker();
        var stage = Stages.Open(KroneckerName, factors.Fingerprint(WarmedBy(pool), pool), ofPool: true);
        return new KroneckerStage(stage.FullPath, factors.Run(stage, pool, warmed, cancellationToken));
    }

    private KroneckerFactors CreateKronecker() => new(_settled.Value, Recipe.Threads, Progress);

    private Warmup CreateWarmup() => new(_settled.Value, Recipe.Threads, Progress) { OnDamage = Stages.Tell };

    /// <summary>The warm-up's checkpoints, trained where they aren't yet.</summary>
    private WarmedTrajectory Warmed(Pool pool, Warmup warmup, CancellationToken cancellationToken)
    {
        var stage = Stages.Open(WarmupName, WarmedBy(pool), ofPool: true);
        var trajectory = warmup.Run(stage, pool, _settled.Value.Model.Encoder, cancellationToken);
        return new WarmedTrajectory(trajectory, stage.FullPath, WarmedBy(pool).Hash);
    }

    private Fingerprint WarmedBy(Pool pool)
    {
        if (_warmedBy is not { } known || !ReferenceEquals(known.Pool, pool))
            _warmedBy = known = (pool, CreateWarmup().Fingerprint(pool, _settled.Value.Model.Encoder));
        return known.Fingerprint;
    }

    /// <summary>Settles which gradients, by the model's size where that is left open.</summary>
    internal static GradientProbe Settle(ProbeModel model, GradientFeatureOptions options)
    {
        var kind = options.Kind != GradientKind.Auto ? options.Kind
            : options.Preconditioning == Preconditioning.Kronecker ? GradientKind.Factored
            : new ParameterLayout(model.Config).Count >= LargeModel ? GradientKind.Lora
            : options.Preconditioning == Preconditioning.Adam ? GradientKind.Full : GradientKind.Factored;
        return new GradientProbe(model, options with { Kind = kind });
    }
}

/// <summary>A probe model and how its gradients are made; the kind is settled.</summary>
internal sealed record GradientProbe(ProbeModel Model, GradientFeatureOptions Options)
{
    /// <summary>What its weights are loaded for: a warm-up changes them unless adapters stand in for them.</summary>
    public WeightUse WeightUse => Options.Kind != GradientKind.Lora && Options.Checkpoints > 0 ? WeightUse.Change : WeightUse.Read;
}
