using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.TestKit;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Proof;

/// <summary>A proof of a second: a pool of little sums, two targets, and a model of 280 tokens.</summary>
internal sealed class TinyProof : IDisposable
{
    /// <summary>The words that its records are made of.</summary>
    public static readonly string[] Numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    private readonly TemporaryDirectory _directory = new();

    public TinyProof()
    {
        var pool = Numbers.SelectMany(
            (a, i) => Numbers.Select((b, j) => ($"{a} and {b}", (i + j) % 2 == 0 ? "even" : $"odd is {Numbers[(i + j) % 9]}")))
            .ToList();
        Write("pool.jsonl", pool.Where((_, i) => i % 4 != 3));
        Write("first/dev.jsonl", pool.Where((_, i) => i % 8 == 3).Take(4));
        Write("first/test.jsonl", pool.Where((_, i) => i % 8 == 7));
        Write("second/dev.jsonl", Numbers.Take(3).Select(n => ($"spell {n}", string.Join(' ', n.ToCharArray()))));
        Write("second/test.jsonl", Numbers.Skip(3).Select(n => ($"spell {n}", string.Join(' ', n.ToCharArray()))));
        var trained = BpeTrainer.Train(
            pool.Select(p => $"User: {p.Item1}\nAssistant: {p.Item2}"),
            new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        trained.Save(PathOf("model"));
        using var decoder = Decoder.Create(
            new DecoderShape { Width = 16, Layers = 1, Heads = 2, Mlp = 32, Context = 64 }.ToConfig(trained.VocabularySize, 0, 0), 5);
        decoder.Save(PathOf("model"));
    }

    public ProveOptions Options => new()
    {
        Pool = new PoolOptions { Paths = [PathOf("pool.jsonl")] },
        Targets = [PathOf("first/dev.jsonl"), PathOf("second/dev.jsonl")],
        Tests = [PathOf("first/test.jsonl"), PathOf("second/test.jsonl")],
        Model = PathOf("model"),
        Budgets = [Budget.Parse("10%")],
        Methods = [ProofMethod.Parse("length"), ProofMethod.Parse("length-matched-random")],
        Seeds = 1,
        Epochs = 3,
        BatchExamples = 4,
        LearningRate = 0.01,
        Generate = 2,
        Workers = new DecoderPoolOptions { Threads = 2, MicroBatchTokens = 64 },
    };

    public string PathOf(string name) => _directory.PathOf(name);

    public string Write(string name, IEnumerable<(string Question, string Answer)> records) =>
        _directory.Write(
            name, string.Concat(records.Select(r => JsonSerializer.Serialize(new { prompt = r.Question, completion = r.Answer }) + "\n")));

    public ProofReport Run(
        ProveOptions options, string run = "run", IProgress<WorkProgress>? progress = null, Action<string>? onWarning = null)
    {
        using var directory = RunDirectory.Open(PathOf(run));
        return new ProveJob(options, progress) { OnWarning = onWarning }.Run(directory, TestContext.Current.CancellationToken);
    }

    public byte[] Result(string run) => File.ReadAllBytes(PathOf($"{run}/result.json"));

    public void Dispose() => _directory.Dispose();
}
