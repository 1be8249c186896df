using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>Tells a record's shape by its keys, and reads it by a given shape.</summary>
internal static class ShapeReader
{
    /// <summary>The shape a record names, in the order of <see cref="RecordShape"/>; null where it names none.</summary>
    public static RecordShape? Recognize(JsonTape tape)
    {
        var root = JsonTape.Root;
        if (tape.Kind(root) != JsonTokenType.StartObject) return null;
        if (IsList("messages"u8)) return RecordShape.Messages;
        if (IsList("conversations"u8)) return RecordShape.ShareGpt;
        if (Has("instruction"u8) && Has("output"u8)) return RecordShape.Alpaca;
        if (Has("prompt"u8) && (Has("completion"u8) || Has("response"u8))) return RecordShape.PromptCompletion;
        return Has("text"u8) ? RecordShape.Text : null;

        bool Has(ReadOnlySpan<byte> name) => tape.Find(root, name) >= 0;
        bool IsList(ReadOnlySpan<byte> name)
        {
            var node = tape.Find(root, name);
            return node >= 0 && tape.Kind(node) == JsonTokenType.StartArray;
        }
    }

    /// <summary>Reads the draft's tape as a record of a shape.</summary>
    /// <returns>What is wrong, or null when the draft holds the record's words.</returns>
    public static string? Read(RecordDraft draft, RecordShape? shape)
    {
        draft.Clear();
        var tape = draft.Tape;
        if (tape.Kind(JsonTape.Root) != JsonTokenType.StartObject)
            return $"not a record: {tape.DescribeKind(JsonTape.Root)}; expected an object";
        var reason = shape switch
        {
            RecordShape.Messages => MessagesShape.Read(draft),
            RecordShape.ShareGpt => MessagesShape.ReadShareGpt(draft),
            RecordShape.Alpaca => AlpacaShape.Read(draft),
            RecordShape.PromptCompletion => PromptCompletionShape.Read(draft),
            RecordShape.Text => TextShape.Read(draft),
            _ => $"no known shape: {tape.DescribeKeys(JsonTape.Root)}; expected one of {string.Join(", ", RecordShapeNames.All)}",
        };
        if (reason is not null && shape is { } asked && Recognize(tape) is { } other && other != asked)
            return $"{reason} (read as {asked.Name()}, but it looks like {other.Name()})";
        return reason;
    }
}
