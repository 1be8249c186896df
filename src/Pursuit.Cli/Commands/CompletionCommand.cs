using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit completion SHELL</c>: prints the script by which a shell completes the tool's commands and options.</summary>
internal static class CompletionCommand
{
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = $"The shell: {WordOption.AnyOf(CompletionScript.Shells)}." };
        shell.CompletionSources.Add(CompletionScript.Shells.ToArray());
        var command = new ToolCommand("completion", "Prints a script that completes commands, options and values in a shell.")
        {
            Example = "completion bash",
            Details =
            [
                "For bash, add to ~/.bashrc: eval \"$(pursuit completion bash)\"",
                "For zsh, add to ~/.zshrc behind compinit: eval \"$(pursuit completion zsh)\"",
                "For fish: pursuit completion fish > ~/.config/fish/completions/pursuit.fish",
            ],
        };
        command.Add(shell);
        command.Action = JobAction.Answer((parsed, _) => Run(parsed.GetValue(shell)!));
        return command;
    }

    private static int Run(string shell)
    {
        if (!CompletionScript.Shells.Contains(shell))
            throw PursuitException.At(
                "completion", $"'{shell}'", WordOption.AnyOf(CompletionScript.Shells), Suggestion.For(shell, CompletionScript.Shells));
        Terminal.AnswerLines(CompletionScript.For(shell, CommandLine.Root()));
        return CommandLine.Done;
    }
}
