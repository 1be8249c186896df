using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Proof;

/// <summary>
/// A proof's features: of each kind of the pool once, of each target once, for all methods, budgets and seeds that want them made alike.
/// Made when the first method asks.
/// </summary>
internal sealed class ProofFeatures(RunDirectory run, ProveOptions options, Pool pool, int maxLength, IProgress<WorkProgress>? progress)
{
    private readonly Dictionary<Wanted, FeatureReport> _ofPool = [];
    private readonly Dictionary<(Wanted Wanted, int Target), FeatureReport> _ofTargets = [];

    /// <summary>Where the usual features are made; null for a directory within the run.</summary>
    public string? OwnDirectory { get; init; }

    /// <summary>Where the usual features of the pool are.</summary>
    public string Directory => SharedBy(default);

    /// <summary>Makes those of the pool that a method reads, unless they are there.</summary>
    public void Make(ProofMethod method, CancellationToken cancellationToken) => OfPool(method, out _, cancellationToken);

    /// <summary>Lets a selection use them, and says what making them took.</summary>
    /// <param name="method">The method, which reads features.</param>
    /// <param name="target">The target's number, or null for a method that works for the pool itself.</param>
    /// <param name="targetName">Its name, for its directory.</param>
    /// <param name="use">Gets the source.</param>
    /// <param name="cancellationToken">Stops the making; what is finished stays.</param>
    /// <returns>What the use gave, with seconds, tokens and bytes of the features it may have read.</returns>
    public (T Result, double Seconds, long Tokens, long Bytes) Use<T>(
        ProofMethod method, int? target, string? targetName, Func<IFeatureSource, T> use, CancellationToken cancellationToken)
    {
        var ofPool = OfPool(method, out var wanted, cancellationToken);
        if (target is not { } number)
            return (use(Source(wanted, run)), ofPool.Seconds, ofPool.Tokens, ofPool.Bytes);

        using var own = RunDirectory.Open(
            Path.Combine(run.PathOf("target-features"), FileNames.Spell(targetName! + wanted.Suffix)));
        own.OnDamage = run.OnDamage;
        if (!_ofTargets.TryGetValue((wanted, number), out var ofTarget))
        {
            using var examples = Pool.Open(
                options.Pool.Beside([options.Targets[number]]), null, cancellationToken);
            _ofTargets[(wanted, number)] = ofTarget = Report(Source(wanted, own).OfTarget(pool, examples, cancellationToken));
        }

        return (
            use(Source(wanted, own)),
            ofPool.Seconds + ofTarget.Seconds,
            ofPool.Tokens + ofTarget.Tokens,
            ofPool.Bytes + ofTarget.Bytes);
    }

    private FeatureReport OfPool(ProofMethod method, out Wanted wanted, CancellationToken cancellationToken)
    {
        wanted = new Wanted(method.On?.Kind ?? method.Needs.OwnKind(), string.Join(' ', method.FeatureSettings));
        return _ofPool.TryGetValue(wanted, out var made) ? made : _ofPool[wanted] = MakePool(wanted, method, cancellationToken);
    }

    private FeatureReport MakePool(Wanted wanted, ProofMethod method, CancellationToken cancellationToken)
    {
        if (options.FeaturesRun is not null) return Report(Source(wanted, run).OfPool(pool, cancellationToken));
        using var own = SharedBy(wanted) == run.FullPath ? null : RunDirectory.Open(SharedBy(wanted));
        if (own is not null) own.OnDamage = run.OnDamage;
        IFeatureSource maker = wanted.Kind switch
        {
            FeatureKind.Embedding => new EmbeddingFeatures(Recipe(Changed(options.EmbeddingOptions, method)), own ?? run, progress),
            FeatureKind.Encoder => new EncoderFeatures(
                Recipe(Changed(options.EncoderOptions, method)) with { Model = options.Encoder!, TemplateSettings = [] },
                options.Encoders!, own ?? run, progress),
            _ => new GradientFeatures(Recipe(Changed(options.FeatureOptions, method)), own ?? run, progress),
        };
        return Report(maker.OfPool(pool, cancellationToken));
    }

    private string SharedBy(Wanted wanted) => options.FeaturesRun ?? (OwnDirectory is { } own && wanted.Settings is null or "" ? own
        : run.PathOf(FileNames.Spell("features" + wanted.Suffix)));

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

    /// <summary>A proof's options with a method's own on top.</summary>
    internal static TOptions Changed<TOptions>(TOptions shared, ProofMethod method)
        where TOptions : class, IFeatureOptions
    {
        if (method.FeatureSettings.Count == 0) return shared;
        var changed = MethodOptions.Copy(shared);
        MethodOptions.Fill(changed, TOptions.Name, method.FeatureSettings);
        return changed;
    }

    private IFeatureSource Source(Wanted wanted, RunDirectory own)
    {
        var lent = new LentFeatures
        {
            Model = options.Model,
            Encoder = options.Encoder,
            Encoders = options.Encoders,
            Threads = options.Workers.Threads,
            Device = options.Device,
        };
        return FeatureSources.Shared(wanted.Kind, SharedBy(wanted), own, lent, StageShare.Whole, progress);
    }

    private static FeatureReport Report(ComputedFeatures made)
    {
        made.Features.Dispose();
        return made.Report;
    }
    /// <summary>Features that are made once: their kind, and a method's own options of them.</summary>
    private readonly record struct Wanted(FeatureKind Kind, string Settings)
    {
        /// <summary>What tells their directories from the usual ones.</summary>
        public string Suffix => string.IsNullOrEmpty(Settings) ? "" : $" {Settings}";
    }
}
