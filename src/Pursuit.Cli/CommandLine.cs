using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Pursuit.Cli.Commands;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Formats;
using Pursuit.Mpi;

namespace Pursuit.Cli;

/// <summary>The commands, and how a run ends: 0 done, 1 it failed, 2 wrong use or bad input, 130 and 143 stopped by a signal.</summary>
internal static class CommandLine
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadInput = 2;

    /// <summary>The tool, under the name people call it by whatever the assembly is named.</summary>
    public static Command Root() => new("pursuit", "Selects, from a large pool of training examples, the small weighted subset that "
        + "trains a language model best, and measures it.")
    {
        Help(),
        new VersionOption { Action = new PrintVersion() },
        SelectCommand.Create(),
        SelectCommand.CreatePrune(),
        DedupCommand.Create(),
        ScoreCommand.Create(),
        FeaturesCommand.Create(),
        PlanCommand.Create(),
        ExplainCommand.Create(),
        ReportCommand.Create(),
        ProveCommand.Create(),
        ValidateCommand.Create(),
        InspectCommand.Create(),
        PretrainCommand.Create(),
        TrainCommand.Create(),
        GenerateCommand.Create(),
        TokenizerCommand.Create(),
        MethodsCommand.Create(),
        ModelsCommand.Create(),
        DoctorCommand.Create(),
        CompletionCommand.Create(),
    };

    public static int Run(string[] args)
    {
        CompressionFormats.Register();
        OnnxLibrary.Register();
        try
        {
            TableFormats.Register();
            var root = Root();
            var parsed = Parse(root, OptionsFile.Expand(args, root));
            RefuseSwallowedOptions(parsed);
            if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
            {
                Processes.LetRank0Speak();
                foreach (var message in parsed.Errors.Select(e => ParseErrorText.Of(e) + Advice(e, parsed)).Distinct())
                    Terminal.Line($"pursuit: {message}");
                Terminal.Line($"See: pursuit {CommandPath(parsed)}--help");
                return BadInput;
            }

            Processes.RefuseUnshared(parsed);
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception e)
        {
            if (args.Contains("--json")) ReportAsJson(e);
            return Report(e);
        }
    }

    /// <summary>Prints the caller's faults part by part, for a program that asked for JSON.</summary>
    private static void ReportAsJson(Exception exception)
    {
        if ((exception as PursuitException ?? exception.InnerException as PursuitException) is not { } fault) return;
        Terminal.Json(new
        {
            Error = new
            {
                Message = fault.Describe(LibraryNames.OnTheCommandLine),
                Faults = fault.Faults.Select(f => new { f.Subject, f.Found, f.Expected, f.Advice }),
            },
        });
    }

    /// <summary>
    /// Parses words as they stand: the one place that does. The library would replace a word '@x' by the lines of file x, so that a
    /// file's name, or a value out of somebody's YAML, could add options.
    /// </summary>
    public static ParseResult Parse(Command root, IReadOnlyList<string> words) =>
#pragma warning disable RS0030 // this is the place
        root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
#pragma warning restore RS0030

    /// <summary>Reports what ended a run, and gives the exit code.</summary>
    public static int Report(Exception exception)
    {
        var (message, code) = exception switch
        {
            PursuitException e => (e.Describe(LibraryNames.OnTheCommandLine), BadInput),
            AggregateException { InnerException: PursuitException e } =>
                (e.Describe(LibraryNames.OnTheCommandLine), BadInput), // one of several threads met bad input
            OperationCanceledException => ("stopped; the same command continues from there.", Failed),
            MpiException e => ($"{e.Message}. Another process or the network is gone; the same command continues from there.", Failed),
            IOException or UnauthorizedAccessException =>
                ($"{exception.Message} Check the path and the free space, and run again.", BadInput),
            OutOfMemoryException e => ($"out of memory ({e.Message}) Use fewer --threads or a smaller --max-length.", Failed),
            _ => ($"the run failed by a bug in Pursuit: {exception}", Failed),
        };
        Terminal.Error(message);
        return code;
    }

    private static HelpOption Help()
    {
        var help = new HelpOption("--help", "-h", "-?") { Recursive = true };
        help.Action = new PrintHelp(help);
        return help;
    }

    /// <summary>A mistyped option behind one that takes several values is read as one more value: no value starts with "--".</summary>
    private static void RefuseSwallowedOptions(ParseResult parsed)
    {
        var options = parsed.CommandResult.Command.Options.Select(o => o.Name).ToArray();
        foreach (var token in parsed.CommandResult.Children.SelectMany(c => c.Tokens))
        {
            if (token.Value.StartsWith("--", StringComparison.Ordinal))
            {
                var word = token.Value.Split('=')[0];
                throw PursuitException.At(
                    token.Value, "no such option", $"one of those that 'pursuit {CommandPath(parsed)}--help' lists",
                    Elsewhere(word, parsed) ?? Suggestion.For(word, options));
            }
        }
    }

    /// <summary>The command's name with those of the commands it belongs to, each with a blank behind it.</summary>
    public static string CommandPath(ParseResult parsed) =>
        string.Concat(Path(parsed.CommandResult).Reverse().Select(name => name + " "));

    private static IEnumerable<string> Path(CommandResult? result)
    {
        for (; result?.Parent is not null; result = result.Parent as CommandResult)
            yield return result.Command.Name;
    }

    /// <summary>The nearest option or command, where a word was not understood.</summary>
    private static string Advice(ParseError error, ParseResult parsed)
    {
        var word = parsed.UnmatchedTokens.FirstOrDefault(t => error.Message.Contains($"'{t}'", StringComparison.Ordinal));
        if (word is null) return "";
        var command = parsed.CommandResult.Command;
        var names = word.StartsWith('-') ? command.Options.Select(o => o.Name) : command.Subcommands.Select(c => c.Name);
        word = word.Split('=')[0];
        return (Elsewhere(word, parsed) ?? Suggestion.For(word, names)) is { } advice ? " " + advice : "";
    }

    /// <summary>The commands that have an option which this one lacks; null where none has.</summary>
    private static string? Elsewhere(string option, ParseResult parsed)
    {
        string[] commands =
        [
            .. parsed.RootCommandResult.Command.Subcommands.Where(c => c.Options.Any(o => !o.Recursive && o.Name == option))
                .Select(c => $"'pursuit {c.Name}'"),
        ];
        return commands.Length == 0 ? null : $"It is an option of {string.Join(", ", commands)}.";
    }
}
