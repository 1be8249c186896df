using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// Rows that pair an answer to give with one not to give: <c>chosen</c> and <c>rejected</c> with an explicit prompt, beside a
/// conversation, or with a prompt that both begin with (TRL), and ms-swift's <c>rejected_response</c> and
/// <c>rejected_messages</c>, beside which the conversation itself is the chosen one.
/// </summary>
internal static class PreferenceRows
{
    private const string Expected = "expected a text, a message or a list of messages";
    private const string NoPrompt = "no prompt: chosen and rejected begin differently; expected a 'prompt', or one that both begin with";

    private static ReadOnlySpan<RecordField> Fields =>
        [RecordField.Chosen, RecordField.Rejected, RecordField.RejectedResponse, RecordField.RejectedMessages];

    private static readonly ulong Bits = FieldScan<RecordField>.Bits(Fields);

    /// <summary>True for a row with any of the fields.</summary>
    public static bool IsOne(RecordDraft draft)
    {
        if ((draft.Record.Present & Bits) == 0) return false;
        foreach (var field in Fields)
        {
            if (draft.Record[field] is >= 0 and var node && UnreadFields.Holds(draft.Tape, node)) return true;
        }

        return false;
    }

    /// <summary>Why such a row is no example where nobody asked for its chosen answer.</summary>
    public static string Refusal(RecordDraft draft)
    {
        var names = new List<string>();
        foreach (var field in Fields)
        {
            if (draft.Record[field] is >= 0 and var node && UnreadFields.Holds(draft.Tape, node))
                names.Add($"'{FieldScan<RecordField>.NameOf(field)}'");
        }

        return $"a preference row: {string.Join(" and ", names)}; expected an example to learn "
            + "(preference 'chosen' reads the chosen answers)";
    }

    /// <summary>Reads the chosen answer as the example's, and the rejected one in its place beside it.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadChosen(RecordDraft draft)
    {
        if (ChatTurns.ReadSystem(draft) is { } badSystem) return badSystem;
        var fault = Node(draft, RecordField.Chosen) >= 0 ? ReadPair(draft) : ReadConversation(draft);
        return fault ?? ChatTurns.Finish(draft);
    }

    /// <summary>A row with <c>chosen</c>, and most often <c>rejected</c>.</summary>
    private static string? ReadPair(RecordDraft draft)
    {
        var tape = draft.Tape;
        var chosen = Node(draft, RecordField.Chosen);
        var rejected = Node(draft, RecordField.Rejected);
        if (rejected >= 0 && tape.Kind(chosen) == tape.Kind(rejected) && tape.Written(chosen).SequenceEqual(tape.Written(rejected)))
            return "chosen and rejected say the same; expected two answers";
        if (IsWholeConversation(draft, chosen)) return ReadWhole(draft, chosen, rejected);
        if (tape.IsString(chosen) && rejected >= 0 && tape.IsString(rejected) && !HasContext(draft))
            return ReadTexts(draft, chosen, rejected);
        if (ReadContext(draft) is { } badContext) return badContext;
        draft.SetPrompt(draft.Turns.Length);
        if (ReadAnswer(draft, chosen, "chosen") is { } badChosen) return badChosen;
        return ReadRejected(draft, rejected);
    }

    /// <summary>Two whole conversations: the prompt is what both begin with.</summary>
    private static string? ReadWhole(RecordDraft draft, int chosen, int rejected)
    {
        var tape = draft.Tape;
        var before = draft.Turns.Length;
        if (ChatTurns.ReadList(draft, chosen) is { } badChosen) return $"{badChosen} (chosen)";
        if (!draft.Turns[^1].IsAssistant) return "bad chosen: its last message isn't the assistant's";
        if (rejected < 0 || !IsWholeConversation(draft, rejected))
        {
            draft.SetPrompt(draft.Turns.Length - 1);
            return ReadRejected(draft, rejected);
        }

        var shared = 0;
        int mine = tape.First(chosen), other = tape.First(rejected);
        while (mine >= 0 && other >= 0 && tape.Written(mine).SequenceEqual(tape.Written(other)))
        {
            shared++;
            mine = tape.NextItem(chosen, mine);
            other = tape.NextItem(rejected, other);
        }

        if (mine < 0 || other < 0) return "one of chosen and rejected begins with all of the other; expected two answers to one prompt";
        if (shared == 0) return NoPrompt;
        draft.SetPrompt(before + shared);
        draft.BeginRejected();
        return ChatTurns.ReadList(draft, rejected, shared) is { } badRejected ? $"{badRejected} (rejected)" : null;
    }

    /// <summary>Two texts without a prompt: it is what both begin with, but for a space at its end (as TRL splits them).</summary>
    private static string? ReadTexts(RecordDraft draft, int chosen, int rejected)
    {
        var good = draft.Tape.Text(chosen);
        var bad = draft.Tape.Text(rejected);
        var shared = good.AsSpan().CommonPrefixLength(bad);
        if (shared == good.Length || shared == bad.Length)
            return "one of chosen and rejected begins with all of the other; expected two answers to one prompt";
        if (shared > 0 && char.IsHighSurrogate(good[shared - 1])) shared--;
        if (shared > 0 && good[shared - 1] == ' ') shared--;
        if (shared == 0) return NoPrompt;
        draft.AddOwnText(Encoding.UTF8.GetBytes(good[..shared]));
        draft.AddTurn(new TurnDraft(Turn.User));
        draft.SetPrompt(draft.Turns.Length);
        draft.AddOwnText(Encoding.UTF8.GetBytes(good[shared..]));
        draft.AddTurn(new TurnDraft(Turn.Assistant));
        draft.BeginRejected();
        draft.AddOwnText(Encoding.UTF8.GetBytes(bad[shared..]));
        draft.AddTurn(new TurnDraft(Turn.Assistant));
        return null;
    }

    /// <summary>A conversation that is the chosen one, with the answer not to give beside it.</summary>
    private static string? ReadConversation(RecordDraft draft)
    {
        var response = Node(draft, RecordField.RejectedResponse);
        var messages = Node(draft, RecordField.RejectedMessages);
        if (response < 0 && messages < 0) return "a rejected answer without a chosen one; expected both";
        if (ChatList(draft) is not (>= 0 and var list))
            return $"a rejected answer beside no conversation: {draft.Tape.DescribeKeys(JsonTape.Root)}; expected 'messages'";
        if (response >= 0 && messages >= 0)
            return "two rejected answers: 'rejected_response' and 'rejected_messages'; expected one of them";
        if (messages >= 0 && IsWholeConversation(draft, messages)) return ReadWhole(draft, list, messages);
        if (ChatTurns.ReadList(draft, list) is { } fault) return fault;
        if (!draft.Turns[^1].IsAssistant) return "no chosen answer: the last message isn't the assistant's";
        draft.SetPrompt(draft.Turns.Length - 1);
        return ReadRejected(draft, response >= 0 ? response : messages);
    }

    private static string? ReadContext(RecordDraft draft)
    {
        var tape = draft.Tape;
        if (ChatList(draft) is >= 0 and var list)
        {
            if (ChatTurns.ReadList(draft, list) is { } fault) return fault;
            return draft.Turns[^1].IsAssistant ? "chosen beside messages that end with an answer; expected the messages before it" : null;
        }

        var prompt = draft.Record[RecordField.Prompt] is >= 0 and var given ? given : draft.Record[RecordField.Question];
        if (prompt >= 0 && tape.Kind(prompt) == JsonTokenType.StartArray)
            return ChatTurns.ReadList(draft, prompt) is { } badPrompt ? $"{badPrompt} (prompt)" : null;
        if (prompt >= 0)
        {
            if (!tape.IsString(prompt)) return $"bad prompt: {tape.DescribeKind(prompt)}; expected a text or a list of messages";
            draft.AddPart(prompt);
            draft.AddTurn(new TurnDraft(Turn.User));
            return null;
        }

        return draft.Record[RecordField.Instruction] >= 0
            ? AlpacaShape.ReadPrompt(draft)
            : $"chosen without a prompt: {tape.DescribeKeys(JsonTape.Root)}; expected a 'prompt', "
                + "or one that chosen and rejected begin with";
    }

    private static bool HasContext(RecordDraft draft) =>
        ChatList(draft) >= 0 || draft.Record[RecordField.Prompt] >= 0 || draft.Record[RecordField.Question] >= 0
            || draft.Record[RecordField.Instruction] >= 0;

    private static string? ReadRejected(RecordDraft draft, int rejected)
    {
        if (rejected < 0) return null;
        draft.BeginRejected();
        return ReadAnswer(draft, rejected, "rejected");
    }

    private static string? ReadAnswer(RecordDraft draft, int answer, string name)
    {
        var tape = draft.Tape;
        switch (tape.Kind(answer))
        {
            case JsonTokenType.String:
                draft.AddPart(answer);
                draft.AddTurn(new TurnDraft(Turn.Assistant));
                return null;
            case JsonTokenType.StartObject:
                if (ChatTurns.ReadMessage(draft, answer) is { } badMessage) return $"{badMessage} ({name})";
                break;
            case JsonTokenType.StartArray:
                if (ChatTurns.ReadList(draft, answer) is { } badList) return $"{badList} ({name})";
                break;
            default:
                return $"bad {name}: {tape.DescribeKind(answer)}; {Expected}";
        }

        return draft.Turns[^1].IsAssistant ? null : $"bad {name}: its last message isn't the assistant's";
    }

    /// <summary>A list of messages that begins with somebody else's than the assistant's.</summary>
    private static bool IsWholeConversation(RecordDraft draft, int node)
    {
        var tape = draft.Tape;
        if (tape.Kind(node) != JsonTokenType.StartArray || tape.First(node) is not (>= 0 and var first)
            || tape.Kind(first) != JsonTokenType.StartObject)
            return false;
        draft.Message.Read(tape, first);
        var role = draft.Message[MessageField.Role] is >= 0 and var written ? written : draft.Message[MessageField.From];
        return role >= 0 && tape.IsString(role) && tape.Text(role) is "system" or "developer" or "user" or "human";
    }

    private static int ChatList(RecordDraft draft)
    {
        var list = draft.Record[RecordField.Messages] is >= 0 and var messages ? messages : draft.Record[RecordField.Conversations];
        return list >= 0 && draft.Tape.Kind(list) == JsonTokenType.StartArray ? list : -1;
    }

    private static int Node(RecordDraft draft, RecordField field) =>
        draft.Record[field] is >= 0 and var node && UnreadFields.Holds(draft.Tape, node) ? node : -1;
}
