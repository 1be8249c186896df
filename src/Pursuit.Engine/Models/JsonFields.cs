using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Engine.Models;

/// <summary>Typed reading of a JSON object that collects every fault before it complains.</summary>
internal sealed class JsonFields
{
    private readonly JsonField _root;
    private readonly string _prefix;
    private readonly List<string> _faults;
    private readonly List<string> _unsupported;

    /// <summary>Reads an object.</summary>
    /// <exception cref="PursuitException">It is none.</exception>
    public JsonFields(JsonField root)
        : this(root.Element.ValueKind == JsonValueKind.Object ? root : throw root.Fault("one JSON object"), "", [], [])
    {
    }

    private JsonFields(JsonField root, string prefix, List<string> faults, List<string> unsupported) =>
        (_root, _prefix, _faults, _unsupported) = (root, prefix, faults, unsupported);

    /// <summary>The fields of an object within this one, whose faults join these; null where there is no object of that name.</summary>
    public JsonFields? Inside(string name) =>
        _root[name] is { Element.ValueKind: JsonValueKind.Object } inner
            ? new JsonFields(inner, $"{_prefix}{name}.", _faults, _unsupported)
            : null;

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => !_root[name].IsNull;

    /// <summary>Whether a field is there, be it null.</summary>
    public bool Mentions(string name) => _root[name].Element.ValueKind != JsonValueKind.Undefined;

    /// <summary>Whether a field is a list without items.</summary>
    public bool IsEmptyList(string name) => _root[name].Element is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0;

    public void Refuse(bool condition, string what)
    {
        if (condition)
            _unsupported.Add(what);
    }

    public void ThrowIfFaulty() => ThrowIfFaulty(
        "the model needs what this decoder does not have",
        $"Supported families: {string.Join(", ", ModelConfigReader.SupportedModelTypes)}. Choose another model; nothing is approximated.");

    /// <summary>Complains of all faults, or of all that was refused.</summary>
    /// <param name="lacking">What is said of what was refused.</param>
    /// <param name="advice">What to do about it.</param>
    /// <exception cref="PursuitException">There are such.</exception>
    public void ThrowIfFaulty(string lacking, string advice)
    {
        if (_faults.Count > 0)
            throw new PursuitException($"{_root.Where}: {string.Join("; ", _faults)}. Correct the file or download it again.");
        if (_unsupported.Count > 0)
            throw new PursuitException($"{_root.Where}: {lacking}: {string.Join("; ", _unsupported)}. {advice}");
    }

    public string? Text(string name) => _root[name] is not { IsNull: false } value ? null
        : value.Element.ValueKind == JsonValueKind.String ? value.Text()
        : Fault<string?>(name, value, "a string", null);

    public string? FirstText(string name) => Texts(name) is [var first, ..] ? first : null;

    public IReadOnlyList<string> Texts(string name)
    {
        var value = _root[name];
        if (value.IsNull)
            return [];
        if (value.Element.ValueKind == JsonValueKind.Array && value.Element.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String))
            return [.. value.Items().Select(item => item.Text())];
        return Fault<IReadOnlyList<string>>(name, value, "a list of strings", []);
    }

    public int Integer(string name, int? otherwise = null)
    {
        if (OptionalInteger(name) is { } value)
            return value;
        if (otherwise is null && !Has(name))
            _faults.Add($"\"{_prefix}{name}\" is missing, a whole number is needed");
        return otherwise ?? 1;
    }

    public int? OptionalInteger(string name) =>
        _root[name] is { IsNull: false } value ? Whole(value) ?? Fault<int?>(name, value, "a whole number", null) : null;

    public IReadOnlyList<int> Integers(string name)
    {
        var value = _root[name];
        if (value.IsNull)
            return [];
        if (Whole(value) is { } one)
            return [one];
        if (value.Element.ValueKind == JsonValueKind.Array && value.Items().Select(Whole).ToArray() is var numbers
            && !numbers.Contains(null))
            return [.. numbers.Select(n => n!.Value)];
        return Fault<IReadOnlyList<int>>(name, value, "a whole number or a list of them", []);
    }

    public double Number(string name, double otherwise) => OptionalNumber(name) ?? otherwise;

    public double? OptionalNumber(string name) => _root[name] is not { IsNull: false } value ? null
        : value.TryNumber(out var number) ? number
        : Fault<double?>(name, value, "a number", null);

    public IReadOnlyList<double> Numbers(string name)
    {
        var value = _root[name];
        if (value.IsNull)
            return [];
        var numbers = new List<double>();
        if (value.Element.ValueKind == JsonValueKind.Array && value.Items().All(item => Take(item, numbers)))
            return numbers;
        return Fault<IReadOnlyList<double>>(name, value, "a list of numbers", []);

        static bool Take(JsonField item, List<double> into)
        {
            var isNumber = item.TryNumber(out var number);
            into.Add(number);
            return isNumber;
        }
    }

    public bool Flag(string name, bool otherwise) => _root[name] is not { IsNull: false } value ? otherwise
        : value.Element.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.Boolean(otherwise)
        : Fault(name, value, "true or false", otherwise);

    private static int? Whole(JsonField value) =>
        value.TryWhole(out var number) && number is >= int.MinValue and <= int.MaxValue ? (int)number : null;

    private T Fault<T>(string name, JsonField value, string expected, T result)
    {
        _faults.Add($"\"{_prefix}{name}\" is {value.Shown()}, {expected} is needed");
        return result;
    }
}
