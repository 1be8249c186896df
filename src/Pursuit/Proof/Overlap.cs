namespace Pursuit.Proof;

/// <summary>
/// How much of a test stands in the pool, or among the target's examples: what is measured on it is then partly remembered.
/// </summary>
public sealed record Overlap
{
    /// <summary>The test's name.</summary>
    public required string Test { get; init; }

    /// <summary>What it was compared with: "pool", or "target".</summary>
    public required string With { get; init; }

    /// <summary>Examples of the test.</summary>
    public required int TestExamples { get; init; }

    /// <summary>Test examples whose very content stands there (the same content id).</summary>
    public required int SameContent { get; init; }

    /// <summary>
    /// Test examples that share a run of 13 words, or all their words where they have fewer; those of the same content among them.
    /// </summary>
    public required int SharedRun { get; init; }

    /// <summary>Of those, the ones where a shared run is in the answer.</summary>
    public required int SharedAnswerRun { get; init; }

    /// <summary>Examples there that have any of it in common with the test.</summary>
    public required long Examples { get; init; }

    /// <summary>The first pairs found, at most ten.</summary>
    public required IReadOnlyList<OverlapPair> First { get; init; }

    /// <summary>True where there is any.</summary>
    public bool Any => SameContent > 0 || SharedRun > 0;

    /// <summary>One sentence with the counts.</summary>
    public override string ToString() =>
        $"{Test}: of {TestExamples:N0} test examples {SameContent:N0} stand in the {With} and {SharedRun:N0} share a run of "
            + $"{WordRuns.Length} words with it ({SharedAnswerRun:N0} in the answer); {Examples:N0} examples there";
}

/// <summary>A test example and one that it overlaps with.</summary>
/// <param name="Test">The test example's id, else its content id.</param>
/// <param name="Other">The other's id, else its content id.</param>
/// <param name="Shared">The words in common; null for the same content.</param>
public sealed record OverlapPair(string Test, string Other, string? Shared);
