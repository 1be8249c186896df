using System.CommandLine;
using System.CommandLine.Invocation;
using Pursuit.Cli.Output;

namespace Pursuit.Cli.Help;

/// <summary>Prints a command's help: the short one for <c>-h</c>, else the long one.</summary>
/// <param name="option">The option that asks for it.</param>
internal sealed class PrintHelp(Option option) : SynchronousCommandLineAction
{
    /// <summary>Help is given whatever else is wrong with the command line.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var isShort = parseResult.GetResult(option)?.IdentifierToken?.Value == "-h";
        Terminal.AnswerLines(HelpPage.Render(parseResult.CommandResult.Command, CommandLine.CommandPath(parseResult).TrimEnd(), !isShort));
        return CommandLine.Done;
    }
}
