using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Filtering;

/// <summary>
/// A condition on records' own fields, such as <c>lang = "en" and length(text) &gt; 200</c>; see docs/formats/filters.md.
/// </summary>
internal sealed class RecordFilter
{
    private readonly ICondition _condition;

    private RecordFilter(string text, ICondition condition) => (Text, _condition) = (text, condition);

    /// <summary>The filter as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a filter.</summary>
    /// <exception cref="PursuitException">It is none; the message has the column.</exception>
    public static RecordFilter Parse(string text) => new(text, new FilterParser(FilterLexer.Read(text)).Read());

    /// <summary>
    /// Whether a record is left out: the condition doesn't hold, or can't be told. What is no object stays, for it is no record anyway.
    /// </summary>
    public bool LeavesOut(JsonTape record) => record.Kind(JsonTape.Root) == JsonTokenType.StartObject && _condition.Holds(record) != true;

    /// <summary>What is wrong at a column.</summary>
    internal static PursuitException Fault(int column, string found, string expected) => PursuitException.At(
        ApiName.Where, FormattableString.Invariant($"column {column}: {found}"), expected,
        "docs/formats/filters.md has the whole language.");
}
