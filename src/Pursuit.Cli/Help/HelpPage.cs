using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Pursuit.Cli.Help;

/// <summary>
/// A command's help. The short one has the usage, the most used options, each in a sentence, and one example; the long one has all
/// options under their headings.
/// </summary>
internal sealed class HelpPage
{
    /// <summary>Columns of a page at most.</summary>
    public const int Width = 100;

    /// <summary>Columns of a name before its description begins on the next line.</summary>
    private const int WidestName = 30;

    /// <summary>Options that the short help lists whether or not they are common.</summary>
    private const int FewOptions = 4;
    private const string Program = "pursuit";

    private readonly StringBuilder _text = new();
    private readonly Command _command;
    private readonly string _path;
    private readonly bool _isLong;

    private HelpPage(Command command, string path, bool isLong) => (_command, _path, _isLong) = (command, path, isLong);

    /// <summary>A command's page, with the end of its last line.</summary>
    /// <param name="command">The command.</param>
    /// <param name="path">Its name with those of the commands it belongs to: "tokenizer train"; empty for the tool itself.</param>
    /// <param name="isLong">True for all options.</param>
    public static string Render(Command command, string path, bool isLong)
    {
        var page = new HelpPage(command, path, isLong);
        page.Write();
        return page._text.ToString();
    }

    /// <summary>The options that a page lists: those that have a place.</summary>
    public static IEnumerable<Option> Listed(Command command) => command.Options.Where(o => o is IListedOption && !o.Hidden);

    /// <summary>"--budget &lt;AMOUNT&gt;", with "..." behind the value where several are taken; a flag's name alone.</summary>
    public static string Label(Option option) => option.HelpName is { Length: > 0 } value
        ? $"{option.Name} <{value}>{(option.AllowMultipleArgumentsPerToken ? "..." : "")}"
        : option.Name;

    private void Write()
    {
        Paragraph(_command.Description ?? "", 0);
        _text.Append('\n');
        Paragraph($"Usage: {Usage()}", 0, hanging: 7);
        if (_isLong && _command is ToolCommand { Details.Count: > 0 } tool)
        {
            foreach (var detail in tool.Details)
            {
                _text.Append('\n');
                Paragraph(detail, 0);
            }
        }

        if (_command.Arguments.Count > 0)
            Section("Arguments", [.. _command.Arguments.Select(a => (ArgumentLabel(a), Sentences(a.Description ?? "")))]);
        if (_command.Subcommands.Count > 0)
            Section("Commands", [.. _command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))]);
        Options();
        if (_command is ToolCommand { Example: var example })
        {
            _text.Append("\nExample:\n");
            Paragraph($"{Program} {example}", 2, hanging: 4, breaks: " \\");
        }

        Closing();
    }

    /// <summary>What one can't do without, what most people use, and everything where that is little.</summary>
    private bool IsInShort(Option option) =>
        option.Required || ((IListedOption)option).IsCommon || Listed(_command).Count() <= FewOptions;

    private string Usage()
    {
        var words = new List<string> { Program };
        if (_path.Length > 0) words.Add(_path);
        words.AddRange(_command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{ArgumentLabel(a)}]" : ArgumentLabel(a)));
        words.AddRange(Listed(_command).Where(o => o.Required).Select(Label));
        if (_command.Subcommands.Count > 0) words.Add("<COMMAND>");
        if (Listed(_command).Any(o => !o.Required)) words.Add("[OPTIONS]");
        return string.Join(' ', words);
    }

    private void Options()
    {
        var listed = Listed(_command).ToList();
        if (listed.Count == 0) return;
        if (!_isLong)
        {
            Section("Options", [.. listed.Where(IsInShort).Select(o => (Label(o), FirstSentence(o.Description ?? "")))]);
            return;
        }

        foreach (var group in listed.GroupBy(o => ((IListedOption)o).Group).OrderBy(g => g.Key))
            Section(Heading(group.Key), [.. group.Select(o => (Label(o), Description(o)))]);
        Section("Help", [("-h", "Print the usage and the most used options."), ("--help", "Print all options.")]);
    }

    private void Closing()
    {
        var all = Listed(_command).ToList();
        _text.Append('\n');
        if (_command.Subcommands.Count > 0)
        {
            Paragraph($"Run '{Program} {(_path.Length > 0 ? _path + " " : "")}COMMAND -h' for the most used options of a command, and "
                + "with --help for all of them.", 0);
            if (_path.Length == 0) Paragraph($"'{Program} --version' prints the version.", 0);
        }
        else if (!_isLong && !all.All(IsInShort))
        {
            Paragraph($"'{Program} {_path} --help' describes all {all.Count} options.", 0);
        }
        else
        {
            _text.Length--;
        }
    }

    private static string Heading(OptionGroup group) => group == OptionGroup.Adapters ? "LoRA adapters" : group.ToString();

    private static string ArgumentLabel(Argument argument) =>
        $"<{argument.HelpName ?? argument.Name.ToUpperInvariant()}>{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";

    /// <summary>The description, then the default or that there must be a value.</summary>
    private static string Description(Option option)
    {
        var text = option.Description ?? "";
        if (option.Required) return text + " Required.";
        return Default(option) is { Length: > 0 } value ? $"{text} Default: {value}." : text;
    }

    private static string? Default(Option option)
    {
        if (option is IListedOption { Default: { } named }) return named;
        if (option.HelpName is null || !option.HasDefaultValue) return null;
        return option.GetDefaultValue() switch
        {
            null => null,
            string text => text,
            Enum word => word.ToString().ToLowerInvariant(),
            IEnumerable several => string.Join(' ', several.Cast<object>()),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString(),
        };
    }

    private string Sentences(string description) => _isLong ? description : FirstSentence(description);

    private static string FirstSentence(string description) =>
        description.IndexOf(". ", StringComparison.Ordinal) is >= 0 and var end ? description[..(end + 1)] : description;

    private void Section(string title, IReadOnlyList<(string Name, string Text)> rows)
    {
        var column = Math.Min(WidestName, rows.Max(r => r.Name.Length)) + 4;
        _text.Append(CultureInfo.InvariantCulture, $"\n{title}:\n");
        foreach (var (name, text) in rows)
        {
            _text.Append("  ").Append(name);
            if (name.Length + 4 > column) _text.Append('\n').Append(' ', column);
            else _text.Append(' ', column - name.Length - 2);
            Paragraph(text, 0, hanging: column, from: column);
        }
    }

    /// <summary>Words in lines of the page's width.</summary>
    /// <param name="text">The words.</param>
    /// <param name="indent">Blanks before the first line.</param>
    /// <param name="hanging">Blanks before the others.</param>
    /// <param name="from">Columns of the first line that are taken.</param>
    /// <param name="breaks">What ends a line that another follows.</param>
    private void Paragraph(string text, int indent, int hanging = 0, int from = 0, string breaks = "")
    {
        _text.Append(' ', indent);
        var at = from + indent;
        var first = true;
        foreach (var word in text.Split(' '))
        {
            if (!first && at + 1 + word.Length + breaks.Length > Width)
            {
                _text.Append(breaks).Append('\n').Append(' ', hanging);
                at = hanging;
            }
            else if (!first)
            {
                _text.Append(' ');
                at++;
            }

            _text.Append(word);
            at += word.Length;
            first = false;
        }

        _text.Append('\n');
    }
}
