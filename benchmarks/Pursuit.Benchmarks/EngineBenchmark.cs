using System.Diagnostics;
using System.Globalization;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;

namespace Pursuit.Benchmarks;

/// <summary>
/// `engine`: forward and backward with all weight gradients, in CPU seconds of one thread, against PyTorch on the same
/// weights and batch (engine_pytorch.py beside this file) and against the rate of our largest plain product.
/// </summary>
internal static class EngineBenchmark
{
    private const int Examples = 32;
    private const int Length = 128;

    public static int Run(string[] arguments)
    {
        var widths = arguments.Length > 0 ? arguments.Select(a => int.Parse(a, CultureInfo.InvariantCulture)).ToArray() : [288, 512, 1024];
        var peak = GemmRate();
        Console.WriteLine($"{Measure.Machine()}; one thread, {Examples} x {Length} tokens, vocabulary 4,096, every token a label; "
            + $"a product of 1024^3 runs at {peak / 1e9:F0} GFLOP/s");
        Console.WriteLine("| width, layers | Pursuit CPU s | PyTorch CPU s | times as fast | GFLOP/s | share of that product's rate |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var width in widths)
        {
            var config = Config(width);
            using var decoder = Decoder.Create(config, seed: 1);
            var directory = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
            try
            {
                decoder.Save(directory, halfPrecision: false);
                var (seconds, loss, norm) = Time(decoder, Batch(config));
                var flops = Flops(config);
                var baseline = PyTorch(directory, loss, norm);
                Console.WriteLine($"| {width}, {config.Layers} | {seconds:F3} | "
                    + $"{(baseline is { } b ? $"{b:F3} | {b / seconds:F2}" : "not here | ")} | {flops / seconds / 1e9:F0} | "
                    + $"{flops / seconds / peak:P0} |");
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        return 0;
    }

    internal static ModelConfig Config(int width) => new()
    {
        VocabularySize = 4096,
        HiddenSize = width,
        IntermediateSize = width * 8 / 3 / 32 * 32,
        Layers = width > 512 ? 4 : 6,
        QueryHeads = width == 288 ? 6 : width / 64,
        KeyValueHeads = width == 288 ? 6 : width / 64,
        HeadSize = width == 288 ? 48 : 64,
        MaximumPositions = Length,
        TiedHead = true,
    };

    /// <summary>The batch of engine_pytorch.py: token i of the batch is (i * 7919 + i / 13) mod vocabulary.</summary>
    internal static Batch Batch(ModelConfig config) =>
        Engine.Models.Batch.Pack([.. Enumerable.Range(0, Examples)
            .Select(e =>
                (Enumerable.Range(e * Length, Length).Select(i => (i * 7919 + i / 13) % config.VocabularySize).ToArray(), (bool[]?)null))]);

    /// <summary>
    /// Floating-point operations per CPU second of a large product: what the rest is measured against, on a busy machine too.
    /// </summary>
    private static double GemmRate()
    {
        const int Size = 1024;
        float[] a = new float[Size * Size], b = new float[Size * Size], c = new float[Size * Size];
        Array.Fill(a, 0.5f);
        Array.Fill(b, 0.25f);
        var best = double.PositiveInfinity;
        for (var round = 0; round < 8; round++)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            for (var i = 0; i < 4; i++)
                Gemm.Multiply(false, true, Size, Size, Size, 1, a, Size, b, Size, 0, c, Size);
            best = Math.Min(best, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }

        return 4 * 2.0 * Size * Size * Size / best;
    }

    private static (double Seconds, double Loss, double Norm) Time(Decoder decoder, Batch batch)
    {
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var gradients = new WeightGradients(decoder);
        var best = double.PositiveInfinity;
        var loss = 0.0;
        for (var round = 0; round < 6; round++)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            loss = pool.Gradients(batch, LossReduction.TokenMean, gradients).TokenMean;
            if (round > 0)
                best = Math.Min(best, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }

        return (best, loss, gradients.Norm());
    }

    /// <summary>Three products per weight and token (two for the embedding's none), and the causal half of the attention's.</summary>
    private static double Flops(ModelConfig config)
    {
        double tokens = Examples * Length, d = config.HiddenSize, f = config.IntermediateSize;
        var matrices = config.Layers * (d * (config.QuerySize + 2 * config.KeyValueSize) + config.QuerySize * d + 3 * d * f);
        var head = d * config.VocabularySize * (Length - 1) / Length;
        // Forward 2 products of [i, head size] for query i; backward 5, one of them the scores again.
        var attention = config.Layers * config.QuerySize * (Length + 1) / 2.0 * 7;
        return 2 * tokens * (3 * (matrices + head) + attention);
    }

    /// <summary>PyTorch's CPU seconds after checking that it computes the same; null where there is no PyTorch.</summary>
    private static double? PyTorch(string directory, double loss, double norm)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "engine_pytorch.py");
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true };
        start.ArgumentList.Add(script);
        start.ArgumentList.Add(directory);
        start.ArgumentList.Add(Examples.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(Length.ToString(CultureInfo.InvariantCulture));
        start.Environment["OPENBLAS_CORETYPE"] = "SkylakeX";
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        if (!File.Exists(start.FileName))
            return null;
        using var process = Process.Start(start)!;
        var fields = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        if (process.ExitCode != 0 || fields.Length != 3)
            return null;
        var (seconds, theirLoss, theirNorm) = (Number(fields[0]), Number(fields[1]), Number(fields[2]));
        if (Math.Abs(loss - theirLoss) > 1e-5 * theirLoss || Math.Abs(norm - theirNorm) > 1e-4 * theirNorm)
            throw new InvalidOperationException($"loss {loss} and gradient norm {norm}; PyTorch has {theirLoss} and {theirNorm}");
        return seconds;

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }
}
