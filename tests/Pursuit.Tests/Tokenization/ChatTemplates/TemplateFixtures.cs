using System.Globalization;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

/// <summary>The golden renderings of tests/fixtures/chat-templates, made by python's jinja2.</summary>
internal static class TemplateFixtures
{
    private static readonly string Folder = RepositoryFiles.Fixture("chat-templates", "templates");
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("chat-templates", "golden.json"))).RootElement;

    public static readonly TokenizerConfig Config = new() { BosToken = "<s>", EosToken = "</s>" };

    public static IEnumerable<string> TemplateNames =>
        Directory.GetFiles(Folder, "*.jinja").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public static IEnumerable<string> ConversationNames =>
        Golden.GetProperty("conversations").EnumerateObject().Select(property => property.Name);

    public static string TemplateText(string name) => File.ReadAllText(Path.Combine(Folder, name + ".jinja"));

    public static ChatTemplate Template(string name) =>
        ChatTemplate.Parse(
            TemplateText(name), Config, DateTimeOffset.Parse(Golden.GetProperty("now").GetString() + "Z", CultureInfo.InvariantCulture));

    public static IEnumerable<(string Conversation, bool Prompt, string? Text, string? Error, CharSpan[]? Generation)> Cases(
        string template) =>
        from item in Golden.GetProperty("cases").EnumerateArray()
        where item.GetProperty("template").GetString() == template
        select (
            item.GetProperty("conversation").GetString()!,
            item.GetProperty("prompt").GetBoolean(),
            item.TryGetProperty("text", out var text) ? text.GetString() : null,
            item.TryGetProperty("error", out var error) ? error.GetString() : null,
            item.TryGetProperty("generation", out var spans)
                ? spans.EnumerateArray().Select(span => new CharSpan(span[0].GetInt32(), span[1].GetInt32())).ToArray() : null);

    public static Example Conversation(string name)
    {
        var conversation = Golden.GetProperty("conversations").GetProperty(name);
        var tools = conversation.GetProperty("tools");
        var turns = conversation.GetProperty("messages").EnumerateArray().Select(message =>
            new Turn(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)
            {
                ToolCallsJson = message.TryGetProperty("tool_calls", out var calls) ? calls.GetRawText() : null,
                FieldsJson = Fields(message, "role", "content", "tool_calls"),
            });
        return Make([.. turns]) with { ToolsJson = tools.ValueKind == JsonValueKind.Null ? null : tools.GetRawText() };
    }

    /// <summary>A message's other fields as a JSON object, or null where it has none.</summary>
    public static string? Fields(JsonElement message, params string[] known)
    {
        var others = message.EnumerateObject().Where(field => !known.Contains(field.Name))
            .ToDictionary(field => field.Name, field => field.Value);
        return others.Count == 0 ? null : JsonSerializer.Serialize(others);
    }

    public static Example Make(params Turn[] turns) => new() { ContentId = default, Locator = default, Turns = turns };

    public static Example MakeText(string text) => new() { ContentId = default, Locator = default, Text = text };
}
