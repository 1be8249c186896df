using System.ComponentModel;

namespace Pursuit.Selection.SemDedup;

/// <summary>Options of <c>semdedup</c>.</summary>
public sealed record SemDedupOptions
{
    /// <summary>
    /// Examples whose cosine with one that is kept before them is above 1 - epsilon are never chosen. Default: none, the budget alone
    /// decides; range 0 to 1.
    /// </summary>
    [Description("never choose an example whose cosine with one before it is above 1 - epsilon, 0 to 1; empty: the budget decides")]
    public double? Epsilon { get; init; }

    /// <summary>Clusters within which examples are compared. Default 0: one for every 1,000 examples.</summary>
    [Description("clusters within which examples are compared; 0 for one per 1,000 examples")]
    public int Clusters { get; init; }

    /// <summary>Times the centres of k-means move at most. Default 20; at least 1.</summary>
    [Description("times the centres of k-means move at most")]
    public int Iterations { get; init; } = 20;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        List<string> faults = [.. ClusterFaults("semdedup", Clusters, Iterations)];
        if (Epsilon is { } epsilon && !(epsilon is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"semdedup.epsilon: {epsilon}; expected 0 to 1"));
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }

    /// <summary>What is wrong with the options that d4 has too.</summary>
    internal static IEnumerable<string> ClusterFaults(string method, int clusters, int iterations)
    {
        // A row's cluster is kept in two bytes.
        if (clusters is < 0 or > Neighbours.RowCells.MostCells)
            yield return $"{method}.clusters: {clusters}; expected 0 to {Neighbours.RowCells.MostCells}";
        if (iterations < 1) yield return $"{method}.iterations: {iterations}; expected at least 1";
    }
}
