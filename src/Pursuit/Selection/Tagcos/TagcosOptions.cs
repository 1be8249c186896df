using System.ComponentModel;

namespace Pursuit.Selection.Tagcos;

/// <summary>Options of <c>tagcos</c>. The defaults are the authors'.</summary>
public sealed record TagcosOptions
{
    /// <summary>Clusters of gradients. Default 100; at least 1; lowered to the budget's rows where that is smaller.</summary>
    [Description("clusters of gradients, at most one per example of the budget")]
    public int Clusters { get; init; } = 100;

    /// <summary>Times the centres of k-means move at most. Default 20; at least 1.</summary>
    [Description("times the centres of k-means move at most")]
    public int Iterations { get; init; } = 20;

    /// <summary>lambda, what a pursuit pays for squared weights. Default 1; at least 1e-6.</summary>
    [Description("what a pursuit pays for squared weights, 1e-6 or more")]
    public double Ridge { get; init; } = 1;

    /// <summary>The relative residual at which a pursuit ends and the next begins. Default 1e-4; range 0 to below 1.</summary>
    [Description("relative residual at which a pursuit ends and the next begins, 0 to below 1")]
    public double Residual { get; init; } = 1e-4;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Clusters < 1) faults.Add($"tagcos.clusters: {Clusters}; expected at least 1");
        if (Iterations < 1) faults.Add($"tagcos.iterations: {Iterations}; expected at least 1");
        // Far above rounding, so that the ridge alone keeps every fit solvable.
        if (!(Ridge >= 1e-6) || !double.IsFinite(Ridge))
            faults.Add(FormattableString.Invariant($"tagcos.ridge: {Ridge}; expected 1e-6 or more"));
        if (!(Residual is >= 0 and < 1))
            faults.Add(FormattableString.Invariant($"tagcos.residual: {Residual}; expected 0 to below 1"));
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}
