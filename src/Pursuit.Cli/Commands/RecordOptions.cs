using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Data;

namespace Pursuit.Cli.Commands;

/// <summary>Which fields of a pool's records mean what, and which records count: the same for every command with a pool.</summary>
internal sealed class RecordOptions
{
    private readonly Option<string[]> _columns = CommonOptions.Many(
        "--columns", OptionGroup.Input, "FIELD=COLUMN,...", "Read a column as a field with a meaning here, such as "
            + "prompt=question,completion=answer. Records come out as they are.");
    private readonly Option<string?> _where = new ListedOption<string?>(
        "--where", OptionGroup.Input, "CONDITION", "Read only records that fulfill a condition on their fields, such as 'lang = \"en\" and "
            + "length(text) > 200' (docs/formats/filters.md).")
    {
        Default = "all records",
    };

    /// <summary>The options, for a command to add.</summary>
    public IEnumerable<Option> All => [_columns, _where];

    /// <summary>What is read, with what these options say of it.</summary>
    public PoolOptions Of(ParseResult parsed, PoolOptions options) =>
        options with { Columns = Columns(parsed), Where = parsed.GetValue(_where) };

    /// <summary>The columns alone, for files beside a pool.</summary>
    public IReadOnlyDictionary<string, string>? Columns(ParseResult parsed)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var word in CommonOptions.Words(parsed.GetValue(_columns)!))
        {
            var at = word.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == word.Length - 1)
                throw PursuitException.At(_columns.Name, $"'{word}'", "FIELD=COLUMN, such as prompt=question");
            if (!columns.TryAdd(word[..at], word[(at + 1)..]))
                throw PursuitException.At(_columns.Name, $"two columns for '{word[..at]}'", "one");
        }

        return columns.Count > 0 ? columns : null;
    }
}
