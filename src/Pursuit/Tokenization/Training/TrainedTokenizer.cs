using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Storage;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Training;

/// <summary>What <see cref="BpeTrainer"/> learnt, ready to be written as Hugging Face's files or used at once.</summary>
internal sealed class TrainedTokenizer
{
    private static readonly JsonWriterOptions Layout = new() { Indented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly BpeTrainingOptions _options;
    private readonly IReadOnlyList<string> _tokens;
    private readonly IReadOnlyList<(int Left, int Right)> _merges;

    internal TrainedTokenizer(BpeTrainingOptions options, IReadOnlyList<string> tokens, IReadOnlyList<(int Left, int Right)> merges)
    {
        _options = options;
        _tokens = tokens;
        _merges = merges;
    }

    /// <summary>Tokens learnt, the special ones and the 256 bytes included.</summary>
    public int VocabularySize => _tokens.Count;

    /// <summary>Merges learnt.</summary>
    public int MergeCount => _merges.Count;

    /// <summary>The tokenizer itself.</summary>
    public Tokenizer ToTokenizer() => Tokenizer.Parse(TokenizerJson(), "the trained tokenizer");

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c>, each whole or not at all.</summary>
    /// <param name="directory">The model directory; made where it doesn't exist.</param>
    /// <exception cref="PursuitException">The directory can't be written.</exception>
    public void Save(string directory)
    {
        AtomicFile.Write(Path.Combine(directory, Tokenizer.FileName), stream => stream.Write(TokenizerJson()));
        AtomicFile.Write(Path.Combine(directory, TokenizerConfig.FileName), stream => stream.Write(ConfigJson()));
    }

    /// <summary>The bytes of tokenizer.json.</summary>
    internal byte[] TokenizerJson() => Write(Layout, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < _options.SpecialTokens.Count; id++) WriteAddedToken(json, id, _options.SpecialTokens[id]);
        json.WriteEndArray();
        if (_options.NormalizeNfc) WriteTyped(json, "normalizer", "NFC");
        else json.WriteNull("normalizer");
        WritePreTokenizer(json);
        WritePostProcessor(json);
        json.WritePropertyName("decoder");
        WriteByteLevel(json, useRegex: true);
        WriteModel(json);
        json.WriteEndObject();
    });

    /// <summary>The bytes of tokenizer_config.json.</summary>
    internal byte[] ConfigJson() => Write(Layout with { Indented = true }, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("add_bos_token", _options.AddBosToken);
        json.WriteBoolean("add_eos_token", false);
        json.WriteBoolean("add_prefix_space", false);
        json.WriteString("bos_token", _options.BosToken);
        json.WriteString("eos_token", _options.EosToken);
        json.WriteString("pad_token", _options.PadToken);
        json.WriteNull("unk_token");
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        if (_options.ChatTemplate is not null) json.WriteString("chat_template", _options.ChatTemplate);
        json.WriteEndObject();
    });

    private static byte[] Write(JsonWriterOptions layout, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, layout)) write(json);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteAddedToken(Utf8JsonWriter json, int id, string content)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", content);
        foreach (var flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(flag, false);
        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void WriteTyped(Utf8JsonWriter json, string name, string type)
    {
        json.WriteStartObject(name);
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, bool useRegex)
    {
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", false);
        json.WriteBoolean("use_regex", useRegex);
        json.WriteEndObject();
    }

    private void WritePreTokenizer(Utf8JsonWriter json)
    {
        json.WritePropertyName("pre_tokenizer");
        if (_options.Pattern == WordPattern.Gpt2)
        {
            WriteByteLevel(json, useRegex: true);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", _options.Pattern == WordPattern.Llama3 ? Llama3Scanner.Llama3Pattern : Llama3Scanner.Qwen2Pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        WriteByteLevel(json, useRegex: false);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WritePostProcessor(Utf8JsonWriter json)
    {
        json.WritePropertyName("post_processor");
        if (!_options.AddBosToken)
        {
            WriteByteLevel(json, useRegex: true);
            return;
        }

        var bos = _options.BosToken!;
        json.WriteStartObject();
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        WritePiece(json, "SpecialToken", bos, 0);
        WritePiece(json, "Sequence", "A", 0);
        json.WriteEndArray();
        json.WriteStartArray("pair");
        WritePiece(json, "SpecialToken", bos, 0);
        WritePiece(json, "Sequence", "A", 0);
        WritePiece(json, "SpecialToken", bos, 1);
        WritePiece(json, "Sequence", "B", 1);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(bos);
        json.WriteString("id", bos);
        json.WriteStartArray("ids");
        json.WriteNumberValue(_options.SpecialTokens.ToList().IndexOf(bos));
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(bos);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter json, string kind, string id, int typeId)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", typeId);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (var id = 0; id < _tokens.Count; id++) json.WriteNumber(_tokens[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in _merges) json.WriteStringValue($"{_tokens[left]} {_tokens[right]}");
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
