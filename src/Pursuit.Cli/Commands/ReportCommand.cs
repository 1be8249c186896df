using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Reports;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit report</c>: builds the report of a finished run again.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("run") { Description = "The directory of a finished run, such as selected.run." };
        var to = new ListedOption<string?>("--out", OptionGroup.Output, "DIR", "The directory that gets report.html and report.json.")
        {
            Default = "the run's own, or one named after it in the current directory if that can't be written",
            IsCommon = true,
        };
        var json = CommonOptions.Json();
        var command = new ToolCommand("report", "Rebuilds the report of a finished run.") { Example = "report selected.run" };
        command.Add(directory);
        command.Add(to);
        command.Add(json);
        command.Action = JobAction.Answer((parsed, cancellationToken) =>
            Run(parsed.GetValue(directory)!, parsed.GetValue(to), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static int Run(string directory, string? to, bool json, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.OpenToRead(directory);
        return ProofReportFiles.Read(run) is { } proof ? Proof(run, proof, to, json) : Selection(run, to, json, cancellationToken);
    }

    private static int Proof(RunDirectory run, ProofReport proof, string? to, bool json)
    {
        var command = ProveCommand.CommandOf(run);
        var page = Write(run, to, directory => ProofReportFiles.Write(directory, proof, command));
        foreach (var verdict in proof.Verdicts) Terminal.Line(verdict);
        Terminal.Line($"Report    {Terminal.Short(page)}");
        if (json) Terminal.Json(proof);
        return CommandLine.Done;
    }

    private static int Selection(RunDirectory run, string? to, bool json, CancellationToken cancellationToken)
    {
        var (options, command) = SelectCommand.OptionsOf(run);
        var summary = SelectSummary.Of(run);
        using var progress = new ProgressPrinter();
        var job = new SelectJob(options, progress) { Features = FeatureCommandOptions.FinishedSource(options, run) };
        var report = job.Revisit(
            run, selected => SelectReportBuilder.Build(selected, summary, command, progress, cancellationToken), cancellationToken);
        var page = Write(run, to, directory => SelectReportFiles.Write(directory, report));
        progress.Dispose();
        Terminal.Line(report.Headline);
        Terminal.Line($"Report    {Terminal.Short(page)}");
        if (json) Terminal.Json(report);
        return CommandLine.Done;
    }

    /// <summary>Writes the report where it was asked for; else into the run, or here if the run can't be written.</summary>
    private static string Write(RunDirectory run, string? to, Func<string, string> write)
    {
        if (to is not null) return write(to);
        try
        {
            return write(run.FullPath);
        }
        catch (PursuitException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            var here = Path.GetFullPath(Path.GetFileNameWithoutExtension(run.FullPath) + ".report");
            Terminal.Line($"Note      {e.Describe(LibraryNames.OnTheCommandLine)} The report goes to {Terminal.Short(here)} instead.");
            return write(here);
        }
    }
}
