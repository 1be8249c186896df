using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pursuit.Tests.Jobs.Export;

/// <summary>
/// What trainers' loaders accept, written from reading them and not from the code under test: LLaMA-Factory's data/converter.py and
/// data/processor, TRL's sft_trainer.py and dpo_trainer.py, axolotl's prompt_strategies, and the columns of datasets' json.py.
/// </summary>
internal static class TrainerLoaders
{
    /// <summary>The turns LLaMA-Factory trains on; null where it skips the example.</summary>
    /// <remarks>SharegptDatasetConverter: accept_tags by index % 2; an even count, or an odd one before two answers.</remarks>
    public static IReadOnlyList<(string Role, string Content)>? LlamaFactory(JsonObject row, bool ranking = false)
    {
        var messages = row["messages"]!.AsArray().Select(m => (Role: (string)m!["role"]!, Content: (string)m["content"]!)).ToList();
        string system = "";
        if (messages.Count != 0 && messages[0].Role == "system")
        {
            system = messages[0].Content;
            messages.RemoveAt(0);
        }

        string[][] accepted = [["user", "observation"], ["assistant", "function"]];
        for (var i = 0; i < messages.Count; i++)
            if (!accepted[i % 2].Contains(messages[i].Role)) return null;
        if (messages.Count % 2 != (ranking ? 1 : 0)) return null;
        var answers = ranking
            ? new[] { row["chosen"]!, row["rejected"]! }.Select(a => (Role: (string)a["role"]!, Content: (string)a["content"]!)).ToArray()
            : [];
        if (answers.Any(a => !accepted[1].Contains(a.Role))) return null;
        if (!ranking && messages.Count == 0) return null; // supervised.py: one response behind an odd number of turns
        foreach (var (_, content) in messages.Concat(answers).Where(m => m.Role == "function")) Function(content);
        // template.py: an empty text of tools prints nothing, any other must be JSON.
        if (row["tools"] is { } tools && (string)tools! is { Length: > 0 } text) JsonDocument.Parse(text).Dispose();
        return system.Length > 0 ? [("system", system), .. messages, .. answers] : [.. messages, .. answers];
    }

    /// <summary>formatter.py's FunctionFormatter: words, then calls between marks; or thoughts and calls; or calls alone.</summary>
    public static (string Words, JsonArray Calls) Function(string content)
    {
        const string Start = "<tool_call>", End = "</tool_call>";
        var words = "";
        if (content.IndexOf(Start, StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = content.IndexOf(End, at, StringComparison.Ordinal);
            words = content.Remove(at, end + End.Length - at);
            content = content[(at + Start.Length)..end];
        }
        else if (content.StartsWith("<think>\n", StringComparison.Ordinal))
        {
            var end = content.IndexOf("\n</think>\n\n", StringComparison.Ordinal) + "\n</think>\n\n".Length;
            (words, content) = (content[..end], content[end..]);
        }

        var calls = JsonNode.Parse(content) is JsonArray list ? list : new JsonArray(JsonNode.Parse(content));
        foreach (var call in calls)
            (call!["name"]!.GetValueKind() == JsonValueKind.String && call.AsObject().ContainsKey("arguments")).ShouldBeTrue();
        return (words, calls);
    }

    /// <summary>The turns TRL's SFTTrainer takes loss on; null where it stops.</summary>
    /// <remarks>
    /// tokenize_fn: completion_mask for prompt and completion, assistant_masks by assistant_only_loss; both where both are.
    /// </remarks>
    public static IReadOnlyList<JsonObject>? TrlTrained(JsonObject row, bool assistantOnly)
    {
        if (row["tools"] is { } tools) (JsonNode.Parse((string)tools!) is JsonArray).ShouldBeTrue();
        var prompts = row.ContainsKey("prompt");
        var list = (prompts ? row["completion"] : row["messages"])!.AsArray();
        // is_conversational looks at the first message of whichever list comes first.
        if (list.Count == 0 || (prompts && row["prompt"]!.AsArray().Count == 0)) return null;
        if (!prompts && !assistantOnly) return [.. list.Select(m => m!.AsObject())];
        JsonObject[] trained = [.. list.Select(m => m!.AsObject()).Where(m => !assistantOnly || (string)m["role"]! == "assistant")];
        return trained.Length == 0 ? null : trained; // "at least one example has no assistant tokens"
    }

    /// <summary>The prompt, the chosen and the rejected answer as TRL's DPOTrainer reads them.</summary>
    public static (JsonArray Prompt, JsonArray Chosen, JsonArray Rejected) TrlPreference(JsonObject row) =>
        (row["prompt"]!.AsArray(), row["chosen"]!.AsArray(), row["rejected"]!.AsArray());

    /// <summary>Each turn's content with what of it axolotl takes loss on, character by character as Python counts them.</summary>
    /// <remarks>chat_template.py: training, then training_detail, then roles_to_train; a detail's end is within.</remarks>
    public static IReadOnlyList<(JsonObject Message, string Trained)> Axolotl(JsonObject row, string configuration)
    {
        var field = configuration.Contains("message_field_training: train", StringComparison.Ordinal);
        var detailField = configuration.Contains("message_field_training_detail: train_detail", StringComparison.Ordinal);
        return [.. row["messages"]!.AsArray().Select(m => m!.AsObject()).Select(m => (m, Trained(m)))];

        string Trained(JsonObject message)
        {
            var runes = ((string?)message["content"] ?? "").EnumerateRunes().ToArray();
            var train = field ? (bool?)message["train"] : null;
            if (!(train ?? (string)message["role"]! == "assistant")) return "";
            if (!detailField || message["train_detail"] is not JsonArray { Count: > 0 } detail) return string.Concat(runes);
            return string.Concat(
                runes.Where((_, i) => detail.Any(d => (bool)d!["train"]! && (int)d["begin_offset"]! <= i && i <= (int)d["end_offset"]!)));
        }
    }

    /// <summary>
    /// What datasets' json.py refuses in a file read in two pieces: a place without a type in the first piece that has one in the second.
    /// </summary>
    public static IReadOnlyList<string> LateTypes(IReadOnlyList<JsonObject> rows, int firstRows)
    {
        HashSet<string> Typed(IEnumerable<JsonObject> some) => [.. some.SelectMany(r => Places(r, ""))];
        return [.. Typed(rows.Skip(firstRows)).Except(Typed(rows.Take(firstRows))).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Places(JsonNode? node, string path) => node switch
    {
        null => [],
        JsonObject json => json.SelectMany(p => Places(p.Value, $"{path}/{p.Key}")).Append(path),
        JsonArray list => list.SelectMany(item => Places(item, path + "[]")).Append(path),
        _ => [path],
    };
}
