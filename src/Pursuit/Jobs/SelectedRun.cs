using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Passes;

namespace Pursuit.Jobs;

/// <summary>
/// A selection with everything it was made of, open: what reports and explanations read. Not to be kept beyond the visit.
/// </summary>
public sealed record SelectedRun
{
    /// <summary>What was asked.</summary>
    public required SelectJobOptions Options { get; init; }

    /// <summary>The pool.</summary>
    public required Pool Pool { get; init; }

    /// <summary>Each example's source.</summary>
    public required SourceGroups Sources { get; init; }

    /// <summary>The choice.</summary>
    public required SelectionResult Selection { get; init; }

    /// <summary>What the method told of its work; null where that is nothing.</summary>
    internal StoredDetails? Details { get; init; }

    /// <summary>The target's examples, where files of them were given; null else.</summary>
    public Pool? Target { get; init; }

    /// <summary>What the method was given: features, lengths, budget.</summary>
    public required SelectionProblem Problem { get; init; }

    /// <summary>How the features were made; null where there are none or they were brought along.</summary>
    public FeatureReport? FeaturesMade { get; init; }

    /// <summary>What every example's agreement with the residual was at each pass; null for methods that pursue nothing.</summary>
    public PursuitGains? Gains { get; init; }
}
