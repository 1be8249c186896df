using System.Diagnostics;
using System.Text.Json;

namespace Pursuit.Cli.Tests;

/// <summary>Runs the command line as a process: its real exit code and its two streams.</summary>
internal static class Cli
{
    /// <summary>What a run gave.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        /// <summary>Standard output as one JSON value.</summary>
        public JsonElement Json => JsonDocument.Parse(Output).RootElement;
    }

    /// <summary>Runs "pursuit" with some arguments.</summary>
    public static Outcome Run(params string[] arguments) => RunIn(Path.GetTempPath(), arguments);

    /// <summary>Runs "pursuit" in a working directory.</summary>
    public static Outcome RunIn(string directory, params string[] arguments) => Finish(Start(directory, arguments));

    /// <summary>Waits for the end of a command that was started.</summary>
    public static Outcome Finish(Process process)
    {
        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit(300_000).ShouldBeTrue("the command ended within five minutes");
            return new Outcome(process.ExitCode, output, error.GetAwaiter().GetResult());
        }
    }

    /// <summary>Starts "pursuit" and leaves it running.</summary>
    public static Process Start(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Pursuit.Cli.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
