using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Runs;

namespace Pursuit.Engine.Proof;

/// <summary>
/// A proof's gradient features: of the pool once, of each target once, for all methods, budgets and seeds. Made when the first
/// method asks.
/// </summary>
internal sealed class ProofFeatures(RunDirectory run, ProveOptions options, Pool pool, int maxLength, IProgress<WorkProgress>? progress)
{
    private readonly Dictionary<int, GradientReport> _ofTargets = [];
    private GradientReport? _ofPool;

    private string Shared => options.FeaturesRun ?? run.PathOf("features");

    /// <summary>Lets a selection use them, and says what making them took.</summary>
    /// <param name="target">The target's number, or null for a method that works for the pool itself.</param>
    /// <param name="targetName">Its name, for its directory.</param>
    /// <param name="use">Gets the source.</param>
    /// <param name="cancellationToken">Stops the making; what is finished stays.</param>
    /// <returns>What the use gave, with seconds, tokens and bytes of the features it may have read.</returns>
    public (T Result, double Seconds, long Tokens, long Bytes) Use<T>(int? target, string? targetName, Func<IGradientSource, T> use, CancellationToken cancellationToken)
    {
        _ofPool ??= MakePool(cancellationToken);
        if (target is not { } number)
            return (use(Source(run)), _ofPool.Seconds, _ofPool.Tokens, _ofPool.Bytes);

        using var own = RunDirectory.Open(Path.Combine(run.PathOf("target-features"), FileNames.Of(targetName!)));
        if (!_ofTargets.TryGetValue(number, out var ofTarget))
        {
            using var examples = Pool.Open(options.Pool with { Paths = [options.Targets[number]] }, null, cancellationToken);
            _ofTargets[number] = ofTarget = Report(Source(own).OfTarget(pool, examples, cancellationToken));
        }

        return (use(Source(own)), _ofPool.Seconds + ofTarget.Seconds, _ofPool.Tokens + ofTarget.Tokens, _ofPool.Bytes + ofTarget.Bytes);
    }

    private GradientReport MakePool(CancellationToken cancellationToken)
    {
        if (options.FeaturesRun is not null) return Report(Source(run).OfPool(pool, cancellationToken));
        using var own = RunDirectory.Open(Shared);
        var recipe = new FeatureRecipe { Model = options.Model, MaxLength = maxLength, Options = options.FeatureOptions, Threads = options.Workers.Threads };
        return Report(new GradientFeatures(recipe, own, progress).OfPool(pool, cancellationToken));
    }

    private GradientFeatures Source(RunDirectory own) => GradientFeatures.Shared(Shared, own, options.Model, options.Workers.Threads, progress);

    private static GradientReport Report(ComputedGradients made)
    {
        made.Features.Dispose();
        return made.Report;
    }
}
