using Pursuit.Distribution;

namespace Pursuit.Engine.Planning;

/// <summary>One stage of a job on several machines.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Seconds">How long all wait for it.</param>
/// <param name="LimitedBy">What takes most of that time, and where.</param>
/// <param name="DiskBytes">Bytes that it leaves on disk.</param>
/// <param name="NetworkBytes">Bytes that processes send one another; the file system's own are not among them.</param>
/// <param name="FirstMemory">Bytes of memory of the first process, which decides.</param>
/// <param name="OtherMemory">Bytes of memory of each other process, at most.</param>
internal sealed record PlannedStage(
    string Name, double Seconds, string LimitedBy, long DiskBytes, long NetworkBytes, double FirstMemory, double OtherMemory);

/// <summary>What a job takes on a list of machines, stage by stage, and what of it doesn't fit.</summary>
internal sealed record ClusterPlan
{
    /// <summary>The machines.</summary>
    public required IReadOnlyList<MachineGroup> Machines { get; init; }

    /// <summary>The stages in their order.</summary>
    public required IReadOnlyList<PlannedStage> Stages { get; init; }

    /// <summary>What processes exchange for the choice; null where none is planned or one process is alone.</summary>
    public Traffic? Traffic { get; init; }

    /// <summary>What doesn't fit: found, expected and what to do, a sentence or two each.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Processes, one on each machine.</summary>
    public int Processes => Machines.Sum(m => m.Count);

    /// <summary>Seconds in all.</summary>
    public double Seconds => Stages.Sum(s => s.Seconds);

    /// <summary>Bytes on disk in all.</summary>
    public long DiskBytes => Stages.Sum(s => s.DiskBytes);

    /// <summary>Bytes between processes in all.</summary>
    public long NetworkBytes => Stages.Sum(s => s.NetworkBytes);

    /// <summary>Most bytes of memory of the first process.</summary>
    public double FirstMemory => Stages.Max(s => s.FirstMemory);

    /// <summary>Most bytes of memory of another process.</summary>
    public double OtherMemory => Stages.Max(s => s.OtherMemory);

    /// <summary>The stage that takes longest.</summary>
    public PlannedStage Longest => Stages.MaxBy(s => s.Seconds)!;
}
