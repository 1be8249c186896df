using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.Jobs;

/// <summary>
/// The features a method reads, gradients or embeddings: brought along, or made by a source; with everything they depend on.
/// </summary>
internal sealed record SelectionFeatures : IDisposable
{
    /// <summary>The pool's; null where the method reads none.</summary>
    public IDenseFeatures? Pool { get; init; }

    /// <summary>The pool's losses; null where its features were brought along.</summary>
    public ExampleLosses? Losses { get; init; }

    /// <summary>The target's; null where there is no target or the method takes none.</summary>
    public IDenseFeatures? Target { get; init; }

    /// <summary>Each target example's group; empty for one group.</summary>
    public IReadOnlyList<int> TargetGroups { get; init; } = [];

    /// <summary>The groups' names; empty for one group.</summary>
    public IReadOnlyList<string> TargetGroupNames { get; init; } = [];

    /// <summary>What the pool's depend on.</summary>
    public string? PoolFingerprint { get; init; }

    /// <summary>What the target's depend on.</summary>
    public string? TargetFingerprint { get; init; }

    /// <summary>How the pool's were made; null where they were brought along.</summary>
    public FeatureReport? Report { get; init; }

    /// <summary>Opens or makes what a method needs.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="needs">What the method declares.</param>
    /// <param name="source">Makes features that weren't brought along; null where nothing can.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="target">The target; null where there is none.</param>
    /// <param name="share">Which shards' checksums are compared in this process.</param>
    /// <param name="cancellationToken">Stops the making; what is finished stays.</param>
    /// <exception cref="PursuitException">Features or examples are unfit.</exception>
    public static SelectionFeatures Open(
        SelectJobOptions options, FeatureNeeds needs, IFeatureSource? source, Pool pool, Pool? target, StageShare share,
        CancellationToken cancellationToken)
    {
        if (!needs.ReadsFeatures()) return new SelectionFeatures();
        var opened = options.Features is { } path
            ? new SelectionFeatures
            {
                Pool = FeatureSource.Open(path, ExpectedRows.Of(pool), share.Takes, cancellationToken),
                PoolFingerprint = FileHash.Of(path, cancellationToken),
            }
            : OfSource(source, s => s.OfPool(pool, cancellationToken));
        try
        {
            return needs.ReadsTargetFeatures() ? opened.WithTarget(options, source, pool, target, cancellationToken) : opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>A problem with these features, where the method that needs them looks for them.</summary>
    public SelectionProblem Give(SelectionProblem problem, FeatureNeeds needs)
    {
        var given = problem with { TargetGroups = TargetGroups, TargetGroupNames = TargetGroupNames };
        return needs.HasFlag(FeatureNeeds.PoolEmbeddings)
            ? given with
            {
                Gradients = new GradientInputs { Losses = Losses },
                Embeddings = new EmbeddingInputs { Pool = Pool, Target = Target },
            }
            : given with { Gradients = new GradientInputs { Pool = Pool, Target = Target, Losses = Losses } };
    }

    /// <summary>Closes the features.</summary>
    public void Dispose()
    {
        Pool?.Dispose();
        Target?.Dispose();
    }

    private static SelectionFeatures OfSource(IFeatureSource? source, Func<IFeatureSource, ComputedFeatures> make)
    {
        var made = make(source ?? throw new InvalidOperationException("the job was asked to compute features and has no source of them"));
        return new SelectionFeatures
        {
            Pool = made.Features,
            Losses = made.Losses,
            PoolFingerprint = made.Fingerprint,
            Report = made.Report,
        };
    }

    private SelectionFeatures WithTarget(
        SelectJobOptions options, IFeatureSource? source, Pool pool, Pool? target, CancellationToken cancellationToken)
    {
        if (options.TargetFeatures is null && (target is null || options.Features is not null)) return this;
        if (target is null)
        {
            var alone = FeatureSource.Open(options.TargetFeatures!, rows: null, cancellationToken);
            return this with { Target = alone, TargetFingerprint = FileHash.Of(options.TargetFeatures!, cancellationToken) };
        }

        var (groups, names) = GroupsOf(target);
        var (features, fingerprint) = options.TargetFeatures is { } path
            ? (FeatureSource.Open(path, ExpectedRows.Of(target, "the target"), cancellationToken), FileHash.Of(path, cancellationToken))
            : Made(source!.OfTarget(pool, target, cancellationToken));
        return this with
        {
            Target = features,
            TargetFingerprint = new Fingerprint("target").Add("features", fingerprint).Add("groups", string.Join(',', groups))
                .Add("names", names.Select(Path.GetFullPath)).Hash,
            TargetGroups = groups,
            TargetGroupNames = names,
        };

        static (IDenseFeatures, string) Made(ComputedFeatures made) => (made.Features, made.Fingerprint);
    }

    /// <summary>Each file of a target of several is a group of its own.</summary>
    private static (IReadOnlyList<int> Groups, IReadOnlyList<string> Names) GroupsOf(Pool target)
    {
        var sources = Enumerable.Range(0, target.Count).Select(i => (int)target.Locator(i).Source).ToArray();
        var used = sources.Distinct().Order().ToArray();
        return used.Length < 2
            ? ([], [])
            : ([.. sources.Select(s => Array.IndexOf(used, s))], [.. used.Select(s => target.Sources[s].Path)]);
    }
}
