using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Tokenization;

/// <summary>What <c>tokenizer_config.json</c> says: the names of the special tokens, and the chat template.</summary>
internal sealed record TokenizerConfig
{
    /// <summary>The file's name in a model directory.</summary>
    public const string FileName = "tokenizer_config.json";

    /// <summary>Beginning of text, or null.</summary>
    public string? BosToken { get; init; }

    /// <summary>End of text, or null.</summary>
    public string? EosToken { get; init; }

    /// <summary>Padding, or null.</summary>
    public string? PadToken { get; init; }

    /// <summary>Unknown character, or null.</summary>
    public string? UnkToken { get; init; }

    /// <summary>Whether the tokenizer puts <see cref="BosToken"/> first; null where the file doesn't say.</summary>
    public bool? AddBosToken { get; init; }

    /// <summary>Whether the tokenizer puts <see cref="EosToken"/> last; null where the file doesn't say.</summary>
    public bool? AddEosToken { get; init; }

    /// <summary>The class transformers would load, or null.</summary>
    public string? TokenizerClass { get; init; }

    /// <summary>
    /// Whether the beginning-of-text and the end-of-text token go around a plain text where the tokenizer's class sets them
    /// itself, whatever <c>tokenizer.json</c> says; null where that file decides.
    /// </summary>
    internal (bool Begin, bool End)? ClassFrame =>
        TokenizerClass is { } name && ClassesWithFrame.Contains(name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name)
            ? (AddBosToken ?? true, AddEosToken ?? false)
            : null;

    // Those whose update_post_processor goes by add_bos_token and add_eos_token.
    private static readonly string[] ClassesWithFrame = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"];

    /// <summary>The chat template (the one named "default" of a list), or null.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Every chat template by name; a lone template is named "default".</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; init; } = new Dictionary<string, string>();

    /// <summary>Loads the file of a model directory; a directory without one gives an empty configuration.</summary>
    /// <param name="directory">A model directory, or PEFT's adapters of one.</param>
    /// <exception cref="PursuitException">The file can't be read, isn't JSON, or a field has the wrong kind.</exception>
    public static TokenizerConfig Load(string directory)
    {
        var file = Path.Combine(ModelDirectory.Open(directory).TokenizerPath, FileName);
        if (!File.Exists(file)) return new TokenizerConfig();
        return Parse(BoundedFile.Read(file, JsonFile.LargestConfiguration, "a tokenizer's configuration"), file);
    }

    /// <summary>Reads a configuration from a file's bytes.</summary>
    internal static TokenizerConfig Parse(byte[] bytes, string where)
    {
        using var document = JsonFile.Parse(bytes, where);
        var root = document.Root;
        var templates = Templates(root["chat_template"]);
        return new TokenizerConfig
        {
            BosToken = Token(root["bos_token"]),
            EosToken = Token(root["eos_token"]),
            PadToken = Token(root["pad_token"]),
            UnkToken = Token(root["unk_token"]),
            AddBosToken = root["add_bos_token"].IsNull ? null : root["add_bos_token"].Boolean(false),
            AddEosToken = root["add_eos_token"].IsNull ? null : root["add_eos_token"].Boolean(false),
            TokenizerClass = root["tokenizer_class"].IsNull ? null : root["tokenizer_class"].Text(),
            ChatTemplate = templates.GetValueOrDefault("default"),
            ChatTemplates = templates,
        };
    }

    private static string? Token(JsonField field)
    {
        if (field.IsNull) return null;
        return field.Element.ValueKind == JsonValueKind.Object ? field["content"].Text() : field.Text();
    }

    private static Dictionary<string, string> Templates(JsonField field)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        if (field.IsNull) return templates;
        switch (field.Element.ValueKind)
        {
            case JsonValueKind.String:
                templates["default"] = field.Text();
                break;
            case JsonValueKind.Object:
                foreach (var (name, value) in field.Properties()) templates[name] = value.Text();
                break;
            default:
                foreach (var item in field.Items()) templates[item["name"].Text()] = item["template"].Text();
                break;
        }

        return templates;
    }
}
