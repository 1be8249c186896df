using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>
/// LLaMA-Factory's sharegpt layout under OpenAI's names, the same with two answers for preferences, and texts for its <c>pt</c> stage.
/// </summary>
internal sealed class LlamaFactoryLayout(ExportKind kind) : ITrainerLayout
{
    private const string Observation = "observation";
    private const string Function = "function";

    /// <summary>What its own converter of OpenAI's layout puts between the answers of calls made at once.</summary>
    private const string BetweenObservations = "\n</tool_response>\n<tool_response>\n";

    private const string Entries = "LLaMA-Factory's dataset_info.json, to add an entry to";
    private const string CallStart = "<tool_call>";
    private const string CallEnd = "</tool_call>";
    private const string ThoughtEnd = "</think>";

    private int _wordsBeforeCalls;

    /// <inheritdoc/>
    public IReadOnlyList<string> MessageFields => ["messages", "chosen", "rejected"];

    /// <inheritdoc/>
    public JsonNode? NoTools => ""; // an empty list would print an empty system turn

    /// <inheritdoc/>
    public string? Fault(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return null;
        if (row.Documents is not null) return "documents";
        var learned = row.Messages.Skip(row.Kind == ExportKind.Preference ? row.PromptMessages!.Value : 0).ToArray();
        if (learned.Any(m => m.IsUntrained)) return "a turn that is not to be trained";
        if (learned.Any(m => m.IsTrained && m.UntrainedSpans.Count > 0)) return ExportRow.UntrainedStretch;
        if (row.Messages.Concat(row.Rejected).Any(HidesItsCalls)) return $"a call beside the marks {CallStart} or {ThoughtEnd} in words";
        if (row.Kind == ExportKind.Conversation) return TurnFault(Turns(row.Messages), "assistant");
        if (row.Messages.Count - row.PromptMessages != 1 || row.Rejected.Count != 1) return "an answer of several turns";
        if (row.Messages[^1].Role != Turn.Assistant || row.Rejected[0].Role != Turn.Assistant)
            return "an answer that isn't the assistant's";
        return TurnFault(Turns(row.Messages.Take(row.PromptMessages!.Value)), "user");
    }

    /// <inheritdoc/>
    public JsonObject Write(ExportRow row)
    {
        if (row.Kind == ExportKind.Text) return new JsonObject { ["text"] = row.Text };
        var json = new JsonObject();
        var conversation = row.Kind == ExportKind.Preference ? row.Messages.Take(row.PromptMessages!.Value) : row.Messages;
        json["messages"] = new JsonArray([.. Turns(conversation).Select(t => (JsonNode)Message(t))]);
        if (row.Kind == ExportKind.Preference)
        {
            json["chosen"] = Message(Turns([row.Messages[^1]])[0]);
            json["rejected"] = Message(Turns([row.Rejected[0]])[0]);
        }

        if (row.Tools is { } tools) json["tools"] = tools;
        _wordsBeforeCalls += row.Messages.Concat(row.Rejected).Count(m => m.Speaks && m.Calls.Count > 0);
        return json;
    }

    /// <summary>Adds the entry to the dataset_info.json that stands there, or makes one.</summary>
    /// <inheritdoc/>
    public string Configuration(TrainerFiles files, ExportColumns columns)
    {
        var entries = ReadConfiguration(files.ConfigurationPath);
        var names = new JsonObject { ["messages"] = "messages" };
        if (kind == ExportKind.Preference) (names["chosen"], names["rejected"]) = ("chosen", "rejected");
        if (columns.HasTools) names["tools"] = "tools"; // a column that no record has is an error there
        var entry = new JsonObject { ["file_name"] = files.DataName };
        if (kind == ExportKind.Text)
        {
            entry["columns"] = new JsonObject { ["prompt"] = "text" };
        }
        else
        {
            entry["formatting"] = "sharegpt";
            if (kind == ExportKind.Preference) entry["ranking"] = true;
            entry["columns"] = names;
            entry["tags"] = new JsonObject
            {
                ["role_tag"] = "role",
                ["content_tag"] = "content",
                ["user_tag"] = "user",
                ["assistant_tag"] = "assistant",
                ["system_tag"] = "system",
                ["function_tag"] = Function,
                ["observation_tag"] = Observation,
            };
        }

        entries[files.Name] = entry;
        return entries.ToJsonString(ExportJson.Indented) + "\n";
    }

    /// <inheritdoc/>
    public IEnumerable<string> Notes(ExportColumns columns)
    {
        if (_wordsBeforeCalls == 0) yield break;
        var turns = FormattableString.Invariant($"{_wordsBeforeCalls:N0} {(_wordsBeforeCalls == 1 ? "turn says" : "turns say")}");
        yield return $"{turns} something before a call, which LLaMA-Factory reads from version 0.9.4 on; earlier ones stop at such a turn";
    }

    /// <summary>The entries of a dataset_info.json; none where there is no file.</summary>
    /// <exception cref="PursuitException">What stands there is something else.</exception>
    public static JsonObject ReadConfiguration(string path)
    {
        if (!File.Exists(path)) return [];
        using var file = JsonFile.Open(path, JsonFile.LargestConfiguration, Entries);
        return file.Root.Element.ValueKind == JsonValueKind.Object
            ? JsonObject.Create(file.Root.Element.Clone())!
            : throw PursuitException.At(path, "not a JSON object", Entries, "Mend or move that file.");
    }

    /// <summary>
    /// Turns alternate there by their numbers: user or observation, then assistant or function; a system's only before them.
    /// </summary>
    private static string? TurnFault(IReadOnlyList<(string Role, string Content)> turns, string last)
    {
        var spoken = turns.SkipWhile((t, i) => i == 0 && t.Role == Turn.System).ToArray();
        if (spoken.Length == 0) return "no turn but the system's";
        for (var i = 0; i < spoken.Length; i++)
        {
            var asks = spoken[i].Role is Turn.User or Observation;
            if (spoken[i].Role == Turn.System) return "a system's turn behind another";
            if (i % 2 == 0 && !asks) return i == 0 ? "a conversation that the assistant begins" : "two turns of the assistant's in a row";
            if (i % 2 == 0 || !asks) continue;
            return spoken[i].Role == spoken[i - 1].Role ? "two turns of the user's in a row" : "turns of the user and of a tool in a row";
        }

        return spoken.Length % 2 == (last == Turn.User ? 1 : 0) ? null
            : last == Turn.User ? "a prompt that ends with the assistant's turn" : "a last turn that isn't the assistant's";
    }

    /// <summary>The turns by its names; answers of calls made at once are joined, as its converter of OpenAI's layout joins them.</summary>
    private static List<(string Role, string Content)> Turns(IEnumerable<ExportMessage> messages)
    {
        var turns = new List<(string Role, string Content)>();
        foreach (var message in messages)
        {
            var words = message.Content ?? "";
            if (message.Role == Turn.Tool && turns is [.., (Observation, var before)])
                turns[^1] = (Observation, before + BetweenObservations + words);
            else if (message.Role == Turn.Tool) turns.Add((Observation, words));
            else if (message.Calls.Count > 0) turns.Add((Function, Thoughts(message) + Call(message, words)));
            else turns.Add((message.Role, Thoughts(message) + words));
        }

        return turns;
    }

    private static string Thoughts(ExportMessage message) =>
        message.Reasoning is { } thoughts ? $"<think>\n{thoughts}\n{ThoughtEnd}\n\n" : "";

    private static string Call(ExportMessage message, string words)
    {
        var calls = ToolCall.ToList(message.Calls);
        return words.Length == 0 ? calls : words + CallStart + calls + CallEnd;
    }

    /// <summary>True where it would look for the calls in another place: it finds them by these marks.</summary>
    private static bool HidesItsCalls(ExportMessage message) => message.Calls.Count > 0
        && ((message.Content + message.Reasoning + ToolCall.ToList(message.Calls)) is var all
            && (all.Contains(CallStart, StringComparison.Ordinal) || all.Contains(CallEnd, StringComparison.Ordinal))
            || message.Reasoning?.Contains(ThoughtEnd, StringComparison.Ordinal) == true);

    private static JsonObject Message((string Role, string Content) turn) => new() { ["role"] = turn.Role, ["content"] = turn.Content };
}
