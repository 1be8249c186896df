using System.ComponentModel;

namespace Pursuit.Selection.S2l;

/// <summary>Options of <c>s2l</c>.</summary>
public sealed record S2lOptions
{
    /// <summary>Clusters of loss trajectories. Default 100, the paper's; at least 1.</summary>
    [Description("clusters of loss trajectories; no more than there are examples")]
    public int Clusters { get; init; } = 100;

    /// <summary>Passes of k-means at most. Default 100; at least 1.</summary>
    [Description("passes of k-means at most")]
    public int Iterations { get; init; } = 100;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Clusters < 1) faults.Add($"s2l.clusters: {Clusters}; expected at least 1");
        if (Iterations < 1) faults.Add($"s2l.iterations: {Iterations}; expected at least 1");
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}
