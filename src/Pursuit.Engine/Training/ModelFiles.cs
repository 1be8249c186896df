using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Training;

/// <summary>The files of a model directory besides weights and config.</summary>
internal static class ModelFiles
{
    private const string GenerationConfigName = "generation_config.json";

    private static readonly string[] Companions =
    [
        Tokenizer.FileName, TokenizerConfig.FileName, "vocab.json", "merges.txt", "chat_template.jinja", "special_tokens_map.json",
        GenerationConfigName,
    ];

    /// <summary>Every name under which a file of a model, a tokenizer or adapters is written.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Companions, "config.json", ModelWeights.SingleFileName, AdapterConfig.FileName, LoraAdapters.WeightsFileName];

    /// <summary>Copies the tokenizer, its template and the generation's settings, where there are any.</summary>
    /// <exception cref="PursuitException">The destination can't be written.</exception>
    public static void CopyCompanions(string from, string to)
    {
        var model = ModelDirectory.Open(from);
        foreach (var name in Companions)
        {
            var place = name == GenerationConfigName ? model.BasePath : model.TokenizerPath;
            var (source, destination) = (Path.GetFullPath(Path.Combine(place, name)), Path.GetFullPath(Path.Combine(to, name)));
            if (source != destination && File.Exists(source))
                AtomicFile.Write(destination, stream => stream.Write(File.ReadAllBytes(source)));
        }
    }

    /// <summary>Writes generation_config.json: greedy, and the tokens that begin and end a text.</summary>
    public static void WriteGenerationConfig(string directory, ModelConfig config) =>
        AtomicFile.Write(Path.Combine(directory, GenerationConfigName), stream =>
        {
            var end = config.EndTokens is [var only] ? (object)only : config.EndTokens;
            JsonSerializer.Serialize(stream, new { BosTokenId = config.BeginToken, EosTokenId = end, DoSample = false }, RunJson.Indented);
            stream.WriteByte((byte)'\n');
        });

    /// <summary>SHA-256 over a model's config.json and weights, and over its adapters where it has some; 64 hexadecimal digits.</summary>
    /// <exception cref="PursuitException">A file is missing or faulty.</exception>
    public static string Fingerprint(string directory)
    {
        var model = ModelDirectory.Open(directory);
        using var weights = ModelWeights.Open(model.BasePath);
        var plain = Hash("model/1", weights.Files.Select(f => f.Path).Prepend(Path.Combine(model.BasePath, "config.json")));
        return model.AdapterPath is { } adapter
            ? new Fingerprint("adapted-model/1").Add("model", plain).Add("adapter", AdapterFingerprint(adapter)).Hash
            : plain;
    }

    /// <summary>SHA-256 over an adapter directory's config and weights, 64 hexadecimal digits.</summary>
    public static string AdapterFingerprint(string directory) =>
        Hash("adapter/1", [Path.Combine(directory, AdapterConfig.FileName), Path.Combine(directory, LoraAdapters.WeightsFileName)]);

    private static string Hash(string kind, IEnumerable<string> paths)
    {
        var fingerprint = new Fingerprint(kind);
        foreach (var path in paths)
        {
            using var stream = Disk.OpenToRead(path);
            fingerprint.Add(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(stream)));
        }

        return fingerprint.Hash;
    }

    /// <summary>The fault of a tokenizer that has more ids than the model has rows for.</summary>
    public static PursuitException OtherTokenizer(string directory, int ids, int rows) => PursuitException.At(
        directory,
        $"a tokenizer with ids up to {ids - 1} for an embedding of {rows} rows",
        "a tokenizer and a model that belong together",
        "Use the tokenizer.json that came with the weights.");

    /// <summary>Finds out before hours of work, not after, that a model can't be written.</summary>
    /// <exception cref="PursuitException">The directory can't be written.</exception>
    public static void RequireWritable(string directory)
    {
        // begun and dropped: under a model's name, so that what a kill leaves is swept
        using var probe = new AtomicFile(Path.Combine(directory, "config.json"));
    }
}
