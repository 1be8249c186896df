using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Benchmarks;

/// <summary>
/// `templates FOLDER CONVERSATIONS OUT`: prints every conversation by every chat template of a folder, one line of JSON each,
/// for benchmarks/templates.py, which prints the same with jinja2 and compares. Messages become turns field for field.
/// </summary>
internal static class TemplatesBenchmark
{
    private static readonly JsonSerializerOptions Layout = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] OwnFields = ["role", "content", "tool_calls", "reasoning_content"];

    /// <summary>Prints all conversations.</summary>
    public static int Run(string[] args)
    {
        if (args.Length != 3)
        {
            Console.Error.WriteLine("usage: templates FOLDER CONVERSATIONS OUT");
            return 2;
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(args[1]));
        var input = document.RootElement;
        var now = DateTimeOffset.Parse(input.GetProperty("now").GetString() + "Z", CultureInfo.InvariantCulture);
        var config = new TokenizerConfig
        {
            BosToken = input.GetProperty("bos_token").GetString(),
            EosToken = input.GetProperty("eos_token").GetString(),
        };
        var conversations = input.GetProperty("conversations").EnumerateObject().Select(item => (item.Name, Example: Read(item.Value)))
            .ToArray();
        using var output = new StreamWriter(args[2]);
        var clock = Stopwatch.StartNew();
        foreach (var file in Directory.GetFiles(args[0], "*.jinja").Order(StringComparer.Ordinal))
        {
            foreach (var (name, prompt, text, refusal) in Print(file, config, now, conversations))
                output.WriteLine(JsonSerializer.Serialize(
                    new { template = Path.GetFileName(file), conversation = name, prompt, text, refusal }, Layout));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:F2} s"));
        return 0;
    }

    private static IEnumerable<(string Name, bool Prompt, string? Text, string? Refusal)> Print(
        string file, TokenizerConfig config, DateTimeOffset now, (string Name, Example Example)[] conversations)
    {
        ChatTemplate? template = null;
        string? fault = null;
        try
        {
            template = ChatTemplate.Parse(File.ReadAllText(file), config, now);
        }
        catch (PursuitException e)
        {
            fault = e.Message;
        }

        foreach (var (name, example) in conversations)
        {
            foreach (var prompt in (bool[])[false, true])
            {
                var (text, refusal) = (default(string), fault);
                try
                {
                    text = template?.Render(example, prompt).Text;
                }
                catch (PursuitException e)
                {
                    refusal = e.Message;
                }

                yield return (name, prompt, text, refusal);
            }
        }
    }

    private static Example Read(JsonElement conversation) => new()
    {
        ContentId = default,
        Locator = default,
        Turns = [.. conversation.GetProperty("messages").EnumerateArray().Select(ToTurn)],
        ToolsJson = Raw(conversation, "tools"),
        DocumentsJson = Raw(conversation, "documents"),
    };

    private static Turn ToTurn(JsonElement message)
    {
        var role = message.GetProperty("role").GetString()!;
        var content = message.GetProperty("content").GetString();
        var others = message.EnumerateObject().Where(field => !OwnFields.Contains(field.Name))
            .ToDictionary(field => field.Name, field => field.Value);
        return new Turn(role == "developer" ? Turn.System : role, content ?? "")
        {
            WrittenRole = role == "developer" ? role : null,
            IsContentNull = content is null,
            Reasoning = message.TryGetProperty("reasoning_content", out var thought) ? thought.GetString() : null,
            ToolCallsJson = Raw(message, "tool_calls"),
            FieldsJson = others.Count == 0 ? null : JsonSerializer.Serialize(others, Layout),
        };
    }

    private static string? Raw(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetRawText() : null;
}
