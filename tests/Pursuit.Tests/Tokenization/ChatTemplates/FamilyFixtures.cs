using System.Globalization;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

/// <summary>The families' templates and golden masks of tests/fixtures/chat-templates, made by make_masks.py.</summary>
internal static class FamilyFixtures
{
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("chat-templates", "masks.json"))).RootElement;

    public static IEnumerable<string> Families => Golden.GetProperty("families").EnumerateObject().Select(family => family.Name);

    public static IEnumerable<string> Conversations =>
        Golden.GetProperty("conversations").EnumerateObject().Select(conversation => conversation.Name);

    /// <summary>What jinja2 prints, or null where it refuses, with the trained stretches.</summary>
    public static (string? Text, CharSpan[] Trained) Case(string family, string conversation)
    {
        var item = Golden.GetProperty("families").GetProperty(family).GetProperty("cases").GetProperty(conversation);
        return item.TryGetProperty("refused", out _)
            ? (null, [])
            : (item.GetProperty("text").GetString(),
                [.. item.GetProperty("trained").EnumerateArray().Select(span => new CharSpan(span[0].GetInt32(), span[1].GetInt32()))]);
    }

    /// <summary>An encoder with the family's template, with its generation tags or without them.</summary>
    public static ExampleEncoder Encoder(string family, bool tags = false)
    {
        var facts = Golden.GetProperty("families").GetProperty(family);
        var config = new TokenizerConfig { BosToken = Token(facts, "bos_token"), EosToken = Token(facts, "eos_token") };
        var special = facts.GetProperty("special")
            .EnumerateArray().Select(token => token.GetString()!).Concat([config.BosToken, config.EosToken]).OfType<string>();
        var now = DateTimeOffset.Parse(Golden.GetProperty("now").GetString() + "Z", CultureInfo.InvariantCulture);
        var template = ChatTemplate.Parse(Source(family, tags)!, config, now, toolUse: Source(family + ".tool_use", tags));
        return new ExampleEncoder(ByteTokenizer.With(special.Distinct()), template, config, 1_000_000);
    }

    public static string? Source(string name, bool tags = false)
    {
        var file = RepositoryFiles.Fixture("chat-templates", Path.Combine("families", name + ".jinja"));
        if (!File.Exists(file)) return null;
        var text = File.ReadAllText(file);
        return tags
            ? text
            : text.Replace("{%- generation -%}", "{#- -#}", StringComparison.Ordinal)
                .Replace("{%- endgeneration -%}", "{#- -#}", StringComparison.Ordinal);
    }

    public static Example Conversation(string name)
    {
        var conversation = Golden.GetProperty("conversations").GetProperty(name);
        var tools = conversation.GetProperty("tools");
        return TemplateFixtures.Make([.. conversation.GetProperty("turns").EnumerateArray().Select(ToTurn)]) with
        {
            ToolsJson = tools.ValueKind == JsonValueKind.Null ? null : tools.GetRawText(),
        };
    }

    private static Turn ToTurn(JsonElement message)
    {
        var role = message.GetProperty("role").GetString()!;
        var content = message.GetProperty("content").GetString();
        return new Turn(role == "developer" ? Turn.System : role, content ?? "")
        {
            WrittenRole = role == "developer" ? role : null,
            IsContentNull = content is null,
            Reasoning = Token(message, "reasoning"),
            ToolCallsJson = message.TryGetProperty("tool_calls", out var calls) ? calls.GetRawText() : null,
            FieldsJson = TemplateFixtures.Fields(message, "role", "content", "reasoning", "tool_calls", "trained", "untrained"),
            TrainMark = message.TryGetProperty("trained", out var trained) ? trained.GetBoolean() : null,
            UntrainedSpans = Token(message, "untrained") is { } word
                ? [new UntrainedSpan(
                    content!.IndexOf(word, StringComparison.Ordinal), content.IndexOf(word, StringComparison.Ordinal) + word.Length)]
                : [],
        };
    }

    private static string? Token(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
