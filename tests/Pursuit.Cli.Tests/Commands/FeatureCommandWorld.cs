using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>A pool of three shards and a tiny model, for runs of <c>pursuit features</c> in a second or two.</summary>
internal sealed class FeatureCommandWorld : IDisposable
{
    private const int Rows = 2100;
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public FeatureCommandWorld()
    {
        _directory.Write(
            "pool.jsonl",
            string.Concat(
                Enumerable.Range(0, Rows).Select(
                    i => JsonSerializer.Serialize(
                        new
                        {
                            id = $"q{i}",
                            prompt = $"q{i}: what is {i}?",
                            completion = $"it is {Words[i % 10]} and "
                            + $"{Words[i / 10 % 10]}"
                        }) + "\n")));
        _directory.Write(
            "corpus.jsonl",
            string.Concat(Enumerable.Range(0, 100).Select(i => JsonSerializer.Serialize(new
            {
                text = $"what is {i}? it is "
                + $"{Words[i % 10]} and {Words[i / 7 % 10]}"
            }) + "\n")));
        var made = Run(
            "pretrain", "--data", "corpus.jsonl", "--out", "model", "--vocab", "300", "--width", "16", "--layers", "1", "--heads", "2",
            "--mlp", "32", "--context", "64", "--batch-tokens", "512", "--tokens", "2000", "--lr", "0.01");
        made.ExitCode.ShouldBe(0, made.Error);
    }

    public void Dispose() => _directory.Dispose();

    public string PathOf(string name) => _directory.PathOf(name);

    public Cli.Outcome Run(params string[] arguments) => Cli.RunIn(_directory.FullPath, arguments);

    /// <summary>Makes features in a run.</summary>
    public Cli.Outcome Features(string run, params string[] more) => Cli.Finish(StartFeatures(run, more));

    /// <summary>Begins to.</summary>
    public Process StartFeatures(string run, params string[] more) => Cli.Start(
        _directory.FullPath,
        [
            "features", "--pool", "pool.jsonl", "--model", "model", "--run", run, "--threads", "1", "--set", "features.checkpoints=1",
            "--set", "features.dimension=64", "--set", "features.factor=8", "--set", "features.learning-rate=0.01", "--set",
            "features.warmup=0.02", .. more,
        ]);

    /// <summary>
    /// The store's files of a run and what is kept beside it, hashed, but for the report, which has the seconds it took, and the
    /// record, which has the report's sum.
    /// </summary>
    public SortedDictionary<string, string> Files(string run)
    {
        var stage = PathOf($"{run}/stages/pool-gradients");
        return new(Directory.EnumerateFiles(stage, "*", SearchOption.AllDirectories).Where(
            f => Path.GetFileName(f) is not ("report.json" or "stage.json"))
            .ToDictionary(
                f => Path.GetRelativePath(stage, f),
                f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))), StringComparer.Ordinal);
    }
}
