using System.Diagnostics;
using System.Globalization;
using Pursuit.Cuda;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Benchmarks;

/// <summary>
/// `device NAME [SHAPE ...]`: tokens a second of losses, of gradients of all weights and of factored features on a device, by models with
/// random weights in common shapes. gpu_pytorch.py beside this file has PyTorch's forward and backward pass at the same shapes.
/// </summary>
internal static class DeviceBenchmark
{
    private const int Tokens = 8192;

    private static readonly Dictionary<string, ModelConfig> Shapes = new(StringComparer.Ordinal)
    {
        ["tiny"] = Shape(512, 64, 2, 4, 4, 128),
        ["160M"] = Shape(50304, 768, 12, 12, 12, 2048),
        ["1B"] = Shape(50304, 2048, 18, 32, 8, 8192),
    };

    public static int Run(string[] arguments)
    {
        if (arguments is not [var name, .. var shapes] || shapes.FirstOrDefault(s => !Shapes.ContainsKey(s)) is not null)
        {
            Console.Error.WriteLine($"device NAME [SHAPE ...], shapes of {string.Join(", ", Shapes.Keys)}");
            return 2;
        }

        var device = CudaDevices.IsName(name) ? CudaDevices.Find(name) : Device.Find(name);
        if (device is null)
        {
            Console.Error.WriteLine($"there is no device '{name}'");
            return 2;
        }

        Console.WriteLine($"{Measure.Machine()}; device {name} ({device.Backend ?? device.Operations.Name})");
        Console.WriteLine("| shape | parameters | tokens an example | losses, tokens/s | gradients, tokens/s | features, tokens/s |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var shape in shapes)
        {
            using var decoder = Decoder.Create(Shapes[shape], seed: 1, device: device);
            foreach (var length in shape == "tiny" ? [64] : new[] { 512, 2048 })
            {
                var (losses, gradients, features) = Rates(decoder, length);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {shape} | {decoder.Layout.Count:N0} | {length} | {losses:N0} | {gradients:N0} | {features:N0} |"));
            }
        }

        return 0;
    }

    private static ModelConfig Shape(int vocabulary, int hidden, int layers, int heads, int keyHeads, int intermediate) => new()
    {
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        Layers = layers,
        QueryHeads = heads,
        KeyValueHeads = keyHeads,
        HeadSize = hidden / heads,
        MaximumPositions = 2048,
        TiedHead = true,
    };

    private static (double Losses, double Gradients, double Features) Rates(Decoder decoder, int length)
    {
        var count = Tokens / length;
        int[] Ids(int e) => [.. Enumerable.Range(e * length, length).Select(i => (i * 7919 + i / 13) % decoder.Config.VocabularySize)];
        var batch = Batch.Pack([.. Enumerable.Range(0, count).Select(e => (Ids(e), (bool[]?)null))]);
        EncodedExample[] examples =
        [
            .. Enumerable.Range(0, count).Select(e => new EncodedExample
            {
                ContentId = default,
                Ids = Ids(e),
                Trained = [.. Enumerable.Range(0, length).Select(i => i > 0)],
                SupervisedTokens = length - 1,
                Truncation = default,
            }),
        ];
        var options = new GradientFeatureOptions { Kind = GradientKind.Factored, Preconditioning = Preconditioning.None };
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { MicroBatchTokens = 4096 });
        var losses = Rate(() => pool.Losses(batch));
        double gradients, features;
        using (var sums = new WeightGradients(decoder)) gradients = Rate(() => pool.Gradients(batch, LossReduction.TokenMean, sums));
        using (var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool))
        {
            var rows = new float[count * extractor.Dimension];
            features = Rate(() => extractor.Extract(examples, rows, new double[count], CancellationToken.None));
        }

        return (losses, gradients, features);
    }

    /// <summary>Tokens a second of the better of two rounds, after one that compiles and warms.</summary>
    private static double Rate(Action run)
    {
        run();
        var best = double.PositiveInfinity;
        for (var round = 0; round < 2; round++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Tokens / best;
    }
}
