using System.Globalization;
using System.Text.Json;

namespace Pursuit.Storage;

/// <summary>A value of a <see cref="JsonFile"/> with its place: what is read of it is as expected, or a fault with file and path.</summary>
internal readonly struct JsonField
{
    /// <summary>Whole numbers that a double holds exactly go so far.</summary>
    private const double LargestExact = 1L << 53;

    private const int LongestShown = 80;

    private readonly string _outer;
    private readonly string? _name;
    private readonly int _index = -1;

    internal JsonField(JsonElement element, string where) => (Element, _outer) = (element, where);

    private JsonField(JsonElement element, string outer, string name)
        : this(element, outer) => _name = name;

    private JsonField(JsonElement element, string outer, int index)
        : this(element, outer) => _index = index;

    /// <summary>The value, of a document whose texts are all sound.</summary>
    public JsonElement Element { get; }

    /// <summary>File and path, for messages; put together when it is asked for, as few of a vocabulary's places are.</summary>
    public string Where => _name is not null ? $"{_outer}.{_name}" : _index >= 0 ? $"{_outer}[{_index}]" : _outer;

    /// <summary>Whether the value is absent or null.</summary>
    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>A property of an object; null-valued where absent.</summary>
    public JsonField this[string name]
    {
        get
        {
            if (Element.ValueKind != JsonValueKind.Object) throw Fault("an object");
            return new JsonField(Element.TryGetProperty(name, out var value) ? value : default, Where, name);
        }
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array) throw Fault("an array");
        var (outer, index) = (Where, 0);
        foreach (var item in Element.EnumerateArray()) yield return new JsonField(item, outer, index++);
    }

    /// <summary>The properties of an object.</summary>
    public IEnumerable<(string Name, JsonField Value)> Properties()
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Fault("an object");
        var outer = Where;
        foreach (var property in Element.EnumerateObject())
        {
            var name = property.Name;
            yield return (name, new JsonField(property.Value, outer, name));
        }
    }

    /// <summary>A string.</summary>
    public string Text() => Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Fault("a string");

    /// <summary>A string, or the default where absent or null.</summary>
    public string Text(string fallback) => IsNull ? fallback : Text();

    /// <summary>A boolean, or the default where absent or null.</summary>
    public bool Boolean(bool fallback) => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => fallback,
        _ => throw Fault("true or false"),
    };

    /// <summary>A whole number from 0 to <paramref name="largest"/>.</summary>
    public int Count(int largest) => (int)Whole(0, largest);

    /// <summary>A whole number within bounds.</summary>
    public long Whole(long smallest, long largest) => TryWhole(out var value) && value >= smallest && value <= largest
        ? value
        : throw Fault(string.Create(CultureInfo.InvariantCulture, $"a whole number from {smallest} to {largest}"));

    /// <summary>Reads a whole number, however it is written: 2048, 2048.0 and 2.048e3 are one.</summary>
    /// <returns>False where the value is something else, or isn't held exactly.</returns>
    public bool TryWhole(out long value)
    {
        value = 0;
        if (Element.ValueKind != JsonValueKind.Number) return false;
        if (Element.TryGetInt64(out value)) return true;
        if (!TryNumber(out var number) || Math.Abs(number) > LargestExact || number != Math.Truncate(number)) return false;
        value = (long)number;
        return true;
    }

    /// <summary>Reads a finite number; 1e999 is none.</summary>
    public bool TryNumber(out double value)
    {
        value = 0;
        return Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out value) && double.IsFinite(value);
    }

    /// <summary>The "type" of a component.</summary>
    public string Type() => this["type"].Text();

    /// <summary>A fault of kind: this is there, that should be.</summary>
    public PursuitException Fault(string expected)
    {
        var found = Element.ValueKind switch
        {
            JsonValueKind.Undefined => "nothing",
            JsonValueKind.Object or JsonValueKind.Array => Element.ValueKind == JsonValueKind.Object ? "an object" : "an array",
            _ => Shown(),
        };
        return PursuitException.At(Where, $"found {found}", expected);
    }

    /// <summary>The value as the file has it, cut to 80 characters.</summary>
    public string Shown()
    {
        var text = Element.GetRawText();
        return text.Length <= LongestShown ? text : text[..LongestShown] + "...";
    }
}
