using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>JSON of a record as a template's values, as Python's <c>json.loads</c> gives them.</summary>
internal static class JsonValues
{
    private const int MostDepth = 1024; // as deep as a pool may be asked to read records

    // Python refuses to read longer whole numbers (sys.int_info.default_max_str_digits).
    private const int LongestNumber = 4300;

    /// <summary>A JSON text as values that belong to <paramref name="owner"/>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="owner">The owner's number, or -1 for nobody.</param>
    /// <param name="where">What messages call the text.</param>
    /// <exception cref="PursuitException">The text is no JSON, or a number is too long.</exception>
    public static object? Read(string json, int owner, string where) => Read(json, where, root => Value(root, owner, where));

    /// <summary>A JSON array as a list whose items have an owner each; any other value belongs to the first.</summary>
    /// <param name="json">The text.</param>
    /// <param name="listOwner">The owner of what stands around the items, or -1.</param>
    /// <param name="itemOwner">Gives the owner's number of an item.</param>
    /// <param name="where">What messages call the text.</param>
    /// <exception cref="PursuitException">The text is no JSON, or a number is too long.</exception>
    public static object? ReadItems(string json, int listOwner, Func<int, int> itemOwner, string where) => Read(json, where, root =>
    {
        if (root.ValueKind != JsonValueKind.Array) return Value(root, itemOwner(0), where);
        var items = new object?[root.GetArrayLength()];
        var index = 0;
        foreach (var item in root.EnumerateArray())
        {
            items[index] = Value(item, itemOwner(index), where);
            index++;
        }

        return new JinjaList(items, JinjaListKind.List, listOwner);
    });

    private static object? Read(string json, string where, Func<JsonElement, object?> convert)
    {
        try
        {
#pragma warning disable RS0030 // a record's field, checked when the record was read, which may nest deeper than a document
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MostDepth });
#pragma warning restore RS0030
            return convert(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw PursuitException.At(
                where, $"text that can't be read as JSON ({e.Message})", "JSON as the record's field has it", null, e);
        }
    }

    private static object? Value(JsonElement element, int owner, string where)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new JinjaDict(4, owner);
                foreach (var property in element.EnumerateObject())
                    dict.Set(JinjaText.Of(property.Name, owner), Value(property.Value, owner, where));
                return dict;
            case JsonValueKind.Array:
                return new JinjaList([.. element.EnumerateArray().Select(item => Value(item, owner, where))], JinjaListKind.List, owner);
            case JsonValueKind.String:
                return JinjaText.Of(element.GetString()!, owner);
            case JsonValueKind.Number:
                return Number(element.GetRawText(), where);
            default:
                return element.ValueKind == JsonValueKind.Null ? null : element.ValueKind == JsonValueKind.True;
        }
    }

    private static object Number(string text, string where)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E')) return double.Parse(text, CultureInfo.InvariantCulture);
        if (text == "-0") return 0L;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        if (text.Length > LongestNumber)
            throw PursuitException.At(where, $"a number of {text.Length} digits", $"at most {LongestNumber}");
        return BigInteger.Parse(text, CultureInfo.InvariantCulture);
    }
}
