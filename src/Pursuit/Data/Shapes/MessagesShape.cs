using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// <c>messages</c> and ShareGPT's <c>conversations</c>: a list of turns, or a text that holds one as JSON, under one name or
/// the other.
/// </summary>
internal static class MessagesShape
{
    public static string? Read(RecordDraft draft) => Read(draft, RecordField.Messages);

    public static string? ReadShareGpt(RecordDraft draft) => Read(draft, RecordField.Conversations);

    private static string? Read(RecordDraft draft, RecordField field)
    {
        var tape = draft.Tape;
        var name = FieldScan<RecordField>.NameOf(field);
        var list = draft.Record[field];
        if (list >= 0 && tape.IsString(list) && IsListAsText(tape, list))
        {
            if (draft.Expand(list) is { } fault) return $"bad {name}: a text that begins like a list, but: {fault}";
            list = draft.Record[field];
        }

        if (list < 0) return $"no '{name}': {tape.DescribeKeys(JsonTape.Root)}";
        if (tape.Kind(list) != JsonTokenType.StartArray)
            return $"bad {name}: {tape.DescribeKind(list)}; expected a list of messages";
        return ChatTurns.ReadSystem(draft) ?? ChatTurns.ReadList(draft, list) ?? ChatTurns.Finish(draft);
    }

    /// <summary>A list of messages, or a text that begins like one.</summary>
    public static bool IsList(JsonTape tape, int node) =>
        node >= 0 && (tape.Kind(node) == JsonTokenType.StartArray || (tape.IsString(node) && IsListAsText(tape, node)));

    private static bool IsListAsText(JsonTape tape, int node)
    {
        // Only the white space that JSON escapes in a text may come first.
        var raw = tape.Raw(node).TrimStart(" "u8);
        while (raw is [(byte)'\\', (byte)'n' or (byte)'r' or (byte)'t', ..]) raw = raw[2..].TrimStart(" "u8);
        return raw.StartsWith("["u8);
    }
}
