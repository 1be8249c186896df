using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Tests.Tokenization;

/// <summary>The small tokenizers and strings of tests/fixtures/tokenizer.</summary>
internal static class TokenizerFixtures
{
    /// <summary>Tokenizers that are in the repository.</summary>
    public static readonly string[] Names =
    [
        "gpt2", "llama3", "qwen2", "llama2", "mistral", "metaspace", "o200k", "deepseek", "bert", "bert-cased", "xlmr", "t5", "albert",
        "deberta-v2", "unigram-first", "unigram-bytes", "clip", "scripts",
    ];

    private const string Map = "nmt_nfkc.charsmap"; // 300 kB of rules that several files share

    private static readonly Lazy<string[]> AllTexts = new(() => Read<string[]>("strings.json.gz"));

    /// <summary>5,000 strings of many scripts.</summary>
    public static string[] Texts => AllTexts.Value;

    /// <summary>A tokenizer of the repository.</summary>
    public static Tokenizer Load(string name) => Tokenizer.Parse(FileOf(name), name);

    /// <summary>The bytes of its tokenizer.json.</summary>
    public static byte[] FileOf(string name)
    {
        var bytes = Unzip($"{name}.tokenizer.json.gz");
        var text = Encoding.UTF8.GetString(bytes);
        return text.Contains('@' + Map, StringComparison.Ordinal)
            ? Encoding.UTF8.GetBytes(text.Replace('@' + Map, Encoding.UTF8.GetString(Unzip($"{Map}.gz")), StringComparison.Ordinal))
            : bytes;
    }

    /// <summary>A gzipped JSON file.</summary>
    public static T Read<T>(string name) => JsonSerializer.Deserialize<T>(Unzip(name), JsonSerializerOptions.Web)!;

    private static byte[] Unzip(string name)
    {
        using var file = new GZipStream(File.OpenRead(RepositoryFiles.Fixture("tokenizer", name)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
