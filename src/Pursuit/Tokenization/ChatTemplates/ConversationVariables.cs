using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Pursuit.Data;

namespace Pursuit.Tokenization;

/// <summary>Turns a conversation into the variables transformers gives a chat template, every word marked with its turn.</summary>
internal static class ConversationVariables
{
    // Python refuses to read longer whole numbers (sys.int_info.default_max_str_digits).
    private const int LongestNumber = 4300;
    private static readonly JinjaText RoleKey = JinjaText.Of("role");
    private static readonly JinjaText ContentKey = JinjaText.Of("content");
    private static readonly JinjaText ToolCallsKey = JinjaText.Of("tool_calls");

    /// <summary>The mark of a turn's content.</summary>
    public static int OwnerOf(int turn) => 2 * turn;

    /// <summary>The mark of a turn's tool calls.</summary>
    public static int ToolOwnerOf(int turn) => (2 * turn) + 1;

    /// <summary>The turn of a mark.</summary>
    public static int TurnOf(int owner) => owner / 2;

    /// <summary>Whether a mark is of a turn's tool calls.</summary>
    public static bool IsTool(int owner) => owner % 2 == 1;

    /// <summary>The variables of a rendering.</summary>
    public static List<KeyValuePair<string, object?>> Create(
        IReadOnlyList<Turn> turns, string? toolsJson, TokenizerConfig config, bool addGenerationPrompt)
    {
        var messages = new object?[turns.Count];
        for (var i = 0; i < messages.Length; i++) messages[i] = Message(turns[i], i);
        var variables = new List<KeyValuePair<string, object?>>(8)
        {
            new("messages", new JinjaList(messages)),
            new("tools", toolsJson is null ? null : Json(toolsJson, -1, "the tools")),
            new("documents", null),
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

    private static JinjaDict Message(Turn turn, int index)
    {
        var message = new JinjaDict(turn.ToolCallsJson is null ? 2 : 3);
        message.Set(RoleKey, JinjaText.Of(turn.Role));
        message.Set(ContentKey, JinjaText.Of(turn.Content, OwnerOf(index)));
        if (turn.ToolCallsJson is not null)
            message.Set(ToolCallsKey, Json(turn.ToolCallsJson, ToolOwnerOf(index), $"the tool calls of turn {index + 1}"));
        return message;
    }

    /// <summary>A JSON text as template values that belong to a turn.</summary>
    /// <exception cref="PursuitException">The text is no JSON.</exception>
    public static object? Json(string json, int owner, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Value(document.RootElement, owner, where);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw PursuitException.At(where, $"text that can't be read as JSON ({e.Message})", "a JSON array", null, e);
        }
    }

    private static object? Value(JsonElement element, int owner, string where)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new JinjaDict(4, owner);
                foreach (var property in element.EnumerateObject())
                    dict.Set(JinjaText.Of(property.Name, owner), Value(property.Value, owner, where));
                return dict;
            case JsonValueKind.Array:
                return new JinjaList([.. element.EnumerateArray().Select(item => Value(item, owner, where))], JinjaListKind.List, owner);
            case JsonValueKind.String:
                return JinjaText.Of(element.GetString()!, owner);
            case JsonValueKind.Number:
                return Number(element.GetRawText(), where);
            default:
                return element.ValueKind == JsonValueKind.Null ? null : element.ValueKind == JsonValueKind.True;
        }
    }

    private static object Number(string text, string where)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E')) return double.Parse(text, CultureInfo.InvariantCulture);
        if (text == "-0") return 0L;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        if (text.Length > LongestNumber)
            throw PursuitException.At(where, $"a number of {text.Length} digits", $"at most {LongestNumber}");
        return BigInteger.Parse(text, CultureInfo.InvariantCulture);
    }
}
