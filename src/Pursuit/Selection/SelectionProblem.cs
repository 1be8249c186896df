using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>
/// What is asked of a method: examples to choose from, how many, and what is known of them. Methods read no record: what they need of one
/// is an input. How the work is done (threads, progress, memory) is the <see cref="SelectionContext"/>'s and changes no choice.
/// </summary>
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

    /// <summary>Each target example's group, as an index into <see cref="TargetGroupNames"/>, [target]; empty for one group.</summary>
    public IReadOnlyList<int> TargetGroups { get; init; } = [];

    /// <summary>The target groups' names; empty for one group.</summary>
    public IReadOnlyList<string> TargetGroupNames { get; init; } = [];

    /// <summary>Gradients of pool and target.</summary>
    public GradientInputs Gradients { get; init; } = new();

    /// <summary>Embeddings of pool and target.</summary>
    public EmbeddingInputs Embeddings { get; init; } = new();

    /// <summary>Texts of pool and target.</summary>
    public TextInputs Texts { get; init; } = new();

    /// <summary>What models say of the pool's tokens.</summary>
    public StatisticsInputs Statistics { get; init; } = new();

    /// <summary>The budget as a count of its unit in this pool.</summary>
    public long ResolvedBudget => Budget.Resolve(Total(Budget.Unit));

    /// <summary>How many groups the target has, at least one.</summary>
    internal int TargetGroupCount => TargetGroups.Count > 0 ? Math.Max(1, TargetGroupNames.Count) : 1;

    /// <summary>Every group's name for messages and results, [groups].</summary>
    internal IReadOnlyList<string> NamesOfTargetGroups() =>
        [.. Enumerable.Range(0, TargetGroupCount).Select(g => g < TargetGroupNames.Count ? TargetGroupNames[g] : "target")];

    /// <summary>Each row's group of a target with gradients; all 0 where the target isn't grouped.</summary>
    internal IReadOnlyList<int> GroupsOfTargetGradients() => TargetGroups.Count > 0 ? TargetGroups : new int[Gradients.Target!.Rows];

    /// <summary>The pool's dense features that a method with some needs reads, or null.</summary>
    internal IDenseFeatures? FeaturesRead(FeatureNeeds needs) =>
        (needs.HasFlag(FeatureNeeds.PoolEmbeddings) ? Embeddings.Pool : null)
            ?? (needs.HasFlag(FeatureNeeds.PoolGradients) ? Gradients.Pool : null);

    private long Total(BudgetUnit unit)
    {
        if (unit == BudgetUnit.Rows) return ContentIds.Count;
        long total = 0;
        for (var i = 0; i < ContentIds.Count; i++) total += Budget.CostOf(unit, i, TokenCounts);
        return total;
    }
}
