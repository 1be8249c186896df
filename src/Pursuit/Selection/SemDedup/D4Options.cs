using System.ComponentModel;

namespace Pursuit.Selection.SemDedup;

/// <summary>Options of <c>d4</c>.</summary>
public sealed record D4Options
{
    /// <summary>The share of examples that removing near copies leaves. Default 0.75, the paper's; above 0, at most 1.</summary>
    [Description("share of examples that removing near copies leaves, above 0 to 1")]
    public double Keep { get; init; } = 0.75;

    /// <summary>Clusters, of both steps. Default 0: one for every 1,000 examples.</summary>
    [Description("clusters, of both steps; 0 for one per 1,000 examples")]
    public int Clusters { get; init; }

    /// <summary>Times the centres of k-means move at most. Default 20; at least 1.</summary>
    [Description("times the centres of k-means move at most")]
    public int Iterations { get; init; } = 20;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        List<string> faults = [.. SemDedupOptions.ClusterFaults("d4", Clusters, Iterations)];
        if (!(Keep is > 0 and <= 1)) faults.Add(FormattableString.Invariant($"d4.keep: {Keep}; expected above 0, at most 1"));
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}
