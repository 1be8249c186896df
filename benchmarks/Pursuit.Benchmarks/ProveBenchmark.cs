using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;

namespace Pursuit.Benchmarks;

/// <summary>
/// `prove`: what <c>pursuit prove</c> spends its time on, with the bundled model and the sample world, in processor seconds of
/// one thread: training steps against forward and backward alone, and greedy answers against scoring.
/// </summary>
internal static class ProveBenchmark
{
    private const int Rounds = 3;
    private const int NewTokens = 64;

    public static int Run()
    {
        var root = Root();
        var model = Path.Combine(root, "models", "pursuit-mini");
        var encoder = ModelEncoder.Load(model, 512);
        using var decoder = Decoder.Load(model);
        TrainingExample[] examples =
            [.. Pool.ReadAll(new PoolOptions { Paths = [Path.Combine(root, "samples", "world", "pool.jsonl")] }, default)
                .Select(encoder.Encode).Where(e => !e.AllMasked).Take(512).Select(e => new TrainingExample(e.Ids, e.Trained, 1, 1, ""))];
        var tokens = examples.Sum(e => e.Tokens.Length);
        Console.WriteLine($"{Measure.Machine()}; {examples.Length} examples of {(double)tokens / examples.Length:F0} tokens, "
            + $"best of {Rounds} alternating rounds");

        Console.WriteLine(
            "\n| tokens per CPU second | batches of 32, micro-batches of 1024 | batches of 8, micro-batches of 256 |\n|---|---|---|");
        var (plain32, train32, plain8, train8) = (new Side(decoder, examples, 32, 1024, false), new Side(decoder, examples, 32, 1024, true),
            new Side(decoder, examples, 8, 256, false), new Side(decoder, examples, 8, 256, true));
        var seconds = Measure.AlternateProcessorTime(Rounds, plain32.Epoch, train32.Epoch, plain8.Epoch, train8.Epoch);
        Console.WriteLine($"| forward and backward | {tokens / seconds[0]:N0} | {tokens / seconds[2]:N0} |");
        Console.WriteLine($"| training: the same, clipping and AdamW | {tokens / seconds[1]:N0} | {tokens / seconds[3]:N0} |");
        Console.WriteLine(
            $"| training's share of forward and backward at 32 | {seconds[0] / seconds[1]:P0} | {seconds[0] / seconds[3]:P0} |");
        foreach (var side in (Side[])[plain32, train32, plain8, train8]) side.Dispose();

        Generation(model, examples);
        return 0;
    }

    private static void Generation(string model, TrainingExample[] examples)
    {
        using var decoder = Decoder.Load(model);
        using var generator = new Generator(decoder);
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        int[][] prompts = [.. examples.Take(96).Select(e => e.Tokens)];
        var texts = new int[prompts.Length][];
        void Answer(int newTokens)
        {
            var taken = 0;
            generator.Greedy(prompts, newTokens, () => taken < prompts.Length ? taken++ : null, (i, text) => texts[i] = text, []);
        }

        Answer(NewTokens);
        using (var alone = new Generator(decoder))
        {
            for (var i = 0; i < 8; i++)
                if (!alone.Greedy(prompts[i], NewTokens, []).SequenceEqual(texts[i]))
                    throw new InvalidOperationException($"text {i} isn't what it is alone");
        }

        var whole = Batch.Pack([.. prompts.Zip(texts, (p, t) => ((int[])[.. p, .. t], (bool[]?)null))]);
        void One()
        {
            for (var i = 0; i < 8; i++) generator.Greedy(prompts[i], NewTokens, []);
        }

        var seconds = Measure.AlternateProcessorTime(Rounds, () => Answer(1), () => Answer(NewTokens), () => pool.Losses(whole), One);
        var written = texts.Sum(t => t.Length);
        var further = written - texts.Length;
        Console.WriteLine("\n| | tokens per CPU second | of scoring |\n|---|---|---|");
        var scored = whole.Tokens.Length / seconds[2];
        Console.WriteLine($"| scoring, every token a label | {scored:N0} | |");
        Console.WriteLine($"| greedy answers to 96 prompts, side by side: prompt and new tokens | {whole.Tokens.Length / seconds[1]:N0} | "
            + $"{whole.Tokens.Length / seconds[1] / scored:P0} |");
        Console.WriteLine($"| the prompts' own time taken off, new tokens alone | {further / (seconds[1] - seconds[0]):N0} | "
            + $"{further / (seconds[1] - seconds[0]) / scored:P0} |");
        Console.WriteLine(
            $"| the prompts' time counted, their tokens not | {written / seconds[1]:N0} | {written / seconds[1] / scored:P0} |");
        Console.WriteLine($"| greedy answers one after another, new tokens alone | {texts.Take(8).Sum(t => t.Length) / seconds[3]:N0} | "
            + $"{texts.Take(8).Sum(t => t.Length) / seconds[3] / scored:P0} |");
    }

    private static string Root()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Pursuit.slnx"))) return directory.FullName;
        throw new InvalidOperationException($"no Pursuit.slnx above {AppContext.BaseDirectory}");
    }

    /// <summary>An epoch over the examples, with or without the optimizer's steps.</summary>
    private sealed class Side : IDisposable
    {
        private readonly ExampleBatches _batches;
        private readonly DecoderPool _pool;
        private readonly WeightGradients _gradients;
        private readonly AdamWOptimizer? _optimizer;

        public Side(Decoder decoder, TrainingExample[] examples, int batch, int microBatch, bool train)
        {
            _batches = new ExampleBatches(examples, batch, null, 1, LossReduction.ExampleMean, 0);
            _pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = microBatch });
            _gradients = new WeightGradients(decoder);
            _optimizer = train ? new AdamWOptimizer(_gradients, new AdamWOptions { Beta2 = 0.999f, WeightDecay = 0 }) : null;
        }

        public void Epoch()
        {
            for (var step = 0; step < _batches.EpochEnds[0]; step++)
            {
                _pool.Gradients(_batches.BatchAt(step), LossReduction.ExampleMean, _gradients);
                _optimizer?.Step(1e-5); // small, so that every round computes nearly the same
            }
        }

        public void Dispose()
        {
            _optimizer?.Dispose();
            _gradients.Dispose();
            _pool.Dispose();
        }
    }
}
