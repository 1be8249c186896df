using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pursuit.Jobs.Export;

/// <summary>Axolotl's <c>chat_template</c> strategy, its namesake for preferences, and <c>completion</c> for texts.</summary>
internal sealed class AxolotlLayout(ExportKind kind) : ITrainerLayout
{
    private readonly MessageJson _json = new(callArgumentsAsText: true, marks: kind == ExportKind.Conversation);
    private readonly MessageJson _plain = new(callArgumentsAsText: true, marks: false);

    /// <inheritdoc/>
    public IReadOnlyList<string> MessageFields => ["messages", "chosen", "rejected"];

    /// <inheritdoc/>
    public JsonNode? NoTools => "[]";

    /// <inheritdoc/>
    public string? Fault(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return null;
        if (row.Documents is not null) return "documents";
        // Beside stretches it takes loss on the words alone.
        if (row.Kind == ExportKind.Conversation)
            return row.Messages.Any(m => m.IsTrained && m.UntrainedSpans.Count > 0 && (m.Calls.Count > 0 || m.Reasoning is not null))
                ? "thoughts or calls beside a stretch that is not to be trained"
                : null;
        // Its strategy for preferences reads the words of the prompt and of one answer, and nothing else.
        var answer = row.Messages.Skip(row.PromptMessages!.Value).ToArray();
        var all = row.Messages.Concat(row.Rejected);
        if (answer.Length != 1 || row.Rejected.Count != 1) return "an answer of several turns";
        if (row.Tools is not null || all.Any(m => m.Calls.Count > 0)) return "tools or their calls beside a rejected answer";
        if (all.Any(m => m.Reasoning is not null)) return "thoughts beside a rejected answer";
        return answer[0].UntrainedSpans.Count > 0 ? ExportRow.UntrainedStretch : null;
    }

    /// <inheritdoc/>
    public JsonObject Write(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return new JsonObject { ["text"] = row.Text };
        if (row.Kind == ExportKind.Preference)
        {
            return new JsonObject
            {
                ["messages"] = new JsonArray([.. row.Messages.Take(row.PromptMessages!.Value).Select(m => (JsonNode)Words(m))]),
                ["chosen"] = Words(row.Messages[^1]),
                ["rejected"] = Words(row.Rejected[0]),
            };
        }

        var marked = row.Messages.Any(m => m.IsUntrained || (m.IsTrained && m.UntrainedSpans.Count > 0));
        var json = new JsonObject { ["messages"] = (marked ? _json : _plain).WriteAll(row.Messages) };
        if (row.Tools is { } tools) json["tools"] = tools;
        return json;
    }

    /// <inheritdoc/>
    public string Configuration(TrainerFiles files, ExportColumns columns)
    {
        IEnumerable<string> lines =
        [
            "# Part of axolotl's configuration: put it into your YAML.",
            .. kind == ExportKind.Preference ? ["rl: dpo"] : Array.Empty<string>(),
            "datasets:",
            $"  - path: {JsonSerializer.Serialize(files.DataName)}",
            "    ds_type: json",
            .. Strategy(columns).Select(line => "    " + line),
        ];
        return string.Join('\n', lines) + "\n";
    }

    /// <inheritdoc/>
    public IEnumerable<string> Notes(ExportColumns columns) => [];

    private List<string> Strategy(ExportColumns columns)
    {
        if (kind == ExportKind.Text) return ["type: completion", "field: text"];
        if (kind == ExportKind.Preference)
            return ["type: chat_template.default", "field_messages: messages", "field_chosen: chosen", "field_rejected: rejected"];
        var lines = new List<string> { "type: chat_template", "field_messages: messages" };
        if (columns.HasTools) lines.Add("field_tools: tools");
        lines.AddRange(["message_property_mappings:", "  role: role", "  content: content"]);
        if (columns.MessageKeys.Contains(MessageJson.Reasoning)) lines.Add("  reasoning_content: reasoning_content");
        lines.AddRange(["roles_to_train: [assistant]", "train_on_eos: turn"]);
        if (columns.MessageKeys.Contains(MessageJson.Train)) lines.Add("message_field_training: train");
        if (columns.MessageKeys.Contains(MessageJson.TrainDetail)) lines.Add("message_field_training_detail: train_detail");
        return lines;
    }

    private static JsonObject Words(ExportMessage message) =>
        new() { [MessageJson.Role] = message.Role, [MessageJson.Content] = message.Content ?? "" };
}
