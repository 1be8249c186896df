using System.ComponentModel;

namespace Pursuit.Selection.Density;

/// <summary>Options of <c>density</c>. The sketch's size is the authors'.</summary>
public sealed record DensityOptions
{
    /// <summary>Hash functions, R: the score's noise falls with the root of their number. Default 1000; at least 1.</summary>
    [Description("hash functions; the density's noise falls with the root of their number")]
    public int Hashes { get; init; } = 1000;

    /// <summary>Buckets of each hash function, B. Default 20,000; range 2 to 65,536.</summary>
    [Description("buckets of each hash function, 2 to 65536")]
    public int Buckets { get; init; } = 20_000;

    /// <summary>
    /// A bucket's width as a share of the median distance between two examples. Default 0.5; at least 1e-6. The narrower, the nearer an
    /// example must be to count.
    /// </summary>
    [Description("a bucket's width as a share of the median distance between two examples, 1e-6 or more")]
    public double Bandwidth { get; init; } = 0.5;

    /// <summary>Divide each row by its norm. Default true.</summary>
    [Description("divide each row by its norm first")]
    public bool Unit { get; init; } = true;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Hashes < 1) faults.Add($"density.hashes: {Hashes}; expected at least 1");
        if (Buckets is < 2 or > 1 << 16) faults.Add($"density.buckets: {Buckets}; expected 2 to 65536");
        // Narrower ones would number past 2^53, where products are no longer told apart.
        if (!(Bandwidth >= 1e-6) || !double.IsFinite(Bandwidth))
            faults.Add(FormattableString.Invariant($"density.bandwidth: {Bandwidth}; expected 1e-6 or more"));
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}
