namespace Pursuit.Storage;

/// <summary>How far a safetensors file is trusted.</summary>
internal sealed record SafetensorsOptions
{
    /// <summary>Longest header read, in bytes; default 100,000,000 as in the format's own library, range 8 to 2,000,000,000.</summary>
    public int MaxHeaderBytes { get; init; } = 100_000_000;

    /// <summary>Longest index file read, in bytes; default 100,000,000, range 2 to 2,000,000,000.</summary>
    public int MaxIndexBytes { get; init; } = 100_000_000;

    /// <summary>Checks every option.</summary>
    /// <exception cref="PursuitException">Lists all faults.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (MaxHeaderBytes is < 8 or > 2_000_000_000)
            faults.Add($"MaxHeaderBytes is {MaxHeaderBytes}; expected 8 to 2000000000");
        if (MaxIndexBytes is < 2 or > 2_000_000_000)
            faults.Add($"MaxIndexBytes is {MaxIndexBytes}; expected 2 to 2000000000");
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, "SafetensorsOptions: " + string.Join("; ", faults) + ".");
    }
}
