using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Proof;

/// <summary>
/// A proof's features: of each kind of the pool once, of each target once, for all methods, budgets and seeds. Made when the first
/// method asks.
/// </summary>
internal sealed class ProofFeatures(RunDirectory run, ProveOptions options, Pool pool, int maxLength, IProgress<WorkProgress>? progress)
{
    private readonly Dictionary<FeatureKind, FeatureReport> _ofPool = [];
    private readonly Dictionary<(FeatureKind Kind, int Target), FeatureReport> _ofTargets = [];

    private string Shared => options.FeaturesRun ?? run.PathOf("features");

    /// <summary>Lets a selection use them, and says what making them took.</summary>
    /// <param name="kind">What the method reads.</param>
    /// <param name="target">The target's number, or null for a method that works for the pool itself.</param>
    /// <param name="targetName">Its name, for its directory.</param>
    /// <param name="use">Gets the source.</param>
    /// <param name="cancellationToken">Stops the making; what is finished stays.</param>
    /// <returns>What the use gave, with seconds, tokens and bytes of the features it may have read.</returns>
    public (T Result, double Seconds, long Tokens, long Bytes) Use<T>(
        FeatureKind kind, int? target, string? targetName, Func<IFeatureSource, T> use, CancellationToken cancellationToken)
    {
        if (!_ofPool.TryGetValue(kind, out var ofPool)) _ofPool[kind] = ofPool = MakePool(kind, cancellationToken);
        if (target is not { } number)
            return (use(Source(kind, run)), ofPool.Seconds, ofPool.Tokens, ofPool.Bytes);

        using var own = RunDirectory.Open(Path.Combine(run.PathOf("target-features"), FileNames.Spell(targetName!)));
        own.OnDamage = run.OnDamage;
        if (!_ofTargets.TryGetValue((kind, number), out var ofTarget))
        {
            using var examples = Pool.Open(options.Pool with { Paths = [options.Targets[number]] }, null, cancellationToken);
            _ofTargets[(kind, number)] = ofTarget = Report(Source(kind, own).OfTarget(pool, examples, cancellationToken));
        }

        return (use(Source(kind, own)), ofPool.Seconds + ofTarget.Seconds, ofPool.Tokens + ofTarget.Tokens, ofPool.Bytes + ofTarget.Bytes);
    }

    private FeatureReport MakePool(FeatureKind kind, CancellationToken cancellationToken)
    {
        if (options.FeaturesRun is not null) return Report(Source(kind, run).OfPool(pool, cancellationToken));
        using var own = RunDirectory.Open(Shared);
        own.OnDamage = run.OnDamage;
        IFeatureSource maker = kind == FeatureKind.Embedding
            ? new EmbeddingFeatures(Recipe(options.EmbeddingOptions), own, progress)
            : new GradientFeatures(Recipe(options.FeatureOptions), own, progress);
        return Report(maker.OfPool(pool, cancellationToken));
    }

    private FeatureRecipe<TOptions> Recipe<TOptions>(TOptions how)
        where TOptions : IFeatureOptions => new()
        {
            Model = options.Model,
            MaxLength = maxLength,
            TemplateSettings = options.TemplateSettings,
            Options = how,
            Threads = options.Workers.Threads,
            Device = options.Device,
        };

    private IFeatureSource Source(FeatureKind kind, RunDirectory own)
    {
        var lent = new LentFeatures { Model = options.Model, Threads = options.Workers.Threads, Device = options.Device };
        return FeatureSources.Shared(kind, Shared, own, lent, StageShare.Whole, progress);
    }

    private static FeatureReport Report(ComputedFeatures made)
    {
        made.Features.Dispose();
        return made.Report;
    }
}
