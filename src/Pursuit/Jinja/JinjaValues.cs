using System.Globalization;

namespace Pursuit.Jinja;

// A value of a template is an object: null is Python's None; bool, long, System.Numerics.BigInteger (a number of a record
// past 64 bits, only ever passed on) and double are themselves; the rest are the classes below and JinjaText.

/// <summary>jinja2's Undefined: prints as nothing, is false and empty; anything else done with it is a fault.</summary>
internal sealed class JinjaUndefined
{
    private readonly string _text;
    private readonly object? _index;
    private readonly Kind _kind;

    /// <summary>Says in its own words what is not there.</summary>
    public JinjaUndefined(string description)
        : this(Kind.Described, description, null)
    {
    }

    // Templates ask for much that is not there ("x is defined"), so the words are put together only when they are read.
    private JinjaUndefined(Kind kind, string text, object? index)
    {
        _kind = kind;
        _text = text;
        _index = index;
    }

    private enum Kind
    {
        Described,
        Variable,
        Argument,
        Element,
    }

    /// <summary>What is not there, for the fault's message; one line.</summary>
    public string Description => _kind switch
    {
        Kind.Variable => $"the variable \"{JinjaFaults.Cut(_text)}\" is not defined",
        Kind.Argument => $"the macro's argument \"{JinjaFaults.Cut(_text)}\" was not given",
        Kind.Element =>
            $"a {_text} has no \"{(_index is JinjaText name ? JinjaFaults.Cut(name.Value) : _index is long at ? at : "None")}\"",
        _ => _text,
    };

    /// <summary>A variable nobody set.</summary>
    public static JinjaUndefined Variable(string name) => new(Kind.Variable, name, null);

    /// <summary>An argument a macro was called without.</summary>
    public static JinjaUndefined Argument(string name) => new(Kind.Argument, name, null);

    /// <summary>An element or attribute a value lacks.</summary>
    public static JinjaUndefined Element(object? value, object? index) => new(Kind.Element, PythonValues.TypeName(value), index);
}

/// <summary>Which of Python's sequences a <see cref="JinjaList"/> stands for.</summary>
internal enum JinjaListKind
{
    /// <summary>list</summary>
    List,

    /// <summary>tuple</summary>
    Tuple,

    /// <summary>range</summary>
    Range,

    /// <summary>dict.keys()</summary>
    Keys,

    /// <summary>dict.values()</summary>
    Values,

    /// <summary>dict.items()</summary>
    Items,
}

/// <summary>A Python sequence; never changed after it is made (transformers' sandbox refuses changes too).</summary>
/// <param name="items">The elements; taken over, not copied.</param>
/// <param name="kind">Which of Python's sequences it is.</param>
/// <param name="owner">The turn it belongs to whole, or -1.</param>
internal sealed class JinjaList(IReadOnlyList<object?> items, JinjaListKind kind = JinjaListKind.List, int owner = -1)
{
    /// <summary>The elements.</summary>
    public IReadOnlyList<object?> Items { get; } = items;

    /// <summary>Which of Python's sequences it is.</summary>
    public JinjaListKind Kind { get; } = kind;

    /// <summary>The turn it belongs to whole, or -1.</summary>
    public int Owner { get; } = owner;
}

/// <summary>What a filter such as <c>map</c> gives in Python: elements that can be walked once and have no length.</summary>
internal sealed class JinjaGenerator(IReadOnlyList<object?> items)
{
    private int _position;

    /// <summary>The next element, if one is left.</summary>
    public bool TryTake(out object? item)
    {
        item = _position < items.Count ? items[_position] : null;
        return _position++ < items.Count;
    }

    /// <summary>How many are left.</summary>
    public int Left => Math.Max(0, items.Count - _position);

    /// <summary>All that are left.</summary>
    public IReadOnlyList<object?> TakeRest()
    {
        IReadOnlyList<object?> rest = _position == 0 ? items : [.. items.Skip(_position)];
        _position = items.Count;
        return rest;
    }
}

/// <summary>A Python dict whose keys are strings or whole numbers, in the order of insertion; never changed after it is made.</summary>
internal sealed class JinjaDict
{
    private const int SmallCount = 8;
    private readonly List<KeyValuePair<JinjaText, object?>> _entries;
    private Dictionary<(string Text, bool IsNumber), int>? _index;

    /// <summary>An empty dict, to be filled by <see cref="Set"/> while it is being made.</summary>
    public JinjaDict(int capacity = 4, int owner = -1)
    {
        _entries = new List<KeyValuePair<JinjaText, object?>>(capacity);
        Owner = owner;
    }

    /// <summary>The turn it belongs to whole, or -1.</summary>
    public int Owner { get; }

    /// <summary>The message of the conversation that it is, or -1.</summary>
    public int Message { get; init; } = -1;

    /// <summary>Keys and values in the order of insertion.</summary>
    public IReadOnlyList<KeyValuePair<JinjaText, object?>> Entries => _entries;

    /// <summary>Puts a value in; a key that is there keeps its place, as in Python.</summary>
    public void Set(JinjaText key, object? value)
    {
        var at = Find(key.Value, key.IsNumber);
        if (at >= 0)
        {
            _entries[at] = new(_entries[at].Key, value);
            return;
        }

        _entries.Add(new(key, value));
        if (_index is not null) _index.Add((key.Value, key.IsNumber), _entries.Count - 1);
        else if (_entries.Count > SmallCount)
            _index = Enumerable.Range(0, _entries.Count).ToDictionary(i => (_entries[i].Key.Value, _entries[i].Key.IsNumber));
    }

    /// <summary>The value of a key, if it is there.</summary>
    public bool TryGet(string key, out object? value) => TryGet(key, false, out value);

    /// <summary>The value of a key as an expression has it, if it is there.</summary>
    public bool TryGet(object? key, out object? value)
    {
        if (key is JinjaText text) return TryGet(text.Value, text.IsNumber, out value);
        if (PythonValues.TryInteger(key, out var number)) return TryGet(number.ToString(CultureInfo.InvariantCulture), true, out value);
        value = null;
        return false;
    }

    /// <summary>A key as an expression has it.</summary>
    public static object KeyOf(KeyValuePair<JinjaText, object?> entry) =>
        entry.Key.IsNumber ? long.Parse(entry.Key.Value, CultureInfo.InvariantCulture) : entry.Key;

    private bool TryGet(string key, bool isNumber, out object? value)
    {
        var at = Find(key, isNumber);
        value = at >= 0 ? _entries[at].Value : null;
        return at >= 0;
    }

    private int Find(string key, bool isNumber)
    {
        if (_index is not null) return _index.GetValueOrDefault((key, isNumber), -1);
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Key.Value == key && _entries[i].Key.IsNumber == isNumber) return i;
        }

        return -1;
    }
}

/// <summary>jinja2's namespace: the one thing a template may change.</summary>
internal sealed class JinjaNamespace
{
    /// <summary>Its attributes.</summary>
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A Python method taken from its object, such as <c>text.strip</c>.</summary>
internal sealed record JinjaBoundMethod(object Target, string Name);

/// <summary>A function of the environment, such as <c>range</c>.</summary>
internal sealed record JinjaFunction(string Name);

/// <summary>The slice of <c>items[start:stop:step]</c>; a missing part is null.</summary>
internal sealed record JinjaSliceValue(object? Start, object? Stop, object? Step);
