using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>
/// Gradient trajectories from a probe model: a warm-up, then a store of the pool's projected gradients, then one of each
/// target's. Every part is a stage of a run: kept while what it depends on is unchanged, continued after a kill.
/// </summary>
public sealed class GradientFeatures : IGradientSource
{
    private const string WarmupName = "warm-up";
    private const string PoolName = "pool-gradients";
    private const string TargetName = "target-gradients";

    /// <summary>Parameters from which adapters are the default.</summary>
    private const long LargeModel = 200_000_000;

    private readonly FeatureRecipe _recipe;
    private readonly RunDirectory _run;
    private readonly string? _shared;
    private readonly bool _finished;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly Lazy<Probe> _probe;

    /// <summary>Makes features within a run.</summary>
    /// <param name="recipe">With what.</param>
    /// <param name="run">Gets the warm-up and the stores.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public GradientFeatures(FeatureRecipe recipe, RunDirectory run, IProgress<WorkProgress>? progress)
        : this(recipe, run, null, false, progress)
    {
    }

    private GradientFeatures(FeatureRecipe recipe, RunDirectory run, string? shared, bool finished, IProgress<WorkProgress>? progress)
    {
        recipe.Options.Validate();
        (_recipe, _run, _shared, _finished, _progress) = (recipe, run, shared, finished, progress);
        _probe = new Lazy<Probe>(() => Probe.Open(recipe));
    }

    /// <summary>Uses the finished warm-up and pool features of another run, which stays as it is; targets are made in this one.</summary>
    /// <param name="directory">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    /// <param name="model">Where its model is now; null where it was.</param>
    /// <param name="threads">Threads to compute with.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The other run holds no gradient features.</exception>
    public static GradientFeatures Shared(string directory, RunDirectory run, string? model, int threads, IProgress<WorkProgress>? progress)
    {
        var recipe = FeatureRecipe.Read(directory);
        return new GradientFeatures(recipe with { Model = model ?? recipe.Model, Threads = threads }, run, directory, false, progress);
    }

    /// <summary>Opens what finished runs made, and computes nothing.</summary>
    /// <param name="directory">The run with the warm-up and the pool's features.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="model">Where the model is now; null where it was.</param>
    /// <exception cref="PursuitException">The run holds no gradient features.</exception>
    public static GradientFeatures Finished(string directory, RunDirectory run, string? model)
    {
        var recipe = FeatureRecipe.Read(directory);
        return new GradientFeatures(recipe with { Model = model ?? recipe.Model }, run, directory, true, null);
    }

    /// <summary>Told beforehand what a pool's features will cost, where they aren't made yet.</summary>
    public Action<CostPlan>? OnPlan { get; init; }

    /// <summary>Examples that will be chosen, for the plan; 0: features alone.</summary>
    public Func<Pool, int> Chosen { get; init; } = _ => 0;

    /// <summary>What a pool's features and a selection by them will cost.</summary>
    /// <param name="recipe">With what they are made.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="targetExamples">Examples of the target.</param>
    /// <param name="chosen">Examples to choose; 0: features alone.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PursuitException">An option is out of range, or the model or the pool is unfit.</exception>
    public static CostPlan Plan(FeatureRecipe recipe, Pool pool, int targetExamples, int chosen, CancellationToken cancellationToken)
    {
        recipe.Options.Validate();
        return new CostPlanner(Probe.Open(recipe), recipe.Threads).Plan(pool, targetExamples, chosen, cancellationToken);
    }

    /// <inheritdoc/>
    public ComputedGradients OfPool(Pool pool, CancellationToken cancellationToken)
    {
        var probe = _probe.Value;
        if (_shared is null) _recipe.Write(_run);
        if (_shared is null && OnPlan is not null && RunStage.Finished(_run.FullPath, PoolName) is null)
            OnPlan(new CostPlanner(probe, _recipe.Threads).Plan(pool, 0, Chosen(pool), cancellationToken));
        var (warmup, trajectory) = WarmUp(probe, pool, cancellationToken);
        return Open(PoolName, probe, pool, "the pool", GradientSide.Pool, warmup, trajectory, cancellationToken);
    }

    /// <inheritdoc/>
    public ComputedGradients OfTarget(Pool pool, Pool target, CancellationToken cancellationToken)
    {
        var probe = _probe.Value;
        var (warmup, trajectory) = WarmUp(probe, pool, cancellationToken);
        var made = Open(TargetName, probe, target, "the target", GradientSide.Target, warmup, trajectory, cancellationToken);
        if (made.Report.WithoutAnswer < target.Count) return made;
        made.Features.Dispose();
        throw PursuitException.At(string.Join(", ", target.Sources.Select(s => s.Path)), $"{target.Count:N0} examples, none with a token to learn", "at least one with an assistant's answer that fits in --max-length", "Look at them with 'pursuit inspect'.");
    }

    private (string Fingerprint, (RunStage Stage, Trajectory Trajectory)) WarmUp(Probe probe, Pool pool, CancellationToken cancellationToken)
    {
        var warmup = new Warmup(probe, _recipe.Threads, _progress);
        var fingerprint = warmup.Fingerprint(pool, probe.Encoder);
        var stage = Stage(WarmupName, fingerprint, shared: true);
        return (fingerprint.Hash, (stage, warmup.Run(stage, pool, probe.Encoder, cancellationToken)));
    }

    private ComputedGradients Open(string name, Probe probe, Pool pool, string what, GradientSide side, string warmup, (RunStage Stage, Trajectory Trajectory) trajectory, CancellationToken cancellationToken)
    {
        var fingerprint = probe.Options.AddTo(new Fingerprint("gradients/1")
            .Add("pool", pool.Fingerprint)
            .Add("model", probe.Fingerprint)
            .Add("encoder", ModelEncoder.Fingerprint(probe.Encoder).Hash)
            .Add("warm-up", warmup)
            .Add("side", probe.Options.Preconditioning == Preconditioning.Adam ? side.ToString() : ""));
        var stage = Stage(name, fingerprint, side == GradientSide.Pool);
        var maker = new StoreMaker(probe, trajectory.Trajectory, trajectory.Stage.FullPath, side, _recipe.Threads, _progress);
        var report = maker.Run(stage, pool, what, fingerprint.Hash, cancellationToken);
        var features = FeatureSource.Open(stage.PathOf(StoreMaker.StoreName), ExpectedRows.Of(pool, what), cancellationToken);
        return new ComputedGradients(features, StoreMaker.Losses(stage, features.Rows, report.Checkpoints.Count), fingerprint.Hash, report);
    }

    /// <summary>A stage of this run, or, where it is shared, the finished one of the other, which is never emptied.</summary>
    private RunStage Stage(string name, Fingerprint fingerprint, bool shared)
    {
        if (_shared is null || !(shared || _finished)) return _run.OpenStage(name, fingerprint);
        var directory = shared ? _shared : _run.FullPath;
        var stage = RunStage.Finished(directory, name)
            ?? throw PursuitException.At(directory, $"no finished stage '{name}'", "a run whose gradient features are whole", "Run the command that computes them again: it continues.");
        var differences = stage.DifferencesFrom(fingerprint);
        return differences.Count == 0
            ? stage
            : throw PursuitException.At($"{directory}, stage '{name}'", $"made with another {string.Join(", ", differences)}", "what was asked for now", "Compute the features again for these files and this model: leave --features away, or run 'pursuit features'.");
    }

    /// <summary>The probe model with what turns examples into its tokens.</summary>
    internal sealed record Probe(string Model, string Fingerprint, GradientFeatureOptions Options, ExampleEncoder Encoder)
    {
        public static Probe Open(FeatureRecipe recipe)
        {
            var config = ModelConfigReader.ReadDirectory(recipe.Model);
            var encoder = ModelEncoder.Load(recipe.Model, Math.Min(recipe.MaxLength, config.MaximumPositions));
            if (encoder.Tokenizer.VocabularySize > config.VocabularySize)
                throw PursuitException.At(recipe.Model, $"a tokenizer with ids up to {encoder.Tokenizer.VocabularySize - 1} for an embedding of {config.VocabularySize} rows", "a tokenizer and a model that belong together", "Use the tokenizer.json that came with the weights.");
            var kind = recipe.Options.Kind != GradientKind.Auto ? recipe.Options.Kind
                : new ParameterLayout(config).Count >= LargeModel ? GradientKind.Lora
                : recipe.Options.Preconditioning == Preconditioning.Adam ? GradientKind.Full : GradientKind.Factored;
            return new Probe(recipe.Model, ModelFiles.Fingerprint(recipe.Model), recipe.Options with { Kind = kind }, encoder);
        }
    }
}
