using System.Text;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>
/// BERT's tokenizers as they were saved before tokenizer.json: <c>vocab.txt</c>, a piece a line, and in tokenizer_config.json what
/// becomes of the text before. Written out as the tokenizer.json that transformers converts them to.
/// </summary>
internal static class VocabularyText
{
    public const string FileName = "vocab.txt";

    private const string UsualClass = "BertTokenizer";

    private static readonly Dictionary<string, string> ClassOfModel = new(StringComparer.Ordinal)
    {
        ["bert"] = UsualClass,
        ["distilbert"] = UsualClass,
        ["electra"] = UsualClass,
        ["mobilebert"] = UsualClass,
        ["layoutlm"] = UsualClass,
        ["nomic_bert"] = UsualClass,
        ["mpnet"] = "MPNetTokenizer",
    };

    // Those that read vocab.txt as BERT does.
    private static readonly string[] LikeBert =
        [UsualClass, "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer", "LayoutLMTokenizer", "RetriBertTokenizer"];

    /// <summary>The tokenizer.json of a directory that holds a vocab.txt, as UTF-8.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="PursuitException">A class whose rules aren't known, or a file that can't be read.</exception>
    public static byte[] ToTokenizerJson(string directory)
    {
        var isMpnet = IsMpnet(directory);
        using var settings = Settings(directory);
        var root = settings?.Root;
        var vocabulary = Read(Path.Combine(directory, FileName));
        var (begin, end) = (Token("cls_token", isMpnet ? "<s>" : "[CLS]"), Token("sep_token", isMpnet ? "</s>" : "[SEP]"));
        string[] special =
        [
            Token("unk_token", "[UNK]"), end, Token("pad_token", isMpnet ? "<pad>" : "[PAD]"), begin,
            Token("mask_token", isMpnet ? "<mask>" : "[MASK]"),
        ];
        var lowers = root?["do_lower_case"].Boolean(true) ?? true;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("added_tokens");
            (string, int)[] known = [.. special.Distinct().Where(vocabulary.ContainsKey).Select(token => (token, vocabulary[token]))];
            foreach (var token in AddedTokenFiles.Read(directory, special.ToHashSet(StringComparer.Ordinal), known))
                AddedTokenFiles.Write(json, token);
            json.WriteEndArray();
            json.WriteStartObject("normalizer");
            json.WriteString("type", "BertNormalizer");
            json.WriteBoolean("clean_text", true);
            json.WriteBoolean("handle_chinese_chars", root?["tokenize_chinese_chars"].Boolean(true) ?? true);
            json.WriteBoolean("strip_accents", root?["strip_accents"].Boolean(lowers) ?? lowers);
            json.WriteBoolean("lowercase", lowers);
            json.WriteEndObject();
            WriteType(json, "pre_tokenizer", "BertPreTokenizer");
            json.WriteStartObject("post_processor");
            json.WriteString("type", "BertProcessing");
            WritePair(json, "sep", end);
            WritePair(json, "cls", begin);
            json.WriteEndObject();
            WriteType(json, "decoder", "WordPiece");
            json.WriteStartObject("model");
            json.WriteString("type", "WordPiece");
            json.WriteString("unk_token", special[0]);
            json.WriteString("continuing_subword_prefix", "##");
            json.WriteStartObject("vocab");
            foreach (var (token, id) in vocabulary) json.WriteNumber(token, id);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();

        string Token(string name, string usual)
        {
            var field = root?[name];
            if (field is not { IsNull: false } given) return usual;
            return given.Element.ValueKind == JsonValueKind.Object ? given["content"].Text() : given.Text();
        }

        void WritePair(Utf8JsonWriter json, string name, string token)
        {
            json.WriteStartArray(name);
            json.WriteStringValue(token);
            json.WriteNumberValue(
                vocabulary.TryGetValue(token, out var id)
                    ? id
                    : throw PursuitException.At(
                        Path.Combine(directory, FileName), $"no line '{token}'",
                        "the pieces of a BERT tokenizer, special tokens included"));
            json.WriteEndArray();
        }
    }

    private static void WriteType(Utf8JsonWriter json, string name, string type)
    {
        json.WriteStartObject(name);
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    // A piece that stands there twice has its last line's number.
    private static Dictionary<string, int> Read(string path)
    {
        var bytes = BoundedFile.Read(path, Tokenizer.LargestFile, "a tokenizer's pieces, one a line");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var id = 0;
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            var token = line.TrimEnd('\r');
            if (token.Length > 0) vocabulary[token] = id;
            id++;
        }

        return vocabulary;
    }

    private static bool IsMpnet(string directory)
    {
        var named = TokenizerConfig.Load(directory).TokenizerClass;
        var kind = named ?? (ModelType(directory) is { } type ? ClassOfModel.GetValueOrDefault(type, type) : UsualClass);
        if (kind.EndsWith("Fast", StringComparison.Ordinal)) kind = kind[..^"Fast".Length];
        if (kind == "MPNetTokenizer") return true;
        return LikeBert.Contains(kind)
            ? false
            : throw PursuitException.At(
                directory, $"{FileName} of '{kind}'", $"a {Tokenizer.FileName}, or a {FileName} of {string.Join(", ", LikeBert)} or "
                    + "MPNetTokenizer",
                $"Save the tokenizer with transformers, which writes {Tokenizer.FileName}: "
                    + "AutoTokenizer.from_pretrained(...).save_pretrained(...).");
    }

    private static string? ModelType(string directory)
    {
        using var file = OpenIfThere(Path.Combine(directory, "config.json"));
        var type = file?.Root["model_type"];
        return type is { IsNull: false } known ? known.Text() : null;
    }

    private static JsonFile? Settings(string directory) => OpenIfThere(Path.Combine(directory, TokenizerConfig.FileName));

    private static JsonFile? OpenIfThere(string path) =>
        File.Exists(path) ? JsonFile.Open(path, JsonFile.LargestConfiguration, "a tokenizer's configuration") : null;
}
