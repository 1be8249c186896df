using System.Diagnostics;

namespace Pursuit.Mpi.Tests;

/// <summary>Runs the command line alone or by mpirun, on this machine.</summary>
internal static class Launcher
{
    /// <summary>Open MPI in a container, as root, with fewer cores than ranks, on one machine.</summary>
    private static readonly (string Name, string Value)[] Environment =
    [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
        ("OMPI_MCA_pml", "ob1"),
        ("OMPI_MCA_btl", "self,vader"),
        ("TERM", "dumb"),
    ];

    /// <summary>Why no test can start mpirun here; null where it can.</summary>
    public static string? Missing { get; } = FindMissing();

    /// <summary>The command line's program, for dotnet.</summary>
    public static string CommandLine { get; } = Path.Combine(AppContext.BaseDirectory, "Pursuit.Cli.dll");

    /// <summary>What a run gave.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Runs "pursuit" by itself, with variables that a launcher would set.</summary>
    public static Outcome Alone(string[] arguments, params (string Name, string Value)[] variables) =>
        Finish(Start(0, arguments, variables));

    /// <summary>Runs "mpirun -n N pursuit".</summary>
    public static Outcome Run(int processes, params string[] arguments) => Finish(Start(processes, arguments));

    /// <summary>Starts "mpirun -n N pursuit" and leaves it running; 0 processes start it alone.</summary>
    public static Process Start(int processes, string[] arguments, params (string Name, string Value)[] variables)
    {
        var start =
            new ProcessStartInfo(processes == 0 ? "dotnet" : "mpirun") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment.Concat(variables)) start.Environment[name] = value;
        string[] launch = processes == 0 ? [] : ["--timeout", "240", "-n", $"{processes}", "dotnet"];
        foreach (var argument in (string[])[.. launch, CommandLine, .. arguments]) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end.</summary>
    public static Outcome Finish(Process process)
    {
        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit(300_000).ShouldBeTrue("the job ended within five minutes");
            return new Outcome(process.ExitCode, output, error.GetAwaiter().GetResult());
        }
    }

    /// <summary>The process ids of a job's ranks, in the order they were started.</summary>
    public static int[] RanksOf(Process job) => [.. Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == job.Id)
        .Order()];

    private static int ParentOf(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(
                status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it has ended meanwhile
        }
    }

    private static string? FindMissing()
    {
        var directories = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!directories.Any(d => File.Exists(Path.Combine(d, "mpirun"))))
            return "no mpirun on the path (Debian: apt-get install openmpi-bin)";
        try
        {
            _ = MpiLibrary.Load();
            return null;
        }
        catch (PursuitException e)
        {
            return e.Message;
        }
    }
}
