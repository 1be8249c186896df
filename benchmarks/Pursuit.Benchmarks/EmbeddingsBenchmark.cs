using System.Globalization;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Benchmarks;

/// <summary>
/// `embeddings`: pooled hidden states in CPU seconds of one thread, against the engine's own forward pass with the loss of every
/// token, and against its layers alone. A model directory may be given in place of widths.
/// </summary>
internal static class EmbeddingsBenchmark
{
    public static int Run(string[] arguments)
    {
        Console.WriteLine($"{Measure.Machine()}; one thread, {FeaturesBenchmark.Examples} x {FeaturesBenchmark.Length} tokens");
        Console.WriteLine("| model | pooling, layer | CPU s | tokens/s | forward with losses, CPU s | layers alone, "
            + "CPU s | rate against losses | against layers |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var model in arguments.DefaultIfEmpty("288"))
        {
            using var decoder = int.TryParse(model, CultureInfo.InvariantCulture, out var width)
                ? Decoder.Create(EngineBenchmark.Config(width), seed: 1)
                : Decoder.Load(model);
            foreach (var options in new[] { new EmbeddingOptions(), new EmbeddingOptions { Layer = decoder.Config.Layers / 2 } })
            {
                var (embedding, losses, layers) = Compare(decoder, options);
                var tokens = FeaturesBenchmark.Examples * FeaturesBenchmark.Length;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {decoder.Config.HiddenSize}, {decoder.Config.Layers} layers | {options.Pool.ToString().ToLowerInvariant()}, "
                        + $"{options.Layer} | {embedding:F3} | {tokens / embedding:N0} | {losses:F3} | {layers:F3} | "
                        + $"{losses / embedding:F2} | {layers / embedding:F2} |"));
            }
        }

        return 0;
    }

    /// <summary>Processor seconds of embedding, of losses and of all layers alone.</summary>
    private static (double Embedding, double Losses, double Layers) Compare(Decoder decoder, EmbeddingOptions options)
    {
        var examples = FeaturesBenchmark.Make(decoder.Config);
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        var extractor = new EmbeddingExtractor(decoder, pool, options);
        var rows = new float[examples.Length * extractor.Dimension];
        var batch = FeaturesBenchmark.Pack(examples);
        var states = new float[batch.Tokens.Length * extractor.Dimension];
        var seconds = Measure.AlternateProcessorTime(
            4,
            () => extractor.Extract(examples, rows, CancellationToken.None),
            () => pool.Losses(batch),
            () => pool.ForEach(batch, LossReduction.ExampleSum, new Pass(), (worker, _, part) => worker.HiddenStates(
                part, decoder.Config.Layers, states.AsSpan(0, part.Tokens * extractor.Dimension))));
        Verify(extractor, examples, rows);
        return (seconds[0], seconds[1], seconds[2]);
    }

    /// <summary>An example alone has the embedding it had beside the others.</summary>
    private static void Verify(EmbeddingExtractor extractor, EncodedExample[] examples, float[] rows)
    {
        var alone = new float[extractor.Dimension];
        extractor.Extract([examples[7]], alone, CancellationToken.None);
        if (!alone.AsSpan().SequenceEqual(rows.AsSpan(7 * alone.Length, alone.Length)))
            throw new InvalidOperationException("an embedding depends on its neighbours");
    }
}
