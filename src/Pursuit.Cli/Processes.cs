using System.CommandLine;
using Pursuit.Distribution;
using Pursuit.Mpi;

namespace Pursuit.Cli;

/// <summary>Runs a command in one process, or in each of those that mpirun or srun started.</summary>
internal static class Processes
{
    private static readonly string[] Shared = ["select", "features"];

    /// <summary>Does a command's work with the processes there are, and ends them all where it fails in one.</summary>
    /// <param name="work">Does it; gives the exit code.</param>
    public static int Run(Func<IProcessGroup, int> work)
    {
        if (MpiLaunch.Current is not { } launch) return work(ProcessGroups.Alone);
        var world = MpiWorld.Start(launch);
        try
        {
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
        throw PursuitException.At($"pursuit {command.Name}", $"{launch.Processes} processes started by {launch.Launcher}", "one", $"Only {string.Join(" and ", Shared)} are shared out; start this one by itself.");
    }

    /// <summary>What is wrong with the input every rank finds; rank 0's word, whose end ends the others, is enough.</summary>
    public static void LetRank0Speak()
    {
        if (MpiLaunch.Current is { Rank: > 0 }) Task.Delay(TimeSpan.FromSeconds(2)).Wait();
    }
}
