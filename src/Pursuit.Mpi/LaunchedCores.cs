using System.Globalization;

namespace Pursuit.Mpi;

/// <summary>How many of a machine's cores are this process's, by what the system, Slurm and a launcher say.</summary>
internal static class LaunchedCores
{
    /// <summary>This process's.</summary>
    public static int Own { get; } = Of(Environment.ProcessorCount, OfMachine(), Environment.GetEnvironmentVariable);

    /// <summary>A word where mpirun binds processes to fewer cores than they could have; null where it doesn't.</summary>
    public static string? Binding { get; } = BindingOf(Environment.ProcessorCount, OfMachine(), Environment.GetEnvironmentVariable);

    /// <summary>
    /// The cores the system lets it use, unless it shares them: with its launcher's other processes on the machine, or with other jobs
    /// beside Slurm's allotment, where Slurm doesn't bind.
    /// </summary>
    /// <param name="usable">Cores the system lets this process use.</param>
    /// <param name="ofMachine">Cores the machine has.</param>
    /// <param name="variable">Gives a variable's value, or null.</param>
    public static int Of(int usable, int ofMachine, Func<string, string?> variable)
    {
        var perTask = Number(variable, "SLURM_CPUS_PER_TASK") ?? usable;
        return Math.Max(1, Math.Min(usable, Math.Min(perTask, Shared(usable, ofMachine, variable))));
    }

    /// <summary>A word on <see cref="Binding"/>.</summary>
    /// <param name="usable">Cores the system lets this process use.</param>
    /// <param name="ofMachine">Cores the machine has.</param>
    /// <param name="variable">Gives a variable's value, or null.</param>
    public static string? BindingOf(int usable, int ofMachine, Func<string, string?> variable) =>
        IsBound(variable) && Shared(usable, ofMachine, variable) is var share && share > usable
            ? FormattableString.Invariant($"mpirun binds each process to {usable} of {share} cores it could have; ")
                + "'mpirun --bind-to none' lets it use them."
            : null;

    /// <summary>The machine's cores, or those that Slurm allotted, divided by the processes on it.</summary>
    private static int Shared(int usable, int ofMachine, Func<string, string?> variable) =>
        (Number(variable, "SLURM_CPUS_ON_NODE") ?? (IsBound(variable) ? ofMachine : usable)) / Here(variable);

    private static int Here(Func<string, string?> variable) =>
        MpiLaunch.Read(variable) is { Launcher: "mpirun" } launch ? launch.Here : TasksHere(variable) ?? 1;

    /// <summary>Tasks of a step on this machine, of "4(x2),3": two machines with four and one with three.</summary>
    private static int? TasksHere(Func<string, string?> variable)
    {
        if (variable("SLURM_STEP_TASKS_PER_NODE") is not { } text || !Parse(variable("SLURM_NODEID"), out var node)) return null;
        foreach (var part in text.Split(','))
        {
            var pieces = part.Split("(x");
            if (!Parse(pieces[0], out var tasks) || tasks == 0) return null;
            var machines = pieces.Length == 2 && Parse(pieces[1].TrimEnd(')'), out var repeated) ? repeated : 1;
            if (node < machines) return tasks;
            node -= machines;
        }

        return null;
    }

    private static bool IsBound(Func<string, string?> variable) => variable("OMPI_MCA_orte_bound_at_launch") is not null;

    private static int? Number(Func<string, string?> variable, string name) =>
        Parse(variable(name), out var value) && value > 0 ? value : null;

    private static bool Parse(string? text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Cores that are on, whatever this process is bound to.</summary>
    private static int OfMachine()
    {
        try
        {
            return Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*").Count(d => Parse(Path.GetFileName(d)[3..], out _));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Environment.ProcessorCount; // not Linux, or a very small one
        }
    }
}
