namespace Pursuit.Cli.Tests;

/// <summary>
/// Runs the command line in this process, where a test watches what it does; alone, because it takes the console's streams.
/// </summary>
[CollectionDefinition(nameof(InProcess), DisableParallelization = true)]
public sealed class InProcess
{
    /// <summary>Runs "pursuit"; paths must be absolute.</summary>
    internal static Cli.Outcome Run(params string[] arguments)
    {
        var (output, error) = (System.Console.Out, System.Console.Error);
        using var ownOutput = new StringWriter();
        using var ownError = new StringWriter();
        System.Console.SetOut(ownOutput);
        System.Console.SetError(ownError);
        try
        {
            return new Cli.Outcome(CommandLine.Run(arguments), ownOutput.ToString(), ownError.ToString());
        }
        finally
        {
            System.Console.SetOut(output);
            System.Console.SetError(error);
        }
    }
}
