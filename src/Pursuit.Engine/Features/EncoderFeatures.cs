using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Features;

/// <summary>Vectors of a sentence encoder, for the pool's and the targets' examples.</summary>
public sealed class EncoderFeatures : ModelFeatures<EncoderOptions>
{
    private readonly Lazy<ISentenceEncoder> _encoder;

    /// <summary>Makes vectors within a run.</summary>
    /// <param name="recipe">With what; its model is the encoder's directory, its template settings aren't used.</param>
    /// <param name="loader">Reads encoders.</param>
    /// <param name="run">Gets the stores.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public EncoderFeatures(
        FeatureRecipe<EncoderOptions> recipe, IEncoderLoader loader, RunDirectory run, IProgress<WorkProgress>? progress = null)
        : this(recipe, loader, FeatureStages.Own(run), progress)
    {
    }

    private EncoderFeatures(
        FeatureRecipe<EncoderOptions> recipe, IEncoderLoader loader, FeatureStages stages, IProgress<WorkProgress>? progress)
        : base(recipe, stages, progress) =>
        _encoder = new Lazy<ISentenceEncoder>(() => loader.Load(recipe.Model, recipe.Options, recipe.MaxLength));

    /// <inheritdoc/>
    public override FeatureKind Kind => FeatureKind.Encoder;

    private protected override (string OfPool, string OfTarget) Names => ("pool-encodings", "target-encodings");

    private protected override (string Lacking, string Expected) Nothing => NothingToRead;

    /// <summary>What examples lack that no vector can be made of.</summary>
    internal static (string Lacking, string Expected) NothingToRead => ("a text to encode", "at least one that isn't empty");

    /// <summary>Uses the pool's vectors of another run, which stays as it is; targets are made in this one.</summary>
    /// <param name="directory">The other run's directory.</param>
    /// <param name="run">Gets the targets' stores.</param>
    /// <param name="lent">With what targets are made.</param>
    /// <param name="share">What of the targets' features this process makes.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <exception cref="PursuitException">The other run holds no such vectors, or nothing reads encoders.</exception>
    internal static EncoderFeatures Shared(
        string directory, RunDirectory run, LentFeatures lent, StageShare share, IProgress<WorkProgress>? progress) =>
        new(LentEncoder(directory, lent), lent.Loader(directory), FeatureStages.Borrowed(directory, run), progress) { Share = share };

    /// <summary>Opens what finished runs made, and computes nothing.</summary>
    /// <param name="directory">The run with the pool's vectors.</param>
    /// <param name="run">The run with the target's; may be the same.</param>
    /// <param name="lent">Where the encoder is now.</param>
    /// <exception cref="PursuitException">The run holds no such vectors, or nothing reads encoders.</exception>
    internal static EncoderFeatures Finished(string directory, RunDirectory run, LentFeatures lent) =>
        new(LentEncoder(directory, lent), lent.Loader(directory), FeatureStages.Finished(directory, run), null);

    /// <summary>What a pool's and a target's vectors will cost.</summary>
    /// <param name="recipe">With what they are made.</param>
    /// <param name="loader">Reads encoders.</param>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PursuitException">An option is out of range, or the encoder or the pool is unfit.</exception>
    internal static CostPlan Plan(
        FeatureRecipe<EncoderOptions> recipe, IEncoderLoader loader, Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        recipe.Options.Validate();
        var encoder = loader.Load(recipe.Model, recipe.Options, recipe.MaxLength);
        return EncoderPlanner.Plan(encoder, recipe.Options, recipe.Threads, pool, request, cancellationToken);
    }

    private protected override CostPlan Plan(Pool pool, CancellationToken cancellationToken) =>
        EncoderPlanner.Plan(_encoder.Value, Recipe.Options, Recipe.Threads, pool, new PlanRequest(), cancellationToken);

    private protected override Fingerprint Identify(Pool pool, Pool examples)
    {
        var facts = _encoder.Value.Facts;
        var fingerprint = new Fingerprint("encodings/1").Add("pool", examples.Fingerprint);
        foreach (var (name, value) in facts.Parts.OrderBy(part => part.Key, StringComparer.Ordinal)) fingerprint.Add(name, value);
        return Recipe.Options.AddTo(fingerprint.Add("prefix", PrefixFor(pool, examples)));
    }

    private protected override Func<RunStage, string, FeatureReport?> Prepare(
        Pool pool, Pool examples, Fingerprint fingerprint, CancellationToken cancellationToken)
    {
        var maker = new EncoderStoreMaker(
            _encoder.Value, Recipe.Options, PrefixFor(pool, examples), Recipe.Threads, Share, Progress);
        return (stage, what) => maker.Run(stage, examples, what, fingerprint.Hash, cancellationToken);
    }

    private static FeatureRecipe<EncoderOptions> LentEncoder(string directory, LentFeatures lent) =>
        Lent(directory, lent with { Model = lent.Encoder });

    private string PrefixFor(Pool pool, Pool examples) =>
        Recipe.Options.PrefixFor(_encoder.Value.Facts, ofPool: ReferenceEquals(pool, examples));
}
