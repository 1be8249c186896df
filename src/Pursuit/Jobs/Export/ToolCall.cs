using System.Text.Json;

namespace Pursuit.Jobs.Export;

/// <summary>One call of a tool, in whatever way its record writes it.</summary>
/// <param name="Id">The call's id, or null.</param>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">Its arguments: a JSON object.</param>
internal sealed record ToolCall(string? Id, string Name, string Arguments)
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = ExportJson.MaxDepth, AllowDuplicateProperties = false };

    /// <summary>
    /// Reads <c>[{"name", "arguments"}]</c>, the same within <c>{"type": "function", "function": {...}}</c>, or one such call.
    /// </summary>
    /// <param name="json">The calls; arguments may be an object, a text that holds one, or missing.</param>
    /// <param name="calls">The calls, in order.</param>
    /// <returns>What is wrong with them; null where nothing is.</returns>
    public static string? Read(string json, out IReadOnlyList<ToolCall> calls)
    {
        var read = new List<ToolCall>();
        calls = read;
        try
        {
#pragma warning disable RS0030 // of a record's text, which may nest deeper than a document
            using var document = JsonDocument.Parse(json, Depth);
#pragma warning restore RS0030
            var root = document.RootElement;
            var several = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToArray() : [root];
            if (several.Length == 0) return "a list of calls with none in it";
            foreach (var call in several)
            {
                if (Read(call, out var one) is { } fault) return fault;
                read.Add(one!);
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter where a text has an escape that is half of a character.
            return "a call that isn't JSON";
        }
    }

    /// <summary>The calls as LLaMA-Factory reads them: <c>[{"name", "arguments"}]</c>.</summary>
    public static string ToList(IEnumerable<ToolCall> calls)
    {
        var each = calls.Select(c => $"{{\"name\": {JsonSerializer.Serialize(c.Name, ExportJson.Text)}, \"arguments\": {c.Arguments}}}");
        return $"[{string.Join(", ", each)}]";
    }

    private static string? Read(JsonElement call, out ToolCall? read)
    {
        read = null;
        if (call.ValueKind != JsonValueKind.Object) return "a call that isn't an object";
        var function = call.TryGetProperty("function", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : call;
        if (!function.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String) return "a call without a name";
        var id = call.TryGetProperty("id", out var own) && own.ValueKind == JsonValueKind.String ? own.GetString() : null;
        if (!function.TryGetProperty("arguments", out var arguments) || arguments.ValueKind == JsonValueKind.Null)
            read = new ToolCall(id, name.GetString()!, "{}");
        else if (arguments.ValueKind == JsonValueKind.Object)
            read = new ToolCall(id, name.GetString()!, JsonSerializer.Serialize(arguments, ExportJson.Text));
        else if (arguments.ValueKind == JsonValueKind.String && IsObject(arguments.GetString()!))
            read = new ToolCall(id, name.GetString()!, arguments.GetString()!);
        return read is null ? "a call whose arguments aren't a JSON object" : null;
    }

    private static bool IsObject(string text)
    {
        try
        {
#pragma warning disable RS0030 // of a record's text, which may nest deeper than a document
            using var document = JsonDocument.Parse(text, Depth);
#pragma warning restore RS0030
            if (document.RootElement.ValueKind != JsonValueKind.Object) return false;
            // an escape that is half of a character is found only in writing
            _ = JsonSerializer.Serialize(document.RootElement, ExportJson.Text);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
