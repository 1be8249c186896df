using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Features;

/// <summary>Embeddings from a probe model: pooled hidden states of the pool's and the targets' examples, forward passes alone.</summary>
public sealed class EmbeddingFeatures : ModelFeatures<EmbeddingOptions>
{
    /// <summary>Makes embeddings within a run.</summary>
    /// <param name="recipe">With what.</param>
    /// <param name="run">Gets the stores.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public EmbeddingFeatures(FeatureRecipe<EmbeddingOptions> recipe, RunDirectory run, IProgress<WorkProgress>? progress = null)
        : this(recipe, FeatureStages.Own(run), progress)
    {
    }

    private EmbeddingFeatures(FeatureRecipe<EmbeddingOptions> recipe, FeatureStages stages, IProgress<WorkProgress>? progress)
        : base(recipe, stages, progress)
    {
    }

    /// <inheritdoc/>
    public override FeatureKind Kind => FeatureKind.Embedding;

    private protected override (string OfPool, string OfTarget) Names => ("pool-embeddings", "target-embeddings");

    private protected override (string Lacking, string Expected) Nothing => NothingFor(Recipe.Options);

    /// <summary>Uses the pool's embeddings of another run, which stays as it is; targets are made in this one.</summary>
    /// <param name="directory">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    /// <param name="lent">With what targets are made.</param>
    /// <param name="share">What of the targets' features this process makes.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The other run holds no embeddings.</exception>
    internal static EmbeddingFeatures Shared(
        string directory, RunDirectory run, LentFeatures lent, StageShare share, IProgress<WorkProgress>? progress) =>
        new(Lent(directory, lent), FeatureStages.Borrowed(directory, run), progress) { Share = share };

    /// <summary>Opens what finished runs made, and computes nothing.</summary>
    /// <param name="directory">The run with the pool's embeddings.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="lent">Where the model is now, and where it computed.</param>
    /// <exception cref="PursuitException">The run holds no embeddings.</exception>
    internal static EmbeddingFeatures Finished(string directory, RunDirectory run, LentFeatures lent) =>
        new(Lent(directory, lent), FeatureStages.Finished(directory, run), null);

    /// <summary>What a pool's and a target's embeddings will cost.</summary>
    /// <param name="recipe">With what they are made.</param>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PursuitException">An option is out of range, or the model or the pool is unfit.</exception>
    internal static CostPlan Plan(
        FeatureRecipe<EmbeddingOptions> recipe, Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        recipe.Options.Validate();
        return EmbeddingPlanner.Plan(ProbeModel.Open(recipe), recipe.Options, recipe.Threads, pool, request, cancellationToken);
    }

    /// <summary>What examples lack that no embedding can be made of.</summary>
    internal static (string Lacking, string Expected) NothingFor(EmbeddingOptions options) => options.Tokens == EmbeddingTokens.All
        ? ("a token to pool", "at least one that the model's chat template prints")
        : ("an answer's token to pool",
            $"at least one with an assistant's answer that fits in {ApiName.MaxLength}, or embedding.tokens=all");

    private protected override CostPlan Plan(Pool pool, CancellationToken cancellationToken) =>
        EmbeddingPlanner.Plan(Probe, Recipe.Options, Recipe.Threads, pool, new PlanRequest(), cancellationToken);

    private protected override Fingerprint Identify(Pool pool, Pool examples) =>
        Recipe.Options.AddTo(
            Probe.AddTo(new Fingerprint("embeddings/1"), examples.Fingerprint), Recipe.Options.LayerOf(Probe.Config, Probe.Path));

    private protected override Func<RunStage, string, FeatureReport?> Prepare(
        Pool pool, Pool examples, Fingerprint fingerprint, CancellationToken cancellationToken) =>
        (stage, what) =>
            new EmbeddingStoreMaker(Probe, Recipe.Options, Recipe.Threads, Share, Progress).Run(
                stage, examples, what, fingerprint.Hash, cancellationToken);
}
