using Pursuit.Selection.Features;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection;

/// <summary>Everything a method is given. Methods read no record: what they need of one is a feature.</summary>
public sealed record SelectionProblem
{
    /// <summary>The pool's examples in canonical order, [pool].</summary>
    public required IReadOnlyList<ContentId> ContentIds { get; init; }

    /// <summary>How much may be chosen.</summary>
    public required Budget Budget { get; init; }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Lengths, where the method or the budget needs them.</summary>
    public TokenCounts? TokenCounts { get; init; }

    /// <summary>Supervised tokens of the examples to imitate, for methods that need <see cref="FeatureNeeds.ReferenceLengths"/>.</summary>
    public IReadOnlyList<int>? ReferenceLengths { get; init; }

    /// <summary>Each example's source, as an index into <see cref="SourceNames"/>, [pool]; empty where sources don't matter.</summary>
    public IReadOnlyList<int> Sources { get; init; } = [];

    /// <summary>The sources' names.</summary>
    public IReadOnlyList<string> SourceNames { get; init; } = [];

    /// <summary>Least and most per source; empty for none.</summary>
    public IReadOnlyList<SourceQuota> Quotas { get; init; } = [];

    /// <summary>The pool's gradients, row by row as <see cref="ContentIds"/>, for methods that need <see cref="FeatureNeeds.PoolGradients"/>.</summary>
    public IDenseFeatures? PoolGradients { get; init; }

    /// <summary>The pool's losses along the trajectory its gradients were taken on; null where these were brought along or nothing needs them.</summary>
    public ExampleLosses? PoolLosses { get; init; }

    /// <summary>The target examples' gradients; null where a method may work without a target and there is none.</summary>
    public IDenseFeatures? TargetGradients { get; init; }

    /// <summary>The pool's embeddings, row by row as <see cref="ContentIds"/>, for methods that need <see cref="FeatureNeeds.PoolEmbeddings"/>.</summary>
    public IDenseFeatures? PoolEmbeddings { get; init; }

    /// <summary>The target examples' embeddings, for methods that need <see cref="FeatureNeeds.TargetEmbeddings"/>.</summary>
    public IDenseFeatures? TargetEmbeddings { get; init; }

    /// <summary>What the pool's examples say, for methods that need <see cref="FeatureNeeds.PoolTexts"/>.</summary>
    public ITextFeatures? PoolTexts { get; init; }

    /// <summary>What the target's examples say.</summary>
    public ITextFeatures? TargetTexts { get; init; }

    /// <summary>What a probe model says of the pool's tokens, for methods that need <see cref="FeatureNeeds.TokenStatistics"/>.</summary>
    public ITokenStatistics? TokenStatistics { get; init; }

    /// <summary>What a reference model says of them, for methods that need <see cref="FeatureNeeds.ReferenceStatistics"/>.</summary>
    public ITokenStatistics? ReferenceStatistics { get; init; }

    /// <summary>Each target example's group, as an index into <see cref="TargetGroupNames"/>, [target]; empty for one group.</summary>
    public IReadOnlyList<int> TargetGroups { get; init; } = [];

    /// <summary>The target groups' names; empty for one group.</summary>
    public IReadOnlyList<string> TargetGroupNames { get; init; } = [];

    /// <summary>Keeps what a pursuit finds as it goes, so that a killed one continues; null keeps nothing.</summary>
    public PursuitJournal? Journal { get; init; }

    /// <summary>What a pursuit may use of memory; null for no bound. No result depends on it.</summary>
    public PursuitMemory? Memory { get; init; }

    /// <summary>At most this many threads; no result depends on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The budget as a count of its unit in this pool.</summary>
    public long ResolvedBudget => Budget.Resolve(Total(Budget.Unit));

    private long Total(BudgetUnit unit)
    {
        if (unit == BudgetUnit.Rows) return ContentIds.Count;
        long total = 0;
        for (var i = 0; i < ContentIds.Count; i++) total += Budget.CostOf(unit, i, TokenCounts);
        return total;
    }
}
