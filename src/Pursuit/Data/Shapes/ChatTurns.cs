using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>What the conversation shapes share: one message, a list of messages, and the fields beside the list.</summary>
internal static class ChatTurns
{
    private const string KnownRoles = "system, user, assistant, tool";

    /// <summary>Reads a list of messages into turns.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadList(RecordDraft draft, int list)
    {
        var tape = draft.Tape;
        var number = 0;
        for (var item = tape.First(list); item >= 0; item = tape.NextItem(list, item))
        {
            number++;
            if (tape.Kind(item) != JsonTokenType.StartObject)
                return $"bad message: number {number} is {tape.DescribeKind(item)}; expected an object";
            if (ReadMessage(draft, item, number) is { } reason) return reason;
        }

        return number == 0 ? "no messages: the list is empty" : null;
    }

    /// <summary>Reads the fields that may stand beside any conversation: <c>system</c> (call before the turns) .</summary>
    public static string? ReadSystem(RecordDraft draft)
    {
        var tape = draft.Tape;
        var node = tape.FindValue(JsonTape.Root, "system"u8);
        if (node < 0) return null;
        if (!tape.IsString(node)) return $"bad system: {tape.DescribeKind(node)}; expected a text";
        if (tape.Raw(node).IsEmpty) return null;
        draft.AddPart(node);
        draft.AddTurn(Turn.System);
        return null;
    }

    /// <summary>Reads <c>tools</c> and checks the turns as a whole; call after them.</summary>
    public static string? Finish(RecordDraft draft)
    {
        var tape = draft.Tape;
        var turns = draft.Turns;
        if (turns.Count > 1 && turns[0].Role == Turn.System && turns[1].Role == Turn.System && tape.FindValue(JsonTape.Root, "system"u8) >= 0)
            return "two system texts: one in 'system' and one in the list; expected one of them";
        var tools = tape.FindValue(JsonTape.Root, "tools"u8);
        return tools < 0 ? null : draft.SetTools(tools);
    }

    /// <summary>Reads a required field that is a text.</summary>
    public static string? RequireText(JsonTape tape, ReadOnlySpan<byte> name, out int node)
    {
        node = tape.Find(JsonTape.Root, name);
        var label = System.Text.Encoding.UTF8.GetString(name);
        if (node < 0) return $"no '{label}': {tape.DescribeKeys(JsonTape.Root)}";
        return tape.IsString(node) ? null : $"bad {label}: {tape.DescribeKind(node)}; expected a text";
    }

    private static string? ReadMessage(RecordDraft draft, int message, int number)
    {
        var tape = draft.Tape;
        if (OneOf(tape, message, "role"u8, "from"u8, out var roleNode) is { } ambiguous) return $"{ambiguous} in message {number}";
        if (roleNode < 0) return $"no role: message {number} has {tape.DescribeKeys(message)}";
        if (!tape.IsString(roleNode)) return $"bad role: {tape.DescribeKind(roleNode)} in message {number}; expected a text";
        var role = Role(tape, roleNode);
        if (role is null)
            return $"unknown role: '{JsonTape.Quote(tape.Text(roleNode))}' in message {number}; expected one of {KnownRoles} (or human, gpt, model, bot, chatgpt, developer, function, observation, function_call)";
        foreach (var name in Unread)
        {
            var node = tape.FindValue(message, name);
            if (node >= 0 && !(tape.IsString(node) && tape.Raw(node).IsEmpty))
                return $"unread words: '{System.Text.Encoding.UTF8.GetString(name)}' in message {number} isn't read; expected its text in the content (function_call: as tool_calls)";
        }

        var calls = tape.FindValue(message, "tool_calls"u8);
        if (calls >= 0)
        {
            if (ToolCallFault(tape, calls) is { } fault) return $"bad tool_calls: {fault} in message {number}";
            if (tape.First(calls) < 0) calls = -1;
            else if (role != Turn.Assistant) return $"bad tool_calls: message {number} is the {role}'s; expected them in the assistant's only";
        }

        if (OneOf(tape, message, "content"u8, "value"u8, out var content) is { } both) return $"{both} in message {number}";
        if (ReadContent(draft, content, calls >= 0) is { } reason) return $"{reason} in message {number}";
        draft.AddTurn(role, calls);
        return null;
    }

    private static readonly byte[][] Unread = ["function_call"u8.ToArray(), "reasoning_content"u8.ToArray(), "thinking"u8.ToArray()];

    private static string? OneOf(JsonTape tape, int message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> alias, out int node)
    {
        node = tape.Find(message, name);
        var other = tape.Find(message, alias);
        if (node >= 0 && other >= 0)
            return $"two names for one field: both '{System.Text.Encoding.UTF8.GetString(name)}' and '{System.Text.Encoding.UTF8.GetString(alias)}'";
        if (node < 0) node = other;
        return null;
    }

    private static string? ReadContent(RecordDraft draft, int content, bool hasCalls)
    {
        var tape = draft.Tape;
        if (content < 0 || tape.Kind(content) == JsonTokenType.Null)
            return hasCalls ? null : "no content: missing or null, and no tool_calls";
        if (tape.IsString(content))
        {
            draft.AddPart(content);
            return null;
        }

        if (tape.Kind(content) != JsonTokenType.StartArray)
            return $"bad content: {tape.DescribeKind(content)}; expected a text or a list of text parts";
        for (var part = tape.First(content); part >= 0; part = tape.NextItem(content, part))
        {
            if (tape.Kind(part) != JsonTokenType.StartObject) return $"bad content part: {tape.DescribeKind(part)}; expected {{\"type\":\"text\",\"text\":...}}";
            var type = tape.Find(part, "type"u8);
            if (type < 0 || !tape.IsString(type)) return "bad content part: it has no 'type'; expected \"text\"";
            if (!tape.Raw(type).SequenceEqual("text"u8))
                return $"a content part that isn't text: '{JsonTape.Quote(tape.Text(type))}'; expected only parts of type text";
            var text = tape.Find(part, "text"u8);
            if (text < 0 || !tape.IsString(text)) return "bad content part: it has no 'text' that is a text";
            draft.AddPart(text);
        }

        return null;
    }

    private static string? ToolCallFault(JsonTape tape, int calls)
    {
        if (tape.Kind(calls) != JsonTokenType.StartArray) return $"{tape.DescribeKind(calls)} instead of a list";
        for (var call = tape.First(calls); call >= 0; call = tape.NextItem(calls, call))
        {
            if (tape.Kind(call) != JsonTokenType.StartObject) return $"a call that is {tape.DescribeKind(call)} instead of an object";
        }

        return null;
    }

    private static string? Role(JsonTape tape, int node)
    {
        var raw = tape.Raw(node);
        if (raw.SequenceEqual("user"u8) || raw.SequenceEqual("human"u8)) return Turn.User;
        if (raw.SequenceEqual("assistant"u8) || raw.SequenceEqual("gpt"u8)) return Turn.Assistant;
        return tape.Text(node) switch
        {
            "system" or "developer" => Turn.System,
            "tool" or "function" or "observation" => Turn.Tool,
            "user" or "human" => Turn.User,
            "assistant" or "gpt" or "model" or "bot" or "chatgpt" or "function_call" => Turn.Assistant,
            _ => null,
        };
    }
}
