using System.Text.Json;

namespace Pursuit.Engine.Models;

/// <summary>Typed reading of a JSON object that collects every fault before it complains.</summary>
internal sealed class JsonFields(JsonElement root, string where)
{
    private readonly List<string> _faults = [];
    private readonly List<string> _unsupported = [];

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => Find(root, name) is not null;

    /// <summary>Whether a field is there, be it null.</summary>
    public bool Mentions(string name) => root.TryGetProperty(name, out _);

    /// <summary>Whether a field is a list without items.</summary>
    public bool IsEmptyList(string name) => Find(root, name) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0;

    public void Refuse(bool condition, string what)
    {
        if (condition)
            _unsupported.Add(what);
    }

    public void ThrowIfFaulty()
    {
        if (_faults.Count > 0)
            throw new PursuitException($"{where}: {string.Join("; ", _faults)}. Correct the file or download it again.");
        if (_unsupported.Count > 0)
            throw new PursuitException($"{where}: the model needs what this decoder does not have: {string.Join("; ", _unsupported)}. Supported families: {string.Join(", ", ModelConfigReader.SupportedModelTypes)}. Choose another model; nothing is approximated.");
    }

    public string? Text(string name) => Text(root, name, name);

    public string? NestedText(string outer, string name) => Find(root, outer) is { ValueKind: JsonValueKind.Object } inner ? Text(inner, name, $"{outer}.{name}") : null;

    public string? FirstText(string name) => Texts(name) is [var first, ..] ? first : null;

    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(root, name) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String))
            return [.. value.EnumerateArray().Select(e => e.GetString()!)];
        return Fault<IReadOnlyList<string>>(name, value, "a list of strings", []);
    }

    public int Integer(string name, int? otherwise = null)
    {
        if (OptionalInteger(name) is { } value)
            return value;
        if (otherwise is null && !Has(name))
            _faults.Add($"\"{name}\" is missing, a whole number is needed");
        return otherwise ?? 1;
    }

    public int? OptionalInteger(string name) =>
        Find(root, name) is not { } value ? null
        : WholeNumber(value) is { } number ? number
        : Fault<int?>(name, value, "a whole number", null);

    public IReadOnlyList<int> Integers(string name)
    {
        if (Find(root, name) is not { } value)
            return [];
        if (WholeNumber(value) is { } one)
            return [one];
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => WholeNumber(e) is not null))
            return [.. value.EnumerateArray().Select(e => WholeNumber(e)!.Value)];
        return Fault<IReadOnlyList<int>>(name, value, "a whole number or a list of them", []);
    }

    public double Number(string name, double otherwise) => Number(root, name, name) ?? otherwise;

    public double? NestedNumber(string outer, string name) => Find(root, outer) is { ValueKind: JsonValueKind.Object } inner ? Number(inner, name, $"{outer}.{name}") : null;

    public bool Flag(string name, bool otherwise) => Find(root, name) is not { } value ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : Fault(name, value, "true or false", otherwise);

    // Some tools write 2048.0 for 2048.
    private static int? WholeNumber(JsonElement value) =>
        value.ValueKind != JsonValueKind.Number ? null
        : value.TryGetInt32(out var number) ? number
        : value.TryGetDouble(out var real) && real == Math.Floor(real) && Math.Abs(real) <= int.MaxValue ? (int)real
        : null;

    private static JsonElement? Find(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string? Text(JsonElement element, string name, string shown) => Find(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : Fault<string?>(shown, value, "a string", null);

    private double? Number(JsonElement element, string name, string shown) => Find(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number
        : Fault<double?>(shown, value, "a number", null);

    private T Fault<T>(string name, JsonElement value, string expected, T result)
    {
        var raw = value.GetRawText();
        _faults.Add($"\"{name}\" is {(raw.Length > 40 ? raw[..40] + "..." : raw)}, {expected} is needed");
        return result;
    }
}
