using System.ComponentModel;

namespace Pursuit.Selection.Zip;

/// <summary>Options of <c>zip</c>. The defaults are the paper's.</summary>
public sealed record ZipOptions
{
    /// <summary>K1: how many of the lowest ratios are computed anew each round. Default 10,000; at least 1.</summary>
    [Description("K1: examples of lowest ratio whose ratio beside what is chosen is computed anew each round")]
    public int Rescored { get; init; } = 10_000;

    /// <summary>K2: how many of those are candidates of the round's batch. Default 200; 1 to <see cref="Rescored"/>.</summary>
    [Description("K2: examples of those that may enter the round's batch")]
    public int Candidates { get; init; } = 200;

    /// <summary>K3: how many each round adds. Default 100; 1 to <see cref="Candidates"/>.</summary>
    [Description("K3: examples each round adds")]
    public int Batch { get; init; } = 100;

    /// <summary>What leaves the pool after a round. Default <see cref="ZipExhaust.Batch"/>.</summary>
    [Description("what leaves the pool after a round: batch, or as in the authors' code all candidates")]
    public ZipExhaust Exhaust { get; init; } = ZipExhaust.Batch;

    /// <summary>Whose DEFLATE measures. Default <see cref="ZipCompressor.Managed"/>.</summary>
    [Description("whose DEFLATE measures: managed (the runtime's, the same everywhere) or libz (the system's, many times faster)")]
    public ZipCompressor Compressor { get; init; } = ZipCompressor.Managed;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">Options are out of range; every fault is named.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Rescored < 1) faults.Add($"zip.rescored: {Rescored}; expected at least 1");
        if (Candidates < 1 || Candidates > Rescored)
            faults.Add($"zip.candidates: {Candidates}; expected 1 to zip.rescored, which is {Rescored}");
        if (Batch < 1 || Batch > Candidates) faults.Add($"zip.batch: {Batch}; expected 1 to zip.candidates, which is {Candidates}");
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }
}

/// <summary>What leaves the pool after a round.</summary>
public enum ZipExhaust
{
    /// <summary>The examples chosen.</summary>
    Batch,

    /// <summary>All candidates of the round, chosen or not: as the authors' code.</summary>
    Candidates,
}

/// <summary>Whose DEFLATE measures. Sizes differ between builds of zlib, and with them choices.</summary>
public enum ZipCompressor
{
    /// <summary>The runtime's own.</summary>
    Managed,

    /// <summary>The system's libz, whose state can be copied.</summary>
    Libz,
}
