using Pursuit.Data.Hashing;

namespace Pursuit.Data.Json;

/// <summary>JSON that is inside a string of a record, on a tape of its own.</summary>
internal sealed class JsonTextTape(int maxDepth)
{
    private readonly ByteBuffer _text = new();

    public JsonTape Tape { get; } = new(maxDepth);

    /// <summary>Reads the JSON that a string holds.</summary>
    /// <returns>Null when all is well, else what is wrong.</returns>
    public string? Read(JsonTape record, int node)
    {
        _text.Clear();
        record.AppendText(node, _text);
        return Tape.Read(_text.Array, 0, _text.Length);
    }
}
