using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// What the assistant thought before it spoke: <c>reasoning_content</c>, <c>reasoning</c> or <c>thinking</c>, in its message or
/// beside an answer.
/// </summary>
internal static class Reasoning
{
    private static ReadOnlySpan<MessageField> InMessage => [MessageField.ReasoningContent, MessageField.Reasoning, MessageField.Thinking];

    private static ReadOnlySpan<RecordField> InRecord => [RecordField.ReasoningContent, RecordField.Reasoning, RecordField.Thinking];

    private static readonly ulong MessageBits =
        FieldScan<MessageField>.Bits([.. InMessage, MessageField.ReasoningDetails, MessageField.Refusal]);

    private static readonly ulong RecordBits = FieldScan<RecordField>.Bits(InRecord);

    /// <summary>Reads the reasoning among the fields of <see cref="RecordDraft.Message"/>; call after its content.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadOfMessage(RecordDraft draft, string role)
    {
        if ((draft.Message.Present & MessageBits) == 0) return null;
        var tape = draft.Tape;
        var found = -1;
        var name = "";
        foreach (var field in InMessage)
        {
            var node = draft.Message[field];
            if (node < 0 || IsNothing(tape, node)) continue;
            var other = FieldScan<MessageField>.NameOf(field);
            if (!tape.IsString(node)) return $"bad {other}: {tape.DescribeKind(node)}; expected a text";
            if (found >= 0 && tape.Text(found) != tape.Text(node))
                return $"two thoughts: '{name}' and '{other}' differ; expected one of them";
            if (found < 0) (found, name) = (node, other);
        }

        if (found >= 0)
        {
            if (role != Turn.Assistant) return $"unread words: '{name}' in a message of the {role}; expected it in the assistant's";
            if (!draft.HasThought) draft.AddThought(found);
            else if (draft.PendingThought() != tape.Text(found))
                return $"two thoughts: '{name}' and a part of the content differ; expected one of them";
        }

        if (!draft.HasThought && draft.Message[MessageField.ReasoningDetails] is >= 0 and var details && !IsNothing(tape, details))
            return "unread words: 'reasoning_details' isn't read; expected its text in 'reasoning_content'";
        return draft.Message[MessageField.Refusal] is >= 0 and var refusal && !IsNothing(tape, refusal)
            ? "unread words: 'refusal' isn't read; expected its text in the content"
            : null;
    }

    /// <summary>
    /// Reads reasoning that is beside a conversation. It is its answer's where prompt and answer are fields of their own;
    /// beside a list it is unclear whose it is, except with an <c>answer</c> that the list lacks (dolphin-r1).
    /// </summary>
    /// <param name="draft">Holds the conversation.</param>
    /// <param name="isOfAnswer">The last turn is a field of its own.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadOfRecord(RecordDraft draft, bool isOfAnswer)
    {
        if ((draft.Record.Present & RecordBits) == 0) return null;
        var tape = draft.Tape;
        var found = -1;
        var name = "";
        foreach (var field in InRecord)
        {
            var node = draft.Record[field];
            if (node < 0 || !tape.IsString(node) || tape.Raw(node).IsEmpty) continue;
            var other = FieldScan<RecordField>.NameOf(field);
            if (found >= 0 && tape.Text(found) != tape.Text(node))
                return $"two thoughts: '{name}' and '{other}' differ; expected one of them";
            if (found < 0) (found, name) = (node, other);
        }

        if (found < 0) return null;
        var last = draft.TurnCount - 1;
        if (last >= 0 && draft.Turns[last] is { IsAssistant: true } turn)
        {
            if (turn.Thoughts.Count > 0)
                return draft.ThoughtOf(last) == tape.Text(found)
                    ? null
                    : $"two thoughts: '{name}' beside the conversation and that of its last message differ; expected one of them";
            if (!isOfAnswer) return $"unread words: '{name}' beside the messages; expected it in the message it belongs to";
            draft.GiveThought(last, found);
            return null;
        }

        var answer = draft.Record[RecordField.Answer];
        if (isOfAnswer || answer < 0 || !tape.IsString(answer) || tape.Raw(answer).IsEmpty)
            return $"unread words: '{name}' beside a conversation that ends without an answer; expected it in the message it belongs to";
        draft.AddPart(answer);
        draft.AddThought(found);
        draft.AddTurn(new TurnDraft(Turn.Assistant));
        return null;
    }

    /// <summary>Empty, or false, as a switch that is off.</summary>
    private static bool IsNothing(JsonTape tape, int node) => tape.Kind(node) switch
    {
        JsonTokenType.String => tape.Raw(node).IsEmpty,
        JsonTokenType.StartArray or JsonTokenType.StartObject => tape.IsEmpty(node),
        JsonTokenType.False => true,
        _ => false,
    };
}
