using System.CommandLine;
using System.Runtime.InteropServices;
using Pursuit.Cli.Output;
using Pursuit.Distribution;
using Pursuit.Mpi;

namespace Pursuit.Cli;

/// <summary>Runs a command in one process, or in each of those that mpirun or srun started.</summary>
internal static class Processes
{
    private static readonly string[] Shared = ["select", "features"];

    /// <summary>Time enough for rank 0 to find the same fault, on a machine under load too.</summary>
    private static readonly TimeSpan Rank0Grace = TimeSpan.FromSeconds(5);

    /// <summary>Does a command's work with the processes there are, and ends them all where it fails in one.</summary>
    /// <param name="work">Does it; gives the exit code.</param>
    public static int Run(Func<IProcessGroup, int> work)
    {
        if (MpiLaunch.Current is not { } launch) return work(ProcessGroups.Alone);
        var world = MpiWorld.Start(launch);
        try
        {
            if (world.Rank == 0 && LaunchedCores.Binding is { } word) Terminal.Line($"Threads   {word}");
            var code = work(world);
            world.Finish();
            return code;
        }
        catch (Exception e)
        {
            LetRank0Speak();
            var code = CommandLine.Report(e);
            world.Abort(code);
            return code;
        }
    }

    /// <summary>Refuses a command that one process does, where several were started.</summary>
    /// <exception cref="PursuitException">It isn't one of those that several processes share.</exception>
    public static void RefuseUnshared(ParseResult parsed)
    {
        if (MpiLaunch.Current is not { } launch || parsed.CommandResult.Command is var command && Shared.Contains(command.Name)) return;
        LetRank0Speak();
        throw PursuitException.At(
            $"pursuit {command.Name}", $"{launch.Processes} processes started by {launch.Launcher}", "one",
            $"Only {string.Join(" and ", Shared)} are shared out; start this one by itself.");
    }

    /// <summary>
    /// What is wrong with the input every rank finds, and one word is enough: rank 0's, whose end ends the others. Another rank waits for
    /// that end, and speaks itself where none comes, because then the fault is its own.
    /// </summary>
    public static void LetRank0Speak()
    {
        if (MpiLaunch.Current is not { Rank: > 0 }) return;
        using var ended = new ManualResetEventSlim();
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => ended.Set()); // what a launcher ends the others by
        if (ended.Wait(Rank0Grace)) Environment.Exit(CommandLine.Failed);
    }
}
