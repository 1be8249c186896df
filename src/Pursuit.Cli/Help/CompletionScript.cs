using System.CommandLine;
using System.CommandLine.Completions;

namespace Pursuit.Cli.Help;

/// <summary>
/// Scripts by which a shell completes commands, options and the words that are values of options; files elsewhere. They hold all names
/// themselves, so a completion starts no process.
/// </summary>
internal static class CompletionScript
{
    /// <summary>The shells there are scripts for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The script for a shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="root">The tool with its commands.</param>
    public static string For(string shell, Command root)
    {
        IEnumerable<Completed> commands = [.. root.Subcommands.Where(c => !c.Hidden).Select(c => new Completed(c))];
        var lines = shell switch
        {
            "bash" => Bash([.. commands]),
            "zsh" => Zsh([.. commands]),
            _ => Fish([.. commands]),
        };
        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<string> Bash(IReadOnlyList<Completed> commands) =>
    [
        "# Completion of 'pursuit' for bash: eval \"$(pursuit completion bash)\"",
        "_pursuit() {",
        "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" names='' values=''",
        "    COMPREPLY=()",
        "    if ((COMP_CWORD == 1)); then",
        $"        COMPREPLY=($(compgen -W '{string.Join(' ', commands.Select(c => c.Name))} -h --help --version' -- \"$word\"))",
        "        return",
        "    fi",
        "    case \"${COMP_WORDS[1]} $before\" in",
        .. commands.SelectMany(c => c.Options
            .Where(o => Words(o).Length > 0)
            .Select(o => $"        '{c.Name} {o.Name}') values='{Words(o)}' ;;")),
        "    esac",
        "    case \"${COMP_WORDS[1]}\" in",
        .. commands.Select(c => $"        {c.Name}) names='{string.Join(' ', c.Options.Select(o => o.Name))} -h --help'{First(c)} ;;"),
        "    esac",
        "    if [[ $word == -* ]]; then",
        "        COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))",
        "    elif [[ -n $values ]]; then",
        "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))",
        "    fi",
        "}",
        "complete -o bashdefault -o default -F _pursuit pursuit",
    ];

    private static string First(Completed command) => command.Words.Length > 0 ? $"; ((COMP_CWORD == 2)) && values='{command.Words}'" : "";

    private static IEnumerable<string> Zsh(IReadOnlyList<Completed> commands) =>
    [
        "#compdef pursuit",
        "# Completion of 'pursuit' for zsh: eval \"$(pursuit completion zsh)\", or in a file _pursuit of a directory in fpath",
        "_pursuit() {",
        "    local -a commands",
        "    commands=(",
        .. commands.Select(c => $"        '{c.Name}:{InSingleQuotes(c.Description)}'"),
        "    )",
        "    if ((CURRENT == 2)); then",
        "        _describe 'command' commands",
        "        return",
        "    fi",
        "    case \"${words[2]}\" in",
        .. commands.SelectMany(ZshCommand),
        "    esac",
        "}",
        "[[ ${funcstack[1]} == _pursuit ]] && _pursuit || compdef _pursuit pursuit",
    ];

    private static IEnumerable<string> ZshCommand(Completed command) =>
    [
        $"        {command.Name})",
        "            _arguments -S '1: :' '-h[Print the most used options]' '--help[Print all options]' \\",
        .. command.Options.Select(o => $"                {ZshOption(o)} \\"),
        command.Words.Length > 0 ? $"                '2:value:({command.Words})' '*:file:_files'" : "                '*:file:_files'",
        "            ;;",
    ];

    private static string ZshOption(Option option)
    {
        var description = InSingleQuotes(Completed.FirstSentence(option)).Replace("[", "\\[", StringComparison.Ordinal);
        description = description.Replace("]", "\\]", StringComparison.Ordinal);
        var repeated = option.AllowMultipleArgumentsPerToken ? "*" : "";
        var value = option.HelpName is null ? "" : $":value:{(Words(option).Length > 0 ? $"({Words(option)})" : "_files")}";
        return $"'{repeated}{option.Name}[{description}]{value}'";
    }

    private static IEnumerable<string> Fish(IReadOnlyList<Completed> commands) =>
    [
        "# Completion of 'pursuit' for fish: pursuit completion fish > ~/.config/fish/completions/pursuit.fish",
        "complete -c pursuit -n __fish_use_subcommand -l version -d 'Print the version'",
        "complete -c pursuit -s h -d 'Print the most used options'",
        "complete -c pursuit -l help -d 'Print all options'",
        .. commands.SelectMany(FishCommand),
    ];

    private static IEnumerable<string> FishCommand(Completed command)
    {
        yield return $"complete -c pursuit -f -n __fish_use_subcommand -a {command.Name} -d '{FishQuoted(command.Description)}'";
        var after = $"complete -c pursuit -n '__fish_seen_subcommand_from {command.Name}'";
        foreach (var option in command.Options)
        {
            var value = Words(option).Length > 0 ? $" -x -a '{Words(option)}'" : option.HelpName is null ? "" : " -r";
            yield return $"{after} -l {option.Name[2..]}{value} -d '{FishQuoted(Completed.FirstSentence(option))}'";
        }

        if (command.Words.Length > 0) yield return $"{after} -f -a '{command.Words}'";
    }

    private static string Words(Option option) => string.Join(' ', ((IListedOption)option).Words);

    private static string InSingleQuotes(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);

    private static string FishQuoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);

    /// <summary>What is completed behind a command's name: its own options and those of the commands within it.</summary>
    private sealed class Completed(Command command)
    {
        public string Name => command.Name;

        public string Description { get; } = FirstSentence(command);

        public IReadOnlyList<Option> Options { get; } =
            [.. HelpPage.Listed(command).Concat(command.Subcommands.SelectMany(HelpPage.Listed)).DistinctBy(o => o.Name)];

        /// <summary>The words that can come first behind its name: a command within it, or an argument's values.</summary>
        public string Words { get; } = string.Join(' ', command.Subcommands.Select(c => c.Name)
            .Concat(command.Arguments.SelectMany(a => a.GetCompletions(CompletionContext.Empty)).Select(c => c.Label)));

        public static string FirstSentence(Symbol symbol)
        {
            var text = symbol.Description ?? "";
            var end = text.IndexOf(". ", StringComparison.Ordinal);
            return (end < 0 ? text : text[..end]).TrimEnd('.');
        }
    }
}
