using System.Diagnostics;
using Pursuit.Cli.Help;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Help;

/// <summary>The completion scripts name every command and option; bash's is tried in bash.</summary>
public sealed class CompletionTests
{
    private const string Bash = "/bin/bash";

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void A_script_names_every_command_and_option(string shell)
    {
        var run = Cli.Run("completion", shell);
        run.ExitCode.ShouldBe(0, run.Error);
        foreach (var command in CommandLine.Root().Subcommands)
        {
            run.Output.ShouldContain(command.Name);
            foreach (var option in HelpPage.Listed(command))
                run.Output.ShouldContain(shell == "fish" ? $"-l {option.Name[2..]} " : option.Name);
        }

        foreach (var method in MethodRegistry.Methods) run.Output.ShouldContain(method.Name);
    }

    [Theory]
    [InlineData("pursuit se", "select")]
    [InlineData("pursuit select --bud", "--budget")]
    [InlineData("pursuit select --method less-r", "less-round-robin")]
    [InlineData("pursuit features --kind emb", "embedding")]
    [InlineData("pursuit tokenizer tr", "train")]
    [InlineData("pursuit tokenizer train --voc", "--vocab")]
    [InlineData("pursuit methods gt", "gtp")]
    [InlineData("pursuit completion z", "zsh")]
    [InlineData("pursuit select --pool nosuchfi", "")]
    public void Bash_completes(string typed, string expected)
    {
        Assert.SkipUnless(File.Exists(Bash), $"{Bash} isn't here");
        using var directory = new TemporaryDirectory();
        var script = directory.Write("completion.bash", CompletionScript.For("bash", CommandLine.Root()));
        var words = typed.Split(' ');
        var ask = $"source '{script}'; COMP_WORDS=({typed}); COMP_CWORD={words.Length - 1}; _pursuit; printf '%s\\n' \"${{COMPREPLY[@]}}\"";
        var start = new ProcessStartInfo(Bash) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--norc", "-c", ask]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var answer = process.StandardOutput.ReadToEnd();
        process.StandardError.ReadToEnd().ShouldBeEmpty();
        process.WaitForExit();
        answer.Split('\n')[0].ShouldBe(expected);
    }

    [Fact]
    public void Another_shell_is_refused_with_those_there_are()
    {
        var run = Cli.Run("completion", "bahs");
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("expected bash, zsh or fish. Did you mean 'bash'?");
    }
}
