using System.Diagnostics;
using System.Globalization;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Benchmarks;

/// <summary>
/// `rates`: forward and backward with all weight gradients at the shapes of SmolLM2-135M and Pythia-160M, random weights, two threads,
/// against PyTorch on the same weights and tokens (family_pytorch.py beside this file), in one run.
/// </summary>
internal static class RatesBenchmark
{
    private const int Examples = 2;
    private const int Length = 512;
    private const int Threads = 2;
    private const int Rounds = 3;

    private static readonly (string Name, ModelConfig Config)[] Shapes =
    [
        ("SmolLM2-135M", new()
        {
            VocabularySize = 49_152,
            HiddenSize = 576,
            IntermediateSize = 1_536,
            Layers = 30,
            QueryHeads = 9,
            KeyValueHeads = 3,
            HeadSize = 64,
            RopeTheta = 100_000,
            TiedHead = true,
        }),
        ("Pythia-160M", new()
        {
            ModelType = "gpt_neox",
            Architecture = "GPTNeoXForCausalLM",
            VocabularySize = 50_304,
            HiddenSize = 768,
            IntermediateSize = 3_072,
            Layers = 12,
            QueryHeads = 12,
            KeyValueHeads = 12,
            HeadSize = 64,
            RotarySize = 16,
            Activation = Activation.Gelu,
            IsParallel = true,
            Biases = BiasPlacement.QueryKeyValue | BiasPlacement.AttentionOutput | BiasPlacement.Mlp,
        }),
    ];

    public static int Run()
    {
        Console.WriteLine($"{Measure.Machine()}; {Threads} threads, {Examples} x {Length} tokens, every token a label, best of {Rounds}");
        Console.WriteLine("| shape | Pursuit CPU s (wall) | PyTorch CPU s (wall) | times as fast (CPU) |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (name, config) in Shapes)
        {
            using var decoder = Decoder.Create(config, seed: 1);
            var directory = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
            try
            {
                decoder.Save(directory, halfPrecision: false);
                var own = Time(decoder);
                var baseline = PyTorch(directory);
                if (Math.Abs(own.Loss - baseline.Loss) > 1e-5 * baseline.Loss || Math.Abs(own.Norm - baseline.Norm) > 1e-4 * baseline.Norm)
                    throw new InvalidOperationException($"{name}: {own}; PyTorch has {baseline}");
                Console.WriteLine($"| {name} | {own.Processor:F2} ({own.Wall:F2}) | {baseline.Processor:F2} ({baseline.Wall:F2}) "
                    + $"| {baseline.Processor / own.Processor:F2} |");
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        return 0;
    }

    private static Result Time(Decoder decoder)
    {
        var batch = Batch.Pack([.. Enumerable.Range(0, Examples).Select(e => (
            Enumerable.Range(e * Length, Length).Select(i => (int)(((long)i * 7919 + i / 13) % decoder.Config.VocabularySize)).ToArray(),
            (bool[]?)null))]);
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = Threads, MicroBatchTokens = Length });
        using var gradients = new WeightGradients(decoder);
        var (processor, wall, loss) = (double.PositiveInfinity, double.PositiveInfinity, 0.0);
        for (var round = 0; round <= Rounds; round++)
        {
            var (before, started) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
            loss = pool.Gradients(batch, LossReduction.TokenMean, gradients).TokenMean;
            if (round == 0) continue;
            wall = Math.Min(wall, Stopwatch.GetElapsedTime(started).TotalSeconds);
            processor = Math.Min(processor, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }

        return new Result(processor, wall, loss, gradients.Norm());
    }

    private static Result PyTorch(string directory)
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "family_pytorch.py"), directory])
            start.ArgumentList.Add(argument);
        foreach (var number in (int[])[Examples, Length, Threads, Rounds])
            start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        start.Environment["OPENBLAS_CORETYPE"] = "SkylakeX";
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = Threads.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("no PyTorch");
        var fields = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        if (fields.Length != 4)
            throw new InvalidOperationException("family_pytorch.py gave no figures");
        var numbers = Array.ConvertAll(fields, f => double.Parse(f, CultureInfo.InvariantCulture));
        return new Result(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    private readonly record struct Result(double Processor, double Wall, double Loss, double Norm);
}
