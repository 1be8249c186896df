using System.Globalization;
using System.Text.Json;

namespace Pursuit.Tokenization;

/// <summary>A JSON value with its place, so that a fault can be told with file and path.</summary>
internal readonly struct JsonField(JsonElement element, string where)
{
    /// <summary>The value.</summary>
    public JsonElement Element { get; } = element;

    /// <summary>File and path, for messages.</summary>
    public string Where { get; } = where;

    /// <summary>Whether the value is absent or null.</summary>
    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Parses a document strictly enough that every later read is safe.</summary>
    /// <exception cref="PursuitException">Not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> bytes, string where)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        if (bytes.Span.StartsWith(mark)) bytes = bytes[mark.Length..];
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw PursuitException.At(where, $"not JSON ({e.Message})", "a JSON object", "Download or copy the file again.", e);
        }
    }

    /// <summary>A property of an object; null-valued where absent.</summary>
    public JsonField this[string name]
    {
        get
        {
            if (Element.ValueKind != JsonValueKind.Object) throw Fault("an object");
            var inside = $"{Where}.{name}";
            return new JsonField(Element.TryGetProperty(name, out var value) ? value : default, inside);
        }
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array) throw Fault("an array");
        var index = 0;
        foreach (var item in Element.EnumerateArray()) yield return new JsonField(item, $"{Where}[{index++}]");
    }

    /// <summary>The properties of an object.</summary>
    public IEnumerable<(string Name, JsonField Value)> Properties()
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Fault("an object");
        foreach (var property in Element.EnumerateObject())
        {
            var name = NameOf(property);
            yield return (name, new JsonField(property.Value, Where));
        }
    }

    /// <summary>A string without lone surrogates.</summary>
    public string String()
    {
        if (Element.ValueKind != JsonValueKind.String) throw Fault("a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw PursuitException.At(Where, "a string that is not Unicode (a lone surrogate or bad UTF-8)", "a valid string", null, e);
        }
    }

    /// <summary>A string, or the default where absent or null.</summary>
    public string String(string fallback) => IsNull ? fallback : String();

    /// <summary>A boolean, or the default where absent or null.</summary>
    public bool Boolean(bool fallback) => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => fallback,
        _ => throw Fault("true or false"),
    };

    /// <summary>A whole number from 0 to <paramref name="largest"/>.</summary>
    public int Count(int largest) =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var value) && value >= 0 && value <= largest
            ? value
            : throw Fault(string.Create(CultureInfo.InvariantCulture, $"a whole number from 0 to {largest}"));

    /// <summary>The "type" of a component.</summary>
    public string Type() => this["type"].String();

    /// <summary>A refusal by name.</summary>
    public PursuitException Unsupported(string kind, string name, string supported) =>
        PursuitException.At(Where, $"{kind} '{name}' is not supported", $"one of: {supported}", "Pursuit refuses what it would otherwise get wrong; see docs/formats/tokenizer.md.");

    /// <summary>A fault of kind: this is there, that should be.</summary>
    public PursuitException Fault(string expected)
    {
        var found = Element.ValueKind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Object or JsonValueKind.Array => $"{(Element.ValueKind == JsonValueKind.Object ? "an object" : "an array")}",
            _ => Shorten(Element.GetRawText()),
        };
        return PursuitException.At(Where, $"found {found}", expected);
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw PursuitException.At(Where, "a property name that is not Unicode (a lone surrogate or bad UTF-8)", "a valid string", null, e);
        }
    }
}
