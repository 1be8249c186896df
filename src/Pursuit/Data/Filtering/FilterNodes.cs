using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pursuit.Data.Json;

namespace Pursuit.Data.Filtering;

/// <summary>A condition on a record: true, false, or unknown (null), as in SQL.</summary>
internal interface ICondition
{
    bool? Holds(JsonTape record);
}

/// <summary>Something of a record that can be compared.</summary>
internal interface IOperand
{
    FilterValue Of(JsonTape record);
}

/// <summary>A field, or one within it.</summary>
/// <param name="path">The names from the outside in; of a list the item's number from 0.</param>
internal sealed class FieldOperand(IReadOnlyList<string> path) : IOperand, ICondition
{
    private readonly byte[][] _path = [.. path.Select(Encoding.UTF8.GetBytes)];

    public FilterValue Of(JsonTape record) => FilterValue.Of(record, Find(record));

    /// <summary>A field by itself holds where it is true.</summary>
    public bool? Holds(JsonTape record) => Of(record).Truth;

    /// <summary>The value's node; -1 where there is none, or null.</summary>
    public int Find(JsonTape record)
    {
        var node = JsonTape.Root;
        foreach (var name in _path)
        {
            node = record.Kind(node) switch
            {
                JsonTokenType.StartObject => record.FindValue(node, name),
                JsonTokenType.StartArray => Item(record, node, name),
                _ => -1,
            };
            if (node < 0) return -1;
        }

        return node;
    }

    private static int Item(JsonTape record, int list, byte[] number)
    {
        if (!int.TryParse(number, out var index)) return -1;
        var item = record.First(list);
        for (; index > 0 && item >= 0; index--) item = record.NextItem(list, item);
        return item >= 0 && record.Kind(item) == JsonTokenType.Null ? -1 : item;
    }
}

/// <summary>A value that the filter itself names.</summary>
internal sealed class LiteralOperand(FilterValue value) : IOperand, ICondition
{
    public FilterValue Of(JsonTape record) => value;

    public bool? Holds(JsonTape record) => value.Truth;
}

/// <summary>How long a field is: a text's characters (Unicode code points), a list's items, an object's fields.</summary>
internal sealed class LengthOperand(FieldOperand field) : IOperand
{
    public FilterValue Of(JsonTape record)
    {
        var node = field.Find(record);
        if (node < 0) return default;
        double? length = record.Kind(node) switch
        {
            JsonTokenType.String => Characters(record, node),
            JsonTokenType.StartArray => record.CountItems(node),
            JsonTokenType.StartObject => Fields(record, node),
            _ => null,
        };
        return new FilterValue(null, length, null);
    }

    private static int Characters(JsonTape record, int node)
    {
        if (record.IsEscaped(node)) return record.Text(node).EnumerateRunes().Count();
        var count = 0;
        foreach (var b in record.Raw(node)) count += (b & 0xC0) == 0x80 ? 0 : 1; // every byte of UTF-8 but those that go on
        return count;
    }

    private static int Fields(JsonTape record, int node)
    {
        var count = 0;
        for (var key = record.First(node); key >= 0; key = record.NextKey(node, key)) count++;
        return count;
    }
}

/// <summary>Two values compared.</summary>
internal sealed class Comparison(IOperand left, string sign, IOperand right) : ICondition
{
    public bool? Holds(JsonTape record)
    {
        if (left.Of(record).CompareTo(right.Of(record)) is not { } order) return null;
        return sign switch
        {
            "=" or "==" => order == 0,
            "!=" or "<>" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }
}

/// <summary>A value among several.</summary>
internal sealed class Membership(IOperand value, IReadOnlyList<FilterValue> list) : ICondition
{
    public bool? Holds(JsonTape record)
    {
        var found = value.Of(record);
        return found == default ? null : list.Any(item => found.CompareTo(item) == 0);
    }
}

/// <summary>A field that is missing or null; never unknown.</summary>
internal sealed class Absence(FieldOperand field) : ICondition
{
    public bool? Holds(JsonTape record) => field.Find(record) < 0;
}

/// <summary>A text in which a regular expression finds something.</summary>
internal sealed class Match(FieldOperand field, Regex expression) : ICondition
{
    public bool? Holds(JsonTape record) => field.Of(record).Text is { } text ? expression.IsMatch(text) : null;
}

/// <summary>The contrary; of what is unknown unknown.</summary>
internal sealed class Negation(ICondition condition) : ICondition
{
    public bool? Holds(JsonTape record) => !condition.Holds(record);
}

/// <summary>Both of two conditions.</summary>
internal sealed class Conjunction(ICondition left, ICondition right) : ICondition
{
    public bool? Holds(JsonTape record) => left.Holds(record) is not false and var first ? first & right.Holds(record) : false;
}

/// <summary>One of two conditions at least.</summary>
internal sealed class Disjunction(ICondition left, ICondition right) : ICondition
{
    public bool? Holds(JsonTape record) => left.Holds(record) is not true and var first ? first | right.Holds(record) : true;
}
