using System.Text.Json.Nodes;
using Pursuit.Data;

namespace Pursuit.Jobs.Export;

/// <summary>Writes messages as chat templates read them: role, content, and the fields beside them.</summary>
/// <param name="callArgumentsAsText">
/// True where the trainer turns a text of arguments into an object itself: all records then have one type.
/// </param>
/// <param name="marks">True where the trainer reads marks of what is trained in every message.</param>
internal sealed class MessageJson(bool callArgumentsAsText, bool marks)
{
    public const string Role = "role";
    public const string Content = "content";
    public const string ToolCalls = "tool_calls";
    public const string Reasoning = "reasoning_content";
    public const string Train = "train";
    public const string TrainDetail = "train_detail";

    private static readonly string[] Own = [Role, Content, ToolCalls, Reasoning, Train, TrainDetail];

    /// <summary>A list of messages.</summary>
    public JsonArray WriteAll(IEnumerable<ExportMessage> messages) => new([.. messages.Select(m => (JsonNode)Write(m))]);

    /// <summary>One message.</summary>
    public JsonObject Write(ExportMessage message)
    {
        var json = new JsonObject { [Role] = message.TemplateRole, [Content] = message.Content };
        if (message.Reasoning is { } reasoning) json[Reasoning] = reasoning;
        if (message.Calls.Count > 0) json[ToolCalls] = new JsonArray([.. message.Calls.Select(c => (JsonNode)Write(c))]);
        if (marks)
        {
            json[Train] = message.IsTrained;
            if (message.IsTrained && message.UntrainedSpans.Count > 0) json[TrainDetail] = Detail(message.Content!, message.UntrainedSpans);
        }

        foreach (var (name, value) in message.Fields ?? [])
            if (!Own.Contains(name)) json[name] = value?.DeepClone();
        return json;
    }

    private JsonObject Write(ToolCall call)
    {
        JsonNode? arguments = callArgumentsAsText ? call.Arguments : ExportJson.Parse(call.Arguments);
        var function = new JsonObject { ["name"] = call.Name, ["arguments"] = arguments };
        var json = new JsonObject { ["type"] = "function", ["function"] = function };
        if (call.Id is { } id) json["id"] = id;
        return json;
    }

    /// <summary>
    /// The whole content in stretches with and without loss: what is in none isn't trained either. Offsets count characters as Python does,
    /// and the last is within.
    /// </summary>
    private static JsonArray Detail(string content, IReadOnlyList<UntrainedSpan> untrained)
    {
        var detail = new JsonArray();
        var (at, character) = (0, 0);
        foreach (var span in untrained)
        {
            Add(span.Start, true);
            Add(span.End, false);
        }

        Add(content.Length, true);
        return detail;

        void Add(int end, bool trained)
        {
            if (end <= at) return;
            var characters = content[at..end].EnumerateRunes().Count();
            detail.Add(new JsonObject { ["begin_offset"] = character, ["end_offset"] = character + characters - 1, ["train"] = trained });
            (at, character) = (end, character + characters);
        }
    }
}
