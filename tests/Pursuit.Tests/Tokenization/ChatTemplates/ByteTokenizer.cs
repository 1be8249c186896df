using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization.ChatTemplates;

/// <summary>
/// A byte-level tokenizer with a token for each byte and a few merges over the edges of words, so that a mask can be
/// checked by reading it.
/// </summary>
internal static class ByteTokenizer
{
    public static readonly string[] Special =
        ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"];

    /// <summary>Every byte a token; nothing merged.</summary>
    public static Tokenizer Plain { get; } = Make([]);

    /// <summary>With tokens that reach over an answer's edges: " a", ".\n" and the like.</summary>
    public static Tokenizer Merged { get; } = Make([("Ġ", "a"), (".", "Ċ"), ("Ċ", "Ċ"), ("a", "b"), ("Ġa", "b"), ("Ċ", "a")]);

    /// <summary>With a post-processor that puts &lt;s&gt; first.</summary>
    public static Tokenizer WithBos { get; } = Make([], bos: true);

    /// <summary>Every byte a token, and these special ones.</summary>
    public static Tokenizer With(IEnumerable<string> special) => Make([], special: [.. special]);

    private static Tokenizer Make((string, string)[] merges, bool bos = false, string[]? special = null)
    {
        var vocabulary = new JsonObject();
        foreach (var c in Alphabet()) vocabulary[c.ToString()] = vocabulary.Count;
        foreach (var (left, right) in merges) vocabulary[left + right] = vocabulary.Count;
        var added = new JsonArray();
        foreach (var token in special ?? Special)
        {
            added.Add(new JsonObject
            {
                ["id"] = vocabulary.Count + added.Count,
                ["content"] = token,
                ["special"] = true,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
            });
        }

        var byteLevel =
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = byteLevel,
            ["decoder"] = byteLevel.DeepClone(),
            ["post_processor"] = bos
                ? JsonNode.Parse(
                    """
                    {"type": "TemplateProcessing", "pair": [],
                     "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                     "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}}}
                    """)
                : null,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)$"{merge.Item1} {merge.Item2}")]),
            },
        };
        return Tokenizer.Parse(JsonSerializer.SerializeToUtf8Bytes(file), "the tests' tokenizer");
    }

    // GPT-2's 256 printable characters, in the order of the bytes they stand for.
    private static IEnumerable<char> Alphabet()
    {
        var next = 256;
        for (var b = 0; b < 256; b++)
            yield return b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
    }
}
