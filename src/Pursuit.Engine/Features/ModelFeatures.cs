using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Features;

/// <summary>
/// Features that a probe model gives of examples: a store of the pool's, then one of each target's. Every part is a stage of a run:
/// kept while what it depends on is unchanged, continued after a kill.
/// </summary>
/// <typeparam name="TOptions">The options of the kind of feature.</typeparam>
public abstract class ModelFeatures<TOptions> : IFeatureSource
    where TOptions : IFeatureOptions
{
    private readonly Lazy<ProbeModel> _probe;

    private protected ModelFeatures(FeatureRecipe<TOptions> recipe, FeatureStages stages, IProgress<WorkProgress>? progress)
    {
        recipe.Options.Validate();
        (Recipe, Stages, Progress) = (recipe, stages, progress);
        _probe = new Lazy<ProbeModel>(() => ProbeModel.Open(recipe));
    }

    /// <summary>Told beforehand what a pool's features will cost, where they aren't made yet.</summary>
    internal Action<CostPlan>? OnPlan { get; init; }

    /// <summary>Examples that will be chosen, for the plan; 0: features alone.</summary>
    public Func<Pool, int> Chosen { get; init; } = _ => 0;

    /// <summary>
    /// True (default) where features made otherwise, which the run holds, give way to these; false refuses before anything is changed.
    /// </summary>
    public bool Replaces { get; init; } = true;

    /// <summary>What of the features this process makes; all where nothing else is said.</summary>
    internal StageShare Share { get; init; } = StageShare.Whole;

    private protected FeatureRecipe<TOptions> Recipe { get; }

    private protected FeatureStages Stages { get; }

    private protected IProgress<WorkProgress>? Progress { get; }

    private protected ProbeModel Probe => _probe.Value;

    /// <summary>The names of the stages that hold the stores.</summary>
    private protected abstract (string OfPool, string OfTarget) Names { get; }

    /// <summary>What a target lacks whose features are all zero, and what it should have.</summary>
    private protected abstract (string Lacking, string Expected) Nothing { get; }

    /// <inheritdoc/>
    public abstract FeatureKind Kind { get; }

    /// <inheritdoc/>
    public virtual (int Blocks, int Dimension)? Shape => null;

    /// <inheritdoc/>
    public ComputedFeatures OfPool(Pool pool, CancellationToken cancellationToken)
    {
        Begin(pool, cancellationToken);
        return Open(Names.OfPool, pool, pool, "the pool", cancellationToken);
    }

    /// <inheritdoc/>
    public FeatureReport? MakeShare(Pool pool, CancellationToken cancellationToken)
    {
        Begin(pool, cancellationToken);
        return Make(Names.OfPool, pool, pool, "the pool", cancellationToken).Report;
    }

    /// <inheritdoc/>
    public ComputedFeatures OfTarget(Pool pool, Pool target, CancellationToken cancellationToken)
    {
        var made = Open(Names.OfTarget, pool, target, "the target", cancellationToken);
        if (made.Report.ZeroRows < target.Count) return made;
        made.Features.Dispose();
        throw PursuitException.At(
            string.Join(", ", target.Sources.Select(s => s.Path)),
            $"{target.Count:N0} examples, none with {Nothing.Lacking}",
            Nothing.Expected,
            $"Look at them with {ApiName.DatasetAudit}.");
    }

    private void Begin(Pool pool, CancellationToken cancellationToken)
    {
        var fingerprint = Identify(pool, pool); // what is wrong with the model is told before the run gets a recipe that names it
        Share.InTurn(
            () =>
            {
                if (!Replaces) Stages.RefuseOthers(Names.OfPool, fingerprint);
                Stages.Keep(Recipe);
                return true;
            },
            cancellationToken);
        if (OnPlan is not null && !Stages.Borrows && !Stages.Has(Names.OfPool)) OnPlan(Plan(pool, cancellationToken));
    }

    /// <summary>A run's recipe, for use elsewhere.</summary>
    private protected static FeatureRecipe<TOptions> Lent(string directory, LentFeatures lent)
    {
        var recipe = FeatureRecipe.Read<TOptions>(directory);
        return recipe with { Model = lent.Model ?? recipe.Model, Threads = lent.Threads, Device = lent.Device };
    }

    private protected abstract CostPlan Plan(Pool pool, CancellationToken cancellationToken);

    /// <summary>Everything a store of some examples depends on.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="examples">Whose store: the pool or a target.</param>
    private protected abstract Fingerprint Identify(Pool pool, Pool examples);

    /// <summary>
    /// Makes what comes before a store; gives the store's maker, which gives null where other processes have shards still to make.
    /// </summary>
    /// <param name="pool">The pool.</param>
    /// <param name="examples">Whose store: the pool or a target.</param>
    /// <param name="fingerprint">What it depends on.</param>
    /// <param name="cancellationToken">Stops what comes before.</param>
    private protected abstract Func<RunStage, string, FeatureReport?> Prepare(
        Pool pool, Pool examples, Fingerprint fingerprint, CancellationToken cancellationToken);

    /// <summary>What the examples lost, where a finished stage tells it.</summary>
    /// <exception cref="PursuitException">What it kept of them is damaged.</exception>
    private protected virtual ExampleLosses? LossesOf(RunStage stage, int rows, FeatureReport report) => null;

    private ComputedFeatures Open(string name, Pool pool, Pool examples, string what, CancellationToken cancellationToken)
    {
        var (stage, fingerprint, report) = Make(name, pool, examples, what, cancellationToken);
        if (report is null)
            throw PursuitException.At(
                stage.FullPath,
                "shards that other tasks have still to make",
                "all of them",
                $"Wait for the other tasks, or run the same command without {ApiName.Shard}, which makes what is missing.");
        ComputedFeatures? opened = null;
        PursuitException? fault = null;
        try
        {
            opened = Open(stage, fingerprint, report, examples, what, cancellationToken);
        }
        catch (PursuitException e) when (Stages.Makes(ReferenceEquals(pool, examples)))
        {
            fault = e;
            Stages.Tell(e.Message);
        }

        if (!Share.Any(fault is not null)) return opened!;
        opened?.Features.Dispose();
        report = Mend(stage, name, pool, examples, what, cancellationToken) ?? throw fault!;
        return Open(stage, fingerprint, report, examples, what, cancellationToken);
    }

    /// <summary>Opens a finished stage's store and what stands beside it; their sums are compared.</summary>
    private ComputedFeatures Open(
        RunStage stage, Fingerprint fingerprint, FeatureReport report, Pool examples, string what, CancellationToken cancellationToken)
    {
        var features = FeatureSource.Open(
            stage.PathOf(ShardLoop.StoreName), ExpectedRows.Of(examples, what), Share.Takes, cancellationToken);
        try
        {
            return new ComputedFeatures(features, fingerprint.Hash, report, LossesOf(stage, features.Rows, report));
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }

    /// <summary>Makes again what isn't whole: every part's sum is compared, and the others stay as they are.</summary>
    private FeatureReport? Mend(RunStage stage, string name, Pool pool, Pool examples, string what, CancellationToken cancellationToken)
    {
        Share.InTurn(
            () =>
            {
                if (!stage.Refresh()) return false;
                stage.Reopen();
                return true;
            },
            cancellationToken);
        return Make(name, pool, examples, what, cancellationToken).Report;
    }

    private (RunStage Stage, Fingerprint Fingerprint, FeatureReport? Report) Make(
        string name, Pool pool, Pool examples, string what, CancellationToken cancellationToken)
    {
        var fingerprint = Identify(pool, examples);
        var make = Prepare(pool, examples, fingerprint, cancellationToken);
        var stage = Share.InTurn(
            () => Stages.Open(name, fingerprint, ReferenceEquals(pool, examples), ShardLoop.IsPart), cancellationToken);
        return (stage, fingerprint, make(stage, what));
    }
}
