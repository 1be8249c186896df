using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Pursuit.Cli.Help;

/// <summary>
/// Scripts by which a shell completes commands, options and the words that are values of options; files elsewhere. They hold all names
/// themselves, so a completion starts no process.
/// </summary>
internal static class CompletionScript
{
    /// <summary>The shells there are scripts for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    private static readonly string[] HelpNames = ["-h", "--help"];

    /// <summary>The script for a shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="root">The tool with its commands.</param>
    public static string For(string shell, Command root) => shell switch
    {
        "bash" => Bash(root),
        "zsh" => Zsh(root),
        _ => Fish(root),
    };

    /// <summary>The words that can be a command's argument.</summary>
    private static IEnumerable<string> ArgumentWords(Command command) => command.Arguments
        .SelectMany(a => a.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty))
        .Select(c => c.Label);

    private static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(c => !c.Hidden);

    private static IReadOnlyList<string> Words(Option option) => ((IListedOption)option).Words;

    private static string FirstSentence(Symbol symbol)
    {
        var text = symbol.Description ?? "";
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    private static string Bash(Command root)
    {
        var text = new StringBuilder("""
            # Completion of 'pursuit' for bash: eval "$(pursuit completion bash)"
            _pursuit() {
                local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" names="" values=""
                COMPREPLY=()
                if ((COMP_CWORD == 1)); then

            """);
        text.Append(CultureInfo.InvariantCulture, "        COMPREPLY=($(compgen -W "
            + $"'{string.Join(' ', Visible(root).Select(c => c.Name).Concat(HelpNames).Append("--version"))}' -- \"$word\"))\n");
        text.Append("        return\n    fi\n    case \"${COMP_WORDS[1]} $before\" in\n");
        foreach (var command in Visible(root))
        {
            foreach (var option in HelpPage.Listed(command).Where(o => Words(o).Count > 0))
                text.Append(CultureInfo.InvariantCulture, $"        '{command.Name} {option.Name}') "
                    + $"values='{string.Join(' ', Words(option))}' ;;\n");
        }

        text.Append("    esac\n    case \"${COMP_WORDS[1]}\" in\n");
        foreach (var command in Visible(root))
        {
            var names = Names(command).Concat(Visible(command).SelectMany(Names)).Concat(HelpNames).Distinct();
            text.Append(CultureInfo.InvariantCulture, $"        {command.Name}) names='{string.Join(' ', names)}'");
            var positional = ArgumentWords(command).Concat(Visible(command).Select(c => c.Name)).ToList();
            if (positional.Count > 0) text.Append(CultureInfo.InvariantCulture, "; ((COMP_CWORD == 2)) && "
                + $"values='{string.Join(' ', positional)}'");
            text.Append(" ;;\n");
        }

        text.Append("""
                esac
                if [[ $word == -* ]]; then
                    COMPREPLY=($(compgen -W "$names" -- "$word"))
                elif [[ -n $values ]]; then
                    COMPREPLY=($(compgen -W "$values" -- "$word"))
                fi
            }
            complete -o bashdefault -o default -F _pursuit pursuit

            """);
        return text.ToString();

        static IEnumerable<string> Names(Command command) => HelpPage.Listed(command).Select(o => o.Name);
    }

    private static string Zsh(Command root)
    {
        var text = new StringBuilder("""
            #compdef pursuit
            # Completion of 'pursuit' for zsh: pursuit completion zsh > "${fpath[1]}/_pursuit", or eval "$(pursuit completion zsh)"
            _pursuit() {
                local -a commands
                commands=(

            """);
        foreach (var command in Visible(root))
            text.Append(CultureInfo.InvariantCulture, $"        '{command.Name}:{InSingleQuotes(FirstSentence(command))}'\n");
        text.Append("    )\n    if ((CURRENT == 2)); then\n        _describe 'command' commands\n        _arguments '-h[print the "
            + "most used options]' '--help[print all options]' '--version[print the version]'\n        return\n    fi\n");
        text.Append("    case \"${words[2]}\" in\n");
        foreach (var command in Visible(root))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {command.Name})\n            _arguments -S '1: :' '-h[print the most "
                + "used options]' '--help[print all options]'");
            foreach (var option in HelpPage.Listed(command).Concat(Visible(command).SelectMany(HelpPage.Listed)).DistinctBy(o => o.Name))
                text.Append(" \\\n                ").Append(ZshOption(option));
            var positional = ArgumentWords(command).Concat(Visible(command).Select(c => c.Name)).ToList();
            if (positional.Count > 0) text.Append(CultureInfo.InvariantCulture, " \\\n                "
                + $"'2:value:({string.Join(' ', positional)})'");
            text.Append(" \\\n                '*:file:_files'\n            ;;\n");
        }

        text.Append("    esac\n}\n[[ ${funcstack[1]} == _pursuit ]] && _pursuit || compdef _pursuit pursuit\n");
        return text.ToString();
    }

    private static string ZshOption(Option option)
    {
        var description = InSingleQuotes(FirstSentence(option)).Replace("[", "\\[", StringComparison.Ordinal).Replace(
            "]", "\\]", StringComparison.Ordinal);
        var repeated = option.AllowMultipleArgumentsPerToken ? "*" : "";
        if (option.HelpName is not { } value) return $"'{repeated}{option.Name}[{description}]'";
        var values = Words(option).Count > 0 ? $"({string.Join(' ', Words(option))})" : "_files";
        return $"'{repeated}{option.Name}[{description}]:{value}:{values}'";
    }

    private static string Fish(Command root)
    {
        var text = new StringBuilder("# Completion of 'pursuit' for fish: pursuit completion fish > "
            + "~/.config/fish/completions/pursuit.fish\n");
        text.Append("complete -c pursuit -n __fish_use_subcommand -l version -d 'Print the version'\n");
        text.Append("complete -c pursuit -s h -d 'Print the most used options'\ncomplete -c pursuit -l help -d 'Print all options'\n");
        foreach (var command in Visible(root))
        {
            text.Append(CultureInfo.InvariantCulture, $"complete -c pursuit -f -n __fish_use_subcommand -a {command.Name} -d "
                + $"'{FishQuoted(FirstSentence(command))}'\n");
            var after = $"complete -c pursuit -n '__fish_seen_subcommand_from {command.Name}'";
            foreach (var option in HelpPage.Listed(command).Concat(Visible(command).SelectMany(HelpPage.Listed)).DistinctBy(o => o.Name))
            {
                var values = Words(option).Count > 0 ? $" -x -a '{string.Join(' ', Words(option))}'" : option.HelpName is null ? "" : " -r";
                text.Append(CultureInfo.InvariantCulture, $"{after} -l {option.Name[2..]}{values} -d "
                    + $"'{FishQuoted(FirstSentence(option))}'\n");
            }

            var positional = ArgumentWords(command).Concat(Visible(command).Select(c => c.Name)).ToList();
            if (positional.Count > 0) text.Append(CultureInfo.InvariantCulture, $"{after} -f -a '{string.Join(' ', positional)}'\n");
        }

        return text.ToString();
    }

    private static string InSingleQuotes(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);

    private static string FishQuoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
}
