using System.Text;
using System.Text.Json;

namespace Pursuit.Fuzz.Mutation;

/// <summary>JSON as a tree that can hold what JSON can't: names that repeat, and any text as a value.</summary>
internal sealed class JsonTree
{
    private const int DeepestWritten = 400;

    private char _open;
    private string _text = "";

    /// <summary>Members with their names as JSON texts, or items without.</summary>
    public List<(string? Name, JsonTree Value)> Children { get; private set; } = [];

    /// <summary>A value that is written as it stands.</summary>
    public static JsonTree Leaf(string text) => new() { _text = text };

    /// <summary>Reads a text; null where it is no JSON.</summary>
    public static JsonTree? Parse(byte[] utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return Of(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>This value and all within it.</summary>
    public IEnumerable<JsonTree> All()
    {
        yield return this;
        foreach (var (_, value) in Children)
        {
            foreach (var inner in value.All()) yield return inner;
        }
    }

    /// <summary>Takes another value's content.</summary>
    public void Become(JsonTree other)
    {
        var copy = other.Copy();
        (_open, _text, Children) = (copy._open, copy._text, copy.Children);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text, 0);
        return text.ToString();
    }

    private JsonTree Copy() => new() { _open = _open, _text = _text, Children = [.. Children.Select(c => (c.Name, c.Value.Copy()))] };

    private static JsonTree Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonTree
        {
            _open = '{',
            Children = [.. element.EnumerateObject().Select(p => ((string?)JsonSerializer.Serialize(p.Name), Of(p.Value)))],
        },
        JsonValueKind.Array =>
            new JsonTree { _open = '[', Children = [.. element.EnumerateArray().Select(item => ((string?)null, Of(item)))] },
        _ => Leaf(element.GetRawText()),
    };

    private void Write(StringBuilder text, int depth)
    {
        if (_open == 0 || depth > DeepestWritten)
        {
            text.Append(_text);
            return;
        }

        text.Append(_open);
        for (var i = 0; i < Children.Count; i++)
        {
            if (i > 0) text.Append(',');
            if (Children[i].Name is { } name) text.Append(name).Append(':');
            Children[i].Value.Write(text, depth + 1);
        }

        text.Append(_open == '{' ? '}' : ']');
    }
}
