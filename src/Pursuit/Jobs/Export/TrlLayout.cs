using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pursuit.Jobs.Export;

/// <summary>TRL's <c>SFTTrainer</c> and <c>DPOTrainer</c>: messages, prompt and completion, prompt, chosen and rejected, or text.</summary>
internal sealed class TrlLayout : ITrainerLayout
{
    private readonly MessageJson _json = new(callArgumentsAsText: false, marks: false);
    private readonly ExportKind _kind;
    private readonly bool _prompts;
    private readonly bool _longCompletions;

    public TrlLayout(ExportSurvey survey)
    {
        _kind = survey.Kind;
        // A prompt takes the turns that begin a conversation out of the loss, for which TRL has no other place.
        _prompts = _kind == ExportKind.Conversation && (survey.AllPrompted || survey.SomeBeginUntrained);
        _longCompletions = survey.SomeCompletionsAreLong;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> MessageFields => ["messages", "prompt", "completion", "chosen", "rejected"];

    /// <inheritdoc/>
    public JsonNode? NoTools => null; // a template may tell an empty list from none

    /// <summary>True where loss on the assistant's turns alone has to be asked for.</summary>
    public bool AsksForAssistantLoss => _kind == ExportKind.Conversation && (!_prompts || _longCompletions);

    /// <inheritdoc/>
    public string? Fault(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return null;
        if (row.Messages.Any(m => m.IsTrained && m.UntrainedSpans.Count > 0)) return ExportRow.UntrainedStretch;
        var prompt = PromptLength(row);
        if (row.Kind == ExportKind.Preference) return prompt == 0 ? "no prompt before the answer" : null;
        if (_prompts && prompt == 0) return "no prompt before the answer";
        if (_prompts && row.Messages.Take(prompt).Any(m => m.IsTrained)) return ExportRow.TrainedPrompt;
        var learned = row.Messages.Skip(_prompts ? prompt : 0).ToArray();
        if (!learned.Any(m => m.IsTrained)) return "no turn to train on";
        return learned.Any(m => m.IsUntrained) ? "a turn that is not to be trained behind one that is" : null;
    }

    /// <inheritdoc/>
    public JsonObject Write(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return new JsonObject { ["text"] = row.Text };
        var prompt = PromptLength(row);
        var answer = row.Messages.Skip(prompt);
        var json = new JsonObject();
        if (row.Kind == ExportKind.Preference || _prompts)
        {
            json["prompt"] = _json.WriteAll(row.Messages.Take(prompt));
            json[row.Kind == ExportKind.Preference ? "chosen" : "completion"] = _json.WriteAll(answer);
            if (row.Kind == ExportKind.Preference) json["rejected"] = _json.WriteAll(row.Rejected);
        }
        else
        {
            json["messages"] = _json.WriteAll(row.Messages);
        }

        if (row.Tools is { } tools) json["tools"] = tools;
        if (row.Documents is { } documents) json["chat_template_kwargs"] = new JsonObject { ["documents"] = ExportJson.Parse(documents) };
        return json;
    }

    /// <inheritdoc/>
    public string Configuration(TrainerFiles files, ExportColumns columns)
    {
        var command = _kind == ExportKind.Preference ? "dpo" : "sft";
        var lines = new List<string>
        {
            $"# For \"trl {command} --config\": the file is found relative to the directory you start it in.",
            "datasets:",
            "  - path: json",
            $"    data_files: {JsonSerializer.Serialize(files.DataName)}",
            "    split: train",
        };
        if (AsksForAssistantLoss)
        {
            lines.Add("# Without it TRL trains on every token, the user's too. It reads {% generation %} marks in the chat template.");
            lines.Add("assistant_only_loss: true");
        }

        return string.Join('\n', lines) + "\n";
    }

    /// <inheritdoc/>
    public IEnumerable<string> Notes(ExportColumns columns) => [];

    private static int PromptLength(ExportRow row) => row.PromptMessages ?? row.UpToFirstTrained;
}
