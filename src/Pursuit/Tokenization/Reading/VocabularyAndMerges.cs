using System.Text;
using System.Text.Json;
using Pursuit.Storage;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Reading;

/// <summary>
/// Byte-level tokenizers as they were saved before tokenizer.json: <c>vocab.json</c> and <c>merges.txt</c>, with what else decides
/// their ids in
/// the class that tokenizer_config.json (or config.json's model_type) names. Written out as the tokenizer.json that transformers
/// converts them to.
/// </summary>
internal static class VocabularyAndMerges
{
    public const string VocabularyName = "vocab.json";
    public const string MergesName = "merges.txt";

    /// <summary>Whether a directory holds both files.</summary>
    public static bool AreIn(string directory) =>
        File.Exists(Path.Combine(directory, VocabularyName)) && File.Exists(Path.Combine(directory, MergesName));

    /// <summary>The tokenizer.json of a directory that holds both files, as UTF-8.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="PursuitException">A class whose rules aren't known, or a file that can't be read.</exception>
    public static byte[] ToTokenizerJson(string directory)
    {
        var kind = Class(directory);
        var isQwen = kind == "Qwen2Tokenizer";
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("added_tokens");
            foreach (var token in AddedTokens(directory)) AddedTokenFiles.Write(json, token);
            json.WriteEndArray();
            if (isQwen)
            {
                json.WriteStartObject("normalizer");
                json.WriteString("type", "NFC");
                json.WriteEndObject();
            }

            WritePreTokenizer(json, isQwen, AddsPrefixSpace(directory));
            json.WriteStartObject("decoder");
            json.WriteString("type", "ByteLevel");
            json.WriteEndObject();
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WritePropertyName("vocab");
            using (var vocabulary = Open(Path.Combine(directory, VocabularyName)))
                vocabulary.Root.Element.WriteTo(json);
            json.WriteStartArray("merges");
            var merges = BoundedFile.Read(Path.Combine(directory, MergesName), Tokenizer.LargestFile, "a tokenizer's merges");
            foreach (var line in Encoding.UTF8.GetString(merges).ReplaceLineEndings("\n").Split('\n'))
            {
                if (line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)) json.WriteStringValue(line);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static JsonFile Open(string path) => JsonFile.Open(path, Tokenizer.LargestFile, "a part of a tokenizer, as JSON");

    private static List<AddedToken> AddedTokens(string directory)
    {
        var config = TokenizerConfig.Load(directory);
        var special = new[] { config.BosToken, config.EosToken, config.UnkToken, config.PadToken }.OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        using var vocabulary = Open(Path.Combine(directory, VocabularyName));
        return AddedTokenFiles.Read(
            directory,
            special,
            [
                .. vocabulary.Root.Properties().Where(p => special.Contains(p.Name))
                    .Select(p => (p.Name, p.Value.Count(ModelReader.LargestId))),
            ]);
    }

    private static string Class(string directory)
    {
        var named = TokenizerConfig.Load(directory).TokenizerClass;
        var kind = named ?? ModelType(directory) switch { "qwen2" or "qwen3" => "Qwen2Tokenizer", "gpt2" => "GPT2Tokenizer", _ => null };
        if (kind is not null && kind.EndsWith("Fast", StringComparison.Ordinal)) kind = kind[..^"Fast".Length];
        return kind is "Qwen2Tokenizer" or "GPT2Tokenizer"
            ? kind
            : throw PursuitException.At(
                directory, $"{VocabularyName} and {MergesName} of {(named is null ? "a class that no file names" : $"the class {named}")}",
                $"a {Tokenizer.FileName}, or these files of GPT2Tokenizer or Qwen2Tokenizer",
                $"Save the tokenizer with transformers, which writes {Tokenizer.FileName}: "
                    + "AutoTokenizer.from_pretrained(...).save_pretrained(...).");
    }

    private static string? ModelType(string directory)
    {
        var file = Path.Combine(directory, "config.json");
        if (!File.Exists(file)) return null;
        using var document = Open(file);
        var type = document.Root["model_type"];
        return type.IsNull ? null : type.Text();
    }

    private static bool AddsPrefixSpace(string directory)
    {
        var file = Path.Combine(directory, TokenizerConfig.FileName);
        if (!File.Exists(file)) return false;
        using var document = Open(file);
        return document.Root["add_prefix_space"].Boolean(false);
    }

    private static void WritePreTokenizer(Utf8JsonWriter json, bool isQwen, bool addsPrefixSpace)
    {
        json.WriteStartObject("pre_tokenizer");
        if (!isQwen)
        {
            WriteByteLevel(json, addsPrefixSpace, usesPattern: true);
            json.WriteEndObject();
            return;
        }

        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", Llama3Scanner.Qwen2Pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        json.WriteStartObject();
        WriteByteLevel(json, addsPrefixSpace, usesPattern: false);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, bool addsPrefixSpace, bool usesPattern)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", addsPrefixSpace);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", usesPattern);
    }
}
