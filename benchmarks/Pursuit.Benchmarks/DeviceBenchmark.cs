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
/// `device NAME [SHAPE ...]`: tokens a second of losses and of factored features on a device, by models with random weights in bf16 in
/// common shapes, and of steps of training all weights, which are float32 then, as are their gradients and AdamW's two moments: 16 bytes a
/// parameter. gpu_pytorch.py beside this file has PyTorch's forward and backward pass at the same shapes.
/// </summary>
internal static class DeviceBenchmark
{
    private const int Tokens = 8192;

    private const string Largest = "7B";

    /// <summary>Bytes a parameter that training takes: weight, gradient and two moments.</summary>
    private const int TrainedBytes = 4 * sizeof(float);

    /// <summary>Seconds after which no further round of a figure begins.</summary>
    private const double Patience = 8;

    private static readonly Dictionary<string, ModelConfig> Shapes = new(StringComparer.Ordinal)
    {
        ["tiny"] = Shape(512, 64, 2, 4, 4, 128),
        ["160M"] = Shape(50304, 768, 12, 12, 12, 2048),
        ["1B"] = Shape(50304, 2048, 18, 32, 8, 8192),
        [Largest] = Shape(32000, 4096, 32, 32, 32, 11008),
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
        Console.WriteLine("| shape | parameters | tokens an example | losses, tokens/s | features, tokens/s | training steps, tokens/s |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var shape in shapes)
        {
            foreach (var length in shape == "tiny" ? [64] : new[] { 512, 2048 })
            {
                var (parameters, losses, features) = LossesAndFeatures(shape, device, length);
                var training = Training(shape, device, length, parameters);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {shape} | {parameters:N0} | {length} | {losses:N0} | {features:N0} | {training} |"));
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

    private static Decoder Create(string shape, Device device, ElementType type)
    {
        var random = new SeededRandom(1, "benchmark/device");
        var values = new float[(1 << 22) - 3]; // no multiple of any matrix's width
        for (var i = 0; i < values.Length; i++) values[i] = (float)(0.02 * random.NextGaussian());
        return Decoder.Repeat(Shapes[shape], device, type, values);
    }

    private static (long Parameters, double Losses, double Features) LossesAndFeatures(string shape, Device device, int length)
    {
        using var decoder = Create(shape, device, ElementType.BFloat16);
        var count = Tokens / length;
        EncodedExample[] examples =
        [
            .. Enumerable.Range(0, count).Select(e => new EncodedExample
            {
                ContentId = default,
                Ids = Ids(decoder, e, length),
                Trained = [.. Enumerable.Range(0, length).Select(i => i > 0)],
                SupervisedTokens = length - 1,
                Truncation = default,
            }),
        ];
        var options = new GradientFeatureOptions { Kind = GradientKind.Factored, Preconditioning = Preconditioning.None };
        using var pool = Pool(decoder);
        var batch = Pack(decoder, length);
        var losses = Rate(() => pool.Losses(batch));
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool);
        var rows = new float[count * extractor.Dimension];
        return (decoder.Layout.Count, losses, Rate(() => extractor.Extract(examples, rows, new double[count], CancellationToken.None)));
    }

    private static string Training(string shape, Device device, int length, long parameters)
    {
        // Once is enough of the largest, whose weights alone take seconds to send, and of float32 products it would take a minute.
        if (shape == Largest && (length < 2048 || !device.Name.StartsWith("cuda-bf16", StringComparison.Ordinal))) return "not measured";
        var (needed, free) = (TrainedBytes * parameters, device.FreeMemory?.Invoke() ?? device.TotalMemory() - device.HeldMemory());
        if (needed > free)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"doesn't fit: {needed / 1e9:N0} GB beside its activations, {free / 1e9:N0} GB are free");
        }

        try
        {
            using var decoder = Create(shape, device, ElementType.Float32);
            using var pool = Pool(decoder);
            using var sums = new WeightGradients(decoder);
            using var optimizer = new AdamWOptimizer(sums, new AdamWOptions { ClipNorm = 1 });
            var batch = Pack(decoder, length);
            return Rate(() =>
            {
                pool.Gradients(batch, LossReduction.TokenMean, sums);
                optimizer.Step(1e-6);
                decoder.Operations.Finish();
            }).ToString("N0", CultureInfo.InvariantCulture);
        }
        catch (PursuitException e) when (e.InnerException is DeviceMemoryException)
        {
            return $"doesn't fit: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static DecoderPool Pool(Decoder decoder) => new(decoder, new DecoderPoolOptions { MicroBatchTokens = 4096 });

    private static Batch Pack(Decoder decoder, int length) =>
        Batch.Pack([.. Enumerable.Range(0, Tokens / length).Select(e => (Ids(decoder, e, length), (bool[]?)null))]);

    private static int[] Ids(Decoder decoder, int example, int length) =>
        [.. Enumerable.Range(example * length, length).Select(i => (i * 7919 + i / 13) % decoder.Config.VocabularySize)];

    /// <summary>Tokens a second of the better of two rounds, after one that compiles and warms, which counts where it took long.</summary>
    private static double Rate(Action run)
    {
        var (begun, best) = (Stopwatch.GetTimestamp(), double.PositiveInfinity);
        for (var round = 0; round < 3 && (round == 0 || Stopwatch.GetElapsedTime(begun).TotalSeconds < Patience); round++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Tokens / best;
    }
}
