using Pursuit.Data;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>What a template is to print: a record's turns with what goes beside them.</summary>
/// <param name="Turns">The turns.</param>
/// <param name="ToolsJson">The tools they may use, as a JSON array, or null.</param>
/// <param name="DocumentsJson">The documents to answer from, as a JSON array, or null.</param>
internal sealed record Conversation(IReadOnlyList<Turn> Turns, string? ToolsJson = null, string? DocumentsJson = null);

/// <summary>Turns a conversation into the variables transformers gives a chat template, every word marked with its owner.</summary>
internal static class ConversationVariables
{
    /// <summary>The variables that the record and the tokenizer's configuration set.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token", "unk_token", "pad_token"];

    private static readonly JinjaText RoleKey = JinjaText.Of("role");
    private static readonly JinjaText ContentKey = JinjaText.Of("content");
    private static readonly JinjaText ToolCallsKey = JinjaText.Of("tool_calls");

    /// <summary>The variables of a rendering.</summary>
    /// <param name="conversation">What is printed.</param>
    /// <param name="source">What the template's source mentions.</param>
    /// <param name="config">The special tokens.</param>
    /// <param name="owners">Gets the owners of the marks.</param>
    /// <param name="addGenerationPrompt">Whether the prompt for the assistant's next answer follows.</param>
    /// <exception cref="PursuitException">Calls, tools, documents or fields are no JSON.</exception>
    public static List<KeyValuePair<string, object?>> Create(
        Conversation conversation, TemplateSource source, TokenizerConfig config, MarkOwners owners, bool addGenerationPrompt)
    {
        var messages = new object?[conversation.Turns.Count];
        for (var i = 0; i < messages.Length; i++) messages[i] = Message(conversation.Turns[i], i, source, owners);
        var variables = new List<KeyValuePair<string, object?>>(Names.Count)
        {
            new("messages", new JinjaList(messages)),
            new("tools", Items(conversation.ToolsJson, RecordPart.Tools, owners, "the tools")),
            new("documents", Items(conversation.DocumentsJson, RecordPart.Documents, owners, "the documents")),
            new("add_generation_prompt", addGenerationPrompt),
        };
        Add(variables, "bos_token", config.BosToken);
        Add(variables, "eos_token", config.EosToken);
        Add(variables, "unk_token", config.UnkToken);
        Add(variables, "pad_token", config.PadToken);
        return variables;
    }

    private static void Add(List<KeyValuePair<string, object?>> variables, string name, string? token)
    {
        if (token is not null) variables.Add(new(name, JinjaText.Of(token)));
    }

    private static object? Items(string? json, RecordPart part, MarkOwners owners, string where) =>
        json is null ? null : JsonValues.ReadItems(json, -1, item => owners.Add(-1, part, item), where);

    private static JinjaDict Message(Turn turn, int index, TemplateSource source, MarkOwners owners)
    {
        var message = new JinjaDict(4) { Message = index };
        message.Set(RoleKey, JinjaText.Of(source.RoleOf(turn)));
        message.Set(ContentKey, turn.IsContentNull ? null : Content(turn, index, owners));
        if (!string.IsNullOrEmpty(turn.Reasoning) && source.ReasoningKeys.Count > 0)
        {
            var thought = JinjaText.Of(turn.Reasoning, owners.Add(index, RecordPart.Reasoning));
            foreach (var key in source.ReasoningKeys) message.Set(key, thought);
        }

        if (turn.ToolCallsJson is { } calls)
        {
            message.Set(ToolCallsKey, JsonValues.ReadItems(
                calls,
                owners.Add(index, RecordPart.ToolCalls),
                call => owners.Add(index, RecordPart.ToolCalls, call),
                $"the tool calls of turn {index + 1}"));
        }

        if (turn.FieldsJson is { } fields) SetFields(message, fields, index);
        return message;
    }

    // Fields such as name and tool_call_id belong to nobody: what a template prints of them is its own header.
    private static void SetFields(JinjaDict message, string json, int index)
    {
        var where = $"the fields of turn {index + 1}";
        if (JsonValues.Read(json, -1, where) is not JinjaDict fields)
            throw PursuitException.At(where, "JSON that is no object", "an object");
        foreach (var (key, value) in fields.Entries)
        {
            if (!message.TryGet(key.Value, out _)) message.Set(key, value);
        }
    }

    private static JinjaText Content(Turn turn, int index, MarkOwners owners)
    {
        var content = owners.Add(index, RecordPart.Content);
        if (turn.UntrainedSpans.Count == 0) return JinjaText.Of(turn.Content, content);
        var untrained = owners.Add(index, RecordPart.UntrainedContent);
        var marks = new List<JinjaMark>((2 * turn.UntrainedSpans.Count) + 1);
        var position = 0;
        foreach (var span in turn.UntrainedSpans)
        {
            var (start, end) = (Math.Clamp(span.Start, position, turn.Content.Length), Math.Clamp(span.End, position, turn.Content.Length));
            if (start > position) marks.Add(new JinjaMark(position, start, content));
            if (end > start) marks.Add(new JinjaMark(start, end, untrained));
            position = Math.Max(start, end);
        }

        if (position < turn.Content.Length) marks.Add(new JinjaMark(position, turn.Content.Length, content));
        return JinjaText.Of(turn.Content, [.. marks]);
    }
}
