using System.Diagnostics;
using System.Globalization;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Benchmarks;

/// <summary>
/// `features`: per-example projected gradients in CPU seconds of one thread, against the engine's own forward and backward with
/// all weight gradients on the same batch, and against a loop of batch size 1 with a dense projection, as LESS's code has it.
/// </summary>
internal static class FeaturesBenchmark
{
    /// <summary>Examples of a measurement.</summary>
    public const int Examples = 64;

    /// <summary>Tokens of each.</summary>
    public const int Length = 128;

    private const int Dimension = 8192;

    /// <summary>Gradients that LESS's code keeps before it projects them together.</summary>
    private const int Interval = 16;

    public static int Run(string[] arguments)
    {
        var widths = arguments.Length > 0 ? arguments.Select(a => int.Parse(a, CultureInfo.InvariantCulture)).ToArray() : [288, 512];
        Console.WriteLine($"{Measure.Machine()}; one thread, {Examples} x {Length} tokens, every token a label, dimension {Dimension}");
        Console.WriteLine(
            "| width, layers | kind | CPU s | plain forward and backward, CPU s | cost | dense loop, CPU s | times as fast |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var width in widths)
        {
            var config = EngineBenchmark.Config(width);
            using var decoder = Decoder.Create(config, seed: 1);
            foreach (var (kind, rank) in new[]
            {
                (GradientKind.Factored, 0), (GradientKind.Lora, 16), (GradientKind.Lora, 128), (GradientKind.Full, 0),
            })
            {
                using var adapters = rank > 0 ? LoraAdapters.Create(decoder, new LoraOptions { Rank = rank }, 1) : null;
                decoder.Adapters = null;
                var options = new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Dimension = Dimension };
                var examples = Make(config);
                var (plain, features) = Pair(decoder, adapters, options, examples);
                var loop = kind == GradientKind.Full ? double.NaN : DenseLoop(decoder, adapters, examples);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {width}, {config.Layers} | {kind.ToString().ToLowerInvariant()}{(rank > 0 ? $", rank {rank}" : "")} | "
                        + $"{features:F3} | {plain:F3} | {features / plain:F2} | "
                        + $"{(double.IsNaN(loop) ? "" : loop.ToString("F1", CultureInfo.InvariantCulture))} | "
                        + $"{(double.IsNaN(loop) ? "" : (loop / features).ToString("F0", CultureInfo.InvariantCulture))} |"));
            }
        }

        return 0;
    }

    /// <summary>Examples of arbitrary tokens, all of them labels but the first.</summary>
    public static EncodedExample[] Make(ModelConfig config) =>
        [.. Enumerable.Range(0, Examples).Select(e => new EncodedExample
        {
            ContentId = default(ContentId),
            Ids = [.. Enumerable.Range(e * Length, Length).Select(i => (i * 7919 + i / 13) % config.VocabularySize)],
            Trained = [.. Enumerable.Range(0, Length).Select(t => t > 0)],
            SupervisedTokens = Length - 1,
            Truncation = default,
        })];

    /// <summary>The examples as one batch.</summary>
    public static Batch Pack(EncodedExample[] examples) => Batch.Pack([.. examples.Select(e => (e.Ids, (bool[]?)e.Trained))]);

    /// <summary>The least CPU seconds of each over alternating rounds, so that both see the same machine.</summary>
    private static (double Plain, double Features) Pair(
        Decoder decoder, LoraAdapters? adapters, GradientFeatureOptions options, EncodedExample[] examples)
    {
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var gradients = new WeightGradients(decoder);
        decoder.Adapters = adapters;
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool);
        var rows = new float[Examples * extractor.Dimension];
        var (plain, features) = (double.PositiveInfinity, double.PositiveInfinity);
        var batch = Pack(examples);
        for (var round = 0; round < 6; round++)
        {
            decoder.Adapters = null;
            var one = Cpu(() => pool.Gradients(batch, LossReduction.ExampleSum, gradients));
            decoder.Adapters = adapters;
            var two = Cpu(() => extractor.Extract(examples, rows, new double[Examples], CancellationToken.None));
            if (round == 0) continue;
            (plain, features) = (Math.Min(plain, one), Math.Min(features, two));
        }

        decoder.Adapters = null;
        return (plain, features);
    }

    /// <summary>
    /// A loop of single examples, each a forward and backward with its whole gradient, projected by random signs in blocks, the
    /// gradients of 16 examples at a time. Measured over 16 examples and scaled to all.
    /// </summary>
    private static double DenseLoop(Decoder decoder, LoraAdapters? adapters, EncodedExample[] examples)
    {
        decoder.Adapters = adapters;
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var weights = adapters is null ? new WeightGradients(decoder) : null;
        using var low = adapters is null ? null : new AdapterGradients(decoder);
        IGradientSum sum = (IGradientSum?)weights ?? low!;
        var tensors = adapters is null
            ? decoder.Layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Weight).ToArray()
            : [.. sum.Parameters];
        var seconds = Cpu(() =>
        {
            var kept = new float[Interval][];
            for (var i = 0; i < Interval; i++)
            {
                pool.Gradients(Pack([examples[i]]), LossReduction.ExampleSum, sum);
                kept[i] = [.. tensors.SelectMany(sum.Read)];
            }

            Project(kept);
        });
        decoder.Adapters = null;
        return seconds * Examples / Interval;
    }

    private static void Project(float[][] gradients)
    {
        const int Block = 256;
        var random = new SeededRandom(1, "benchmark/projection");
        var signs = new float[Block * Dimension];
        var part = new float[Interval * Block];
        var result = new float[Interval * Dimension];
        for (var first = 0; first < gradients[0].Length; first += Block)
        {
            var count = Math.Min(Block, gradients[0].Length - first);
            for (var i = 0; i < count * Dimension; i += 64)
            {
                var bits = random.NextUInt64();
                for (var b = 0; b < 64; b++) signs[i + b] = BitConverter.Int32BitsToSingle(0x3F800000 | (int)(bits >> b & 1) << 31);
            }

            for (var g = 0; g < Interval; g++) gradients[g].AsSpan(first, count).CopyTo(part.AsSpan(g * count));
            Gemm.Multiply(false, false, Interval, Dimension, count, 1, part, count, signs, Dimension, 1, result, Dimension);
        }
    }

    private static double Cpu(Action action)
    {
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        action();
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
    }
}
