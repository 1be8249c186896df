using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>What the conversation shapes share: one message, a list of messages, and the fields beside the list.</summary>
internal static class ChatTurns
{
    private const string KnownRoles = "system, user, assistant, tool";

    /// <summary>Reads a list of messages into turns.</summary>
    /// <param name="draft">Gets the turns.</param>
    /// <param name="list">The list.</param>
    /// <param name="skip">Messages to pass over.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadList(RecordDraft draft, int list, int skip = 0)
    {
        var tape = draft.Tape;
        var number = 0;
        for (var item = tape.First(list); item >= 0; item = tape.NextItem(list, item))
        {
            number++;
            if (number <= skip) continue;
            if (tape.Kind(item) != JsonTokenType.StartObject)
                return $"bad message: number {number} is {tape.DescribeKind(item)}; expected an object";
            if (ReadMessage(draft, item) is { } reason) return $"{reason} in message {number}";
        }

        return number == 0 ? "no messages: the list is empty" : null;
    }

    /// <summary>Reads one message into a turn.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadMessage(RecordDraft draft, int message)
    {
        var tape = draft.Tape;
        var fields = draft.Message;
        fields.Read(tape, message);
        if (OneOf(fields, MessageField.Role, MessageField.From, out var roleNode) is { } ambiguous) return ambiguous;
        if (roleNode < 0) return $"no role: {tape.DescribeKeys(message)}";
        if (!tape.IsString(roleNode)) return $"bad role: {tape.DescribeKind(roleNode)}; expected a text";
        if (Role(tape, roleNode) is not { } role)
            return $"unknown role: '{JsonTape.Quote(tape.Text(roleNode))}'; expected one of {KnownRoles} (or human, gpt, model, bot, "
                + "chatgpt, developer, function, observation, function_call)";
        if (OneOf(fields, MessageField.Content, MessageField.Value, out var content) is { } both) return both;
        if (role.Written == FunctionRole && ToolCalls.IsWritten(draft, message, content)) role = (Turn.Assistant, FunctionCall);
        if (ToolCalls.Read(draft, role.Role, out var form, out var calls) is { } badCalls) return badCalls;
        if (content >= 0 && role.Written == FunctionCall && form == CallForm.None)
        {
            if (ToolCalls.TextFault(draft, content) is { } noCall) return noCall;
            (form, calls, content) = (CallForm.Text, content, -1);
        }

        if (content >= 0 && MessageContent.Read(draft, content, role.Role) is { } badContent) return badContent;
        var reason = UnreadFields.OfMessage(draft) ?? Reasoning.ReadOfMessage(draft, role.Role);
        if (reason is not null) return reason;
        if (content < 0 && form == CallForm.None && !draft.HasThought) return "no content: missing or null, and no tool_calls";
        if (ReadMarks(draft, role.Role, content) is var (fault, mark) && fault is not null) return fault;
        draft.AddTurn(new TurnDraft(role.Role)
        {
            WrittenRole = role.Written,
            Message = message,
            HasOtherFields = ExampleMaker.HasOthers(fields),
            Calls = calls,
            CallForm = form,
            IsContentNull = content < 0,
            TrainMark = mark,
        });
        return null;
    }

    /// <summary>
    /// Reads the system text that may be beside any conversation, <c>system</c> or <c>system_prompt</c>; call before the
    /// turns.
    /// </summary>
    public static string? ReadSystem(RecordDraft draft)
    {
        var tape = draft.Tape;
        if (SystemNode(draft, RecordField.System, out var node) is { } fault) return fault;
        if (SystemNode(draft, RecordField.SystemPrompt, out var prompt) is { } badPrompt) return badPrompt;
        if (node >= 0 && prompt >= 0 && tape.Text(node) != tape.Text(prompt))
            return "two system texts: 'system' and 'system_prompt' differ; expected one of them";
        if (node < 0) node = prompt;
        if (node < 0) return null;
        draft.AddPart(node);
        draft.AddTurn(new TurnDraft(Turn.System));
        return null;
    }

    /// <summary>Reads the fields beside a conversation and checks the turns as a whole; call after them.</summary>
    /// <param name="draft">Holds the turns.</param>
    /// <param name="isAnswerApart">The last turn is a field of its own, not one of a list.</param>
    public static string? Finish(RecordDraft draft, bool isAnswerApart = false)
    {
        if (draft.TurnCount > 1 && draft.Turns[0] is { Role: Turn.System, Message: < 0 } && draft.Turns[1].Role == Turn.System)
        {
            if (draft.ContentOf(0) != draft.ContentOf(1))
                return "two system texts: one beside the list and one in it; expected one of them";
            draft.RemoveFirst();
        }

        if (Reasoning.ReadOfRecord(draft, isAnswerApart) is { } unread) return unread;
        ReadOnlyLast(draft);
        return ReadTools(draft) ?? ReadDocuments(draft);
    }

    /// <summary>Reads a required field that is a text.</summary>
    public static string? RequireText(RecordDraft draft, RecordField field, out int node)
    {
        node = draft.Record[field];
        var name = FieldScan<RecordField>.NameOf(field);
        if (node < 0) return $"no '{name}': {draft.Tape.DescribeKeys(JsonTape.Root)}";
        return draft.Tape.IsString(node) ? null : $"bad {name}: {draft.Tape.DescribeKind(node)}; expected a text";
    }

    private const string FunctionCall = "function_call";
    private const string FunctionRole = "function";
    private static readonly ulong MarkBits = TrainMarks.Bits | FieldScan<MessageField>.Bits(MessageField.TrainDetail);

    /// <summary>The message's mark, and the spans of its <c>train_detail</c>.</summary>
    private static (string? Fault, bool? Mark) ReadMarks(RecordDraft draft, string role, int content)
    {
        if ((draft.Message.Present & MarkBits) == 0) return (null, null);
        if (TrainMarks.Read(draft.Tape, draft.Message, out var mark, out var name) is { } unclear) return (unclear, null);
        if (mark == true && role != Turn.Assistant) return (MessageContent.MarkedAsTrained(role, name), null);
        var detail = draft.Message[MessageField.TrainDetail];
        if (detail < 0) return (null, mark);
        if (TrainMarks.ReadDetail(draft.Tape, detail, out var trained) is { } bad) return (bad, null);
        if (role != Turn.Assistant) return (trained.Count > 0 ? MessageContent.MarkedAsTrained(role, "train_detail") : null, mark);
        if (draft.Tape.IsEmpty(detail)) return (null, mark ?? false);
        if (mark == false) return (null, mark);
        if (content < 0 || !draft.Tape.IsString(content))
            return ("bad train_detail: beside content that is no text; expected a text", null);
        TrainMarks.AddUntrained(draft, draft.PendingContent(), trained);
        return (null, mark);
    }

    /// <summary>mistral-finetune's <c>only_last</c>: of the answers, only a last message's is trained.</summary>
    private static void ReadOnlyLast(RecordDraft draft)
    {
        var node = draft.Record[RecordField.OnlyLast];
        if (node < 0 || TrainMarks.ReadValue(draft.Tape, node) != true) return;
        for (var i = 0; i < draft.TurnCount - 1; i++)
        {
            if (draft.Turns[i].IsAssistant) draft.Untrain(i);
        }
    }

    private static string? ReadTools(RecordDraft draft)
    {
        var found = -1;
        var name = "";
        foreach (var field in (ReadOnlySpan<RecordField>)[RecordField.Tools, RecordField.Functions, RecordField.AvailableTools])
        {
            var node = draft.Record[field];
            if (node < 0 || IsEmpty(draft.Tape, node)) continue;
            if (found >= 0) return $"two lists of tools: '{name}' and '{FieldScan<RecordField>.NameOf(field)}'; expected one of them";
            (found, name) = (node, FieldScan<RecordField>.NameOf(field));
        }

        return found < 0 ? null : draft.SetTools(found);
    }

    private static bool IsEmpty(JsonTape tape, int node) =>
        tape.Kind(node) is JsonTokenType.StartArray or JsonTokenType.StartObject
            ? tape.IsEmpty(node)
            : tape.IsString(node) && tape.Raw(node).IsEmpty;

    /// <summary>Templates read a list of objects; whatever else goes by the name of documents is metadata.</summary>
    private static string? ReadDocuments(RecordDraft draft)
    {
        var tape = draft.Tape;
        var node = draft.Record[RecordField.Documents];
        if (node < 0 || tape.Kind(node) != JsonTokenType.StartArray || tape.IsEmpty(node)) return null;
        for (var item = tape.First(node); item >= 0; item = tape.NextItem(node, item))
        {
            if (tape.Kind(item) != JsonTokenType.StartObject) return null;
        }

        draft.SetDocuments(node);
        return null;
    }

    private static string? SystemNode(RecordDraft draft, RecordField field, out int node)
    {
        node = draft.Record[field];
        if (node < 0) return null;
        if (!draft.Tape.IsString(node))
            return $"bad {FieldScan<RecordField>.NameOf(field)}: {draft.Tape.DescribeKind(node)}; expected a text";
        if (draft.Tape.Raw(node).IsEmpty) node = -1;
        return null;
    }

    private static string? OneOf(FieldScan<MessageField> fields, MessageField field, MessageField alias, out int node)
    {
        node = fields[field];
        var other = fields[alias];
        if (node >= 0 && other >= 0)
            return $"two names for one field: both '{FieldScan<MessageField>.NameOf(field)}' and '{FieldScan<MessageField>.NameOf(alias)}'";
        if (node < 0) node = other;
        return null;
    }

    private static (string Role, string? Written)? Role(JsonTape tape, int node)
    {
        var raw = tape.Raw(node);
        if (raw.SequenceEqual("user"u8) || raw.SequenceEqual("human"u8)) return (Turn.User, null);
        if (raw.SequenceEqual("assistant"u8) || raw.SequenceEqual("gpt"u8)) return (Turn.Assistant, null);
        return tape.Text(node) switch
        {
            "system" => (Turn.System, null),
            "developer" => (Turn.System, "developer"),
            "tool" => (Turn.Tool, null),
            FunctionRole => (Turn.Tool, FunctionRole),
            "observation" => (Turn.Tool, "observation"),
            "user" or "human" => (Turn.User, null),
            "assistant" or "gpt" or "model" or "bot" or "chatgpt" => (Turn.Assistant, null),
            FunctionCall => (Turn.Assistant, FunctionCall),
            _ => null,
        };
    }
}
