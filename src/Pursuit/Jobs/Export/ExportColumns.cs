using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pursuit.Jobs.Export;

/// <summary>
/// The columns of a file: what any of its records has. Readers such as Hugging Face <c>datasets</c> fix columns and types by the first
/// 10 MB of a file and refuse what comes later, so every record is given all of them, and those that first show one stand first.
/// </summary>
internal sealed class ExportColumns
{
    private const string Tools = "tools";
    private readonly ITrainerLayout _layout;
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonValueKind> _kinds = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _mixed = new(StringComparer.Ordinal);
    private readonly List<string> _fields = [];
    private readonly List<string> _messageKeys = [];
    private readonly List<string> _callKeys = [];
    private HashSet<string>? _arguments;

    public ExportColumns(ITrainerLayout layout) => _layout = layout;

    /// <summary>True where some record has tools.</summary>
    public bool HasTools => _fields.Contains(Tools);

    /// <summary>The keys that some message has.</summary>
    public IReadOnlyList<string> MessageKeys => _messageKeys;

    /// <summary>True where the arguments of some call, an object, have other names than those of another.</summary>
    public bool ArgumentsDiffer { get; private set; }

    /// <summary>Places whose values are of different kinds in different records.</summary>
    public IReadOnlyCollection<string> Mixed => _mixed;

    /// <summary>Notes what a record has.</summary>
    /// <returns>True where it is the first to show a place or another kind of value there, and how many places it has values in.</returns>
    public (bool IsFirst, int Places) Add(JsonObject row)
    {
        var before = _kinds.Count + _mixed.Count;
        _own.Clear();
        AddKeys(row, _fields);
        foreach (var message in MessagesOf(row))
        {
            AddKeys(message, _messageKeys);
            foreach (var call in CallsOf(message))
            {
                AddKeys(call, _callKeys);
                if (call["function"]!["arguments"] is JsonObject arguments) CompareArguments(arguments);
            }
        }

        Walk(row, "");
        return (_kinds.Count + _mixed.Count > before, _own.Count);
    }

    /// <summary>The record with every column, in one order; without the fields of messages that are of different kinds.</summary>
    public JsonObject Fill(JsonObject row)
    {
        foreach (var message in MessagesOf(row).ToArray())
        {
            foreach (var call in CallsOf(message).ToArray()) Reorder(call, _callKeys, _ => null);
            Reorder(message, [.. _messageKeys.Where(k => !IsMixed(k))], _ => null);
        }

        Reorder(row, _fields, name => name switch
        {
            Tools => _layout.NoTools?.DeepClone(),
            "chat_template_kwargs" => new JsonObject { ["documents"] = new JsonArray() },
            _ => null,
        });
        return row;
    }

    /// <summary>Fields of messages that aren't written, because no reader takes a column of two kinds.</summary>
    public IEnumerable<string> LeftOut => _messageKeys.Where(IsMixed);

    private bool IsMixed(string messageKey) =>
        _layout.MessageFields.Any(f => _mixed.Contains($"{f}[].{messageKey}") || _mixed.Contains($"{f}.{messageKey}"));

    private IEnumerable<JsonObject> MessagesOf(JsonObject row) => _layout.MessageFields.SelectMany(field => row[field] switch
    {
        JsonArray list => list.Select(m => m!.AsObject()),
        JsonObject one => [one],
        _ => [],
    });

    private static IEnumerable<JsonObject> CallsOf(JsonObject message) =>
        message[MessageJson.ToolCalls] is JsonArray calls ? calls.Select(c => c!.AsObject()) : [];

    private void CompareArguments(JsonObject arguments)
    {
        var names = arguments.Select(a => a.Key);
        _arguments ??= [.. names];
        ArgumentsDiffer |= !_arguments.SetEquals(names);
    }

    private static void AddKeys(JsonObject json, List<string> keys)
    {
        foreach (var (key, _) in json)
            if (!keys.Contains(key)) keys.Add(key);
    }

    private static void Reorder(JsonObject json, IReadOnlyList<string> keys, Func<string, JsonNode?> missing)
    {
        var values = keys.Select(key => (Key: key, Value: json.TryGetPropertyValue(key, out var value) ? value : missing(key))).ToArray();
        json.Clear();
        foreach (var (key, value) in values) json[key] = value;
    }

    /// <summary>Every place with a value, and of what kind it is there; null is no value.</summary>
    private void Walk(JsonNode? node, string path)
    {
        if (node is null) return;
        var kind = node.GetValueKind() is JsonValueKind.False ? JsonValueKind.True : node.GetValueKind();
        _own.Add(path);
        if (_kinds.TryGetValue(path, out var earlier))
        {
            if (earlier != kind) _mixed.Add(path);
        }
        else
        {
            _kinds.Add(path, kind);
        }

        if (node is JsonObject json)
        {
            foreach (var (key, value) in json) Walk(value, path.Length == 0 ? key : $"{path}.{key}");
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list) Walk(item, path + "[]");
        }
    }
}
