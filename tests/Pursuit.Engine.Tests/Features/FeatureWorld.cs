using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Features;

/// <summary>Records and a tiny model to make features of.</summary>
internal sealed class FeatureWorld : IDisposable
{
    /// <summary>Records of <see cref="Lines"/>: two shards.</summary>
    public const int Rows = 1100;

    private readonly TemporaryDirectory _directory = new();

    public static IEnumerable<string> Lines()
    {
        string[] words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
        for (var i = 0; i < Rows; i++)
            yield return JsonSerializer.Serialize(new
            {
                prompt = $"A{i}: {words[i % 10]} and {words[i / 10 % 10]}",
                completion = $"{words[i * 7 % 10]} {words[i * 3 / 10 % 10]}",
            })
                + "\n";
    }

    /// <summary>A directory's files by name, hashed.</summary>
    public static SortedDictionary<string, string> Files(string directory) =>
        new(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith("run.lock", StringComparison.Ordinal))
            .ToDictionary(
                f => Path.GetRelativePath(directory, f),
                f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))), StringComparer.Ordinal);

    public void Dispose() => _directory.Dispose();

    public string PathOf(string name) => _directory.PathOf(name);

    public string Write(string name, string text) => _directory.Write(name, text);

    public string Data() => File.Exists(PathOf("data.jsonl")) ? PathOf("data.jsonl") : Write("data.jsonl", string.Concat(Lines()));

    public string ModelPath()
    {
        if (!Directory.Exists(PathOf("model"))) SaveModel(seed: 5);
        return PathOf("model");
    }

    public void SaveModel(ulong seed)
    {
        var path = PathOf("model");
        var tokenizer = BpeTrainer.Train(Lines().Take(50), new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        tokenizer.Save(path);
        using var decoder = Decoder.Create(
            new DecoderShape { Width = 16, Layers = 2, Heads = 2, Mlp = 32, Context = 64 }.ToConfig(tokenizer.VocabularySize, 0, 0),
            seed, 0.1f);
        decoder.Save(path);
    }

    /// <summary>Cancels once a work has come a certain way.</summary>
    public sealed class StopAt(CancellationTokenSource source, string work, double done) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Work == work && value.Done >= done) source.Cancel();
        }
    }
}
