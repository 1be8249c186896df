using System.CommandLine;
using System.CommandLine.Invocation;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Distribution;
using Pursuit.Engine.Models;
using Pursuit.Jobs;

namespace Pursuit.Cli;

/// <summary>
/// The one way in which a command runs: signals stop it at a safe point, and it begins only when nothing that it writes is anything
/// that it reads.
/// </summary>
internal sealed class JobAction : SynchronousCommandLineAction
{
    private readonly Func<ParseResult, JobFiles> _files;
    private readonly Func<ParseResult, string?> _run;
    private readonly Func<ParseResult, IProcessGroup, CancellationToken, int> _work;

    /// <param name="files">What the command reads and writes, beside its --config.</param>
    /// <param name="run">The run's directory; null where it has none.</param>
    /// <param name="work">Does the work; gives the exit code.</param>
    public JobAction(
        Func<ParseResult, JobFiles> files, Func<ParseResult, string?> run, Func<ParseResult, IProcessGroup, CancellationToken, int> work) =>
        (_files, _run, _work) = (files, run, work);

    /// <summary>A command that writes nothing but its answer.</summary>
    /// <param name="work">Does the work; gives the exit code.</param>
    public static JobAction Answer(Func<ParseResult, CancellationToken, int> work) =>
        new(_ => new JobFiles(), _ => null, (parsed, _, token) => work(parsed, token));

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        using var signals = StopSignals.Listen();
        try
        {
            return Processes.Run(group =>
            {
                if (group.Rank == 0)
                {
                    Prepare(parseResult);
                    Remark(parseResult);
                }

                return _work(parseResult, group, signals.Token);
            });
        }
        catch (Exception e) when (signals.IsStop(e))
        {
            Terminal.Error(signals.Words(_run(parseResult)));
            return signals.ExitCode;
        }
    }

    /// <summary>Says of a model that is used in part which part that is.</summary>
    private static void Remark(ParseResult parsed)
    {
        foreach (var option in parsed.CommandResult.Command.Options.Where(o => o is ListedOption<string?> { IsModel: true }))
        {
            var directory = parsed.GetResult(option)?.GetValueOrDefault<string?>();
            if (directory is not null && ModelConfigReader.Remark(directory) is { } remark)
                Terminal.Line($"Note      {remark}.");
        }
    }

    private void Prepare(ParseResult parsed)
    {
        var files = _files(parsed);
        foreach (var option in parsed.CommandResult.Command.Options.Where(o => o.Name == OptionsFile.ConfigOption))
            files.Reads(option.Name, parsed.GetResult(option)?.GetValueOrDefault<string?>());
        files.Refuse();
        files.RefuseWithinRuns();
        files.Sweep();
    }
}
