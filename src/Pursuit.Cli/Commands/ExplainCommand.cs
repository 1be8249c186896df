using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Jobs;
using Pursuit.Reports.Explanations;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit explain</c>: why an example was or wasn't chosen.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("run") { Description = "The directory of a finished selection, such as selected.run." };
        var id = new ListedOption<string>(
            "--id", OptionGroup.Input, "ID", "The example: its id, the first six or more digits of its content id, or FILE:LINE.")
        {
            Required = true,
        };
        var json = CommonOptions.Json();
        var command = new ToolCommand("explain", "Explains why an example was or wasn't selected.")
        {
            Example = "explain selected.run --id w0002",
        };
        command.Add(directory);
        command.Add(id);
        command.Add(json);
        command.Action = JobAction.Answer((parsed, cancellationToken) =>
            Run(parsed.GetValue(directory)!, parsed.GetValue(id)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static int Run(string directory, string id, bool json, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.OpenToRead(directory);
        var (options, _) = SelectCommand.OptionsOf(run);
        using var progress = new ProgressPrinter();
        var job = new SelectJob(options, progress)
        {
            Features = FeatureCommandOptions.FinishedSource(options, run),
            Statistics = StatisticsCommandOptions.FinishedSource(options, run),
        };
        var explanation = job.Revisit(run, selected => Explainer.Explain(selected, id, cancellationToken), cancellationToken);
        progress.Dispose();
        if (json) Terminal.Json(explanation);
        else ExplanationPrinter.Print(explanation);
        return CommandLine.Done;
    }
}
