using System.CommandLine;
using Pursuit.Cli.Output;
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
        var json = CommonOptions.Json();
        var command = new Command("report", "Builds the report of a finished run again, from what the run kept.") { directory, json };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed.GetValue(directory)!, parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static int Run(string directory, bool json, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.OpenExisting(directory);
        return ProofReportFiles.Read(run) is { } proof ? Proof(run, proof, json) : Selection(run, json, cancellationToken);
    }

    private static int Proof(RunDirectory run, ProofReport proof, bool json)
    {
        var page = ProofReportFiles.Write(run.FullPath, proof, ProveCommand.CommandOf(run));
        foreach (var verdict in proof.Verdicts) Terminal.Line(verdict);
        Terminal.Line($"Report    {Terminal.Short(page)}");
        if (json) Terminal.Json(proof);
        return CommandLine.Done;
    }

    private static int Selection(RunDirectory run, bool json, CancellationToken cancellationToken)
    {
        var options = SelectCommand.OptionsOf(run);
        var summary = SelectSummary.Of(run);
        using var progress = new ProgressPrinter();
        var report = new SelectJob(options, progress) { Features = FeatureCommandOptions.FinishedSource(options, run) }.Revisit(run, selected => SelectReportBuilder.Build(selected, summary, options.Command!, progress, cancellationToken), cancellationToken);
        var page = SelectReportFiles.Write(run.FullPath, report);
        progress.Dispose();
        Terminal.Line(report.Headline);
        Terminal.Line($"Report    {Terminal.Short(page)}");
        if (json) Terminal.Json(report);
        return CommandLine.Done;
    }
}
