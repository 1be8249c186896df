using System.Globalization;

namespace Pursuit.Mpi;

/// <summary>What a launcher says of this process, before any library is loaded.</summary>
/// <param name="Processes">Processes it started, 2 or more.</param>
/// <param name="Rank">This one's number, from 0.</param>
/// <param name="Here">Processes on this machine; 1 where the launcher doesn't say.</param>
/// <param name="Launcher">What started it, for messages.</param>
public sealed record MpiLaunch(int Processes, int Rank, int Here, string Launcher)
{
    /// <summary>This process's launch; null where it was started alone.</summary>
    public static MpiLaunch? Current { get; } = Read(name => Environment.GetEnvironmentVariable(name));

    /// <summary>True where the launcher speaks a protocol that Open MPI doesn't.</summary>
    public bool IsForeign { get; private init; }

    /// <summary>Reads a launch from a launcher's variables.</summary>
    /// <param name="variable">Gives a variable's value, or null.</param>
    internal static MpiLaunch? Read(Func<string, string?> variable)
    {
        if (Number("OMPI_COMM_WORLD_SIZE") is > 1 and var processes)
            return new MpiLaunch(processes, Number("OMPI_COMM_WORLD_RANK") ?? 0, Number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1, "mpirun");
        if (variable("PMIX_RANK") is not null && Number("SLURM_NTASKS") is > 1 and var tasks)
            return new MpiLaunch(tasks, Number("PMIX_RANK") ?? 0, Number("SLURM_NTASKS_PER_NODE") ?? 1, "srun");
        if (Number("PMI_SIZE") is > 1 and var others)
            return new MpiLaunch(
                others, Number("PMI_RANK") ?? 0, 1,
                variable("SLURM_JOB_ID") is null ? "a launcher of MPICH" : "srun without PMIx")
            {
                IsForeign = true,
            };
        return null;

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
