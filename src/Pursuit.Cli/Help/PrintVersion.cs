using System.CommandLine;
using System.CommandLine.Invocation;
using Pursuit.Cli.Output;
using Pursuit.Runs;

namespace Pursuit.Cli.Help;

/// <summary>Prints the version that the records of runs have: the package's, and the commit it was built from where known.</summary>
internal sealed class PrintVersion : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Terminal.Answer(RunDirectory.PursuitVersion);
        return CommandLine.Done;
    }
}
