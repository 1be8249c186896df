using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary><c>messages</c> and ShareGPT's <c>conversations</c>: a list of turns under one name or the other.</summary>
internal static class MessagesShape
{
    public static string? Read(RecordDraft draft) => Read(draft, "messages"u8);

    public static string? ReadShareGpt(RecordDraft draft) => Read(draft, "conversations"u8);

    private static string? Read(RecordDraft draft, ReadOnlySpan<byte> name)
    {
        var tape = draft.Tape;
        var list = tape.Find(JsonTape.Root, name);
        if (list < 0) return $"no '{System.Text.Encoding.UTF8.GetString(name)}': {tape.DescribeKeys(JsonTape.Root)}";
        if (tape.Kind(list) != JsonTokenType.StartArray)
            return $"bad {System.Text.Encoding.UTF8.GetString(name)}: {tape.DescribeKind(list)}; expected a list of messages";
        return ChatTurns.ReadSystem(draft) ?? ChatTurns.ReadList(draft, list) ?? ChatTurns.Finish(draft);
    }
}
