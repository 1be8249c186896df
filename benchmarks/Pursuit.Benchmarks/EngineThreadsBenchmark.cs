using System.Diagnostics;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Benchmarks;

/// <summary>
/// `engine-threads`: forward and backward with all weight gradients on one and on two threads, by the clock, in alternating
/// rounds; the gradients must be equal to the last bit first.
/// </summary>
internal static class EngineThreadsBenchmark
{
    private const int Rounds = 8;

    public static int Run()
    {
        Console.WriteLine($"{Measure.Machine()}; 32 x 128 tokens, best of {Rounds} alternating rounds, wall time");
        Console.WriteLine("| width, layers | 1 thread, s | 2 threads, s | times as fast |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var width in (int[])[288, 512])
        {
            var config = EngineBenchmark.Config(width);
            using var decoder = Decoder.Create(config, seed: 1);
            using var one = new Side(decoder, 1);
            using var two = new Side(decoder, 2);
            var batch = EngineBenchmark.Batch(config);
            one.Step(batch);
            two.Step(batch);
            if (!one.Bits().SequenceEqual(two.Bits()))
                throw new InvalidOperationException($"one and two threads gave different gradients at width {width}");

            var best = (One: double.PositiveInfinity, Two: double.PositiveInfinity);
            for (var round = 0; round < Rounds; round++)
                best = (Math.Min(best.One, one.Step(batch)), Math.Min(best.Two, two.Step(batch)));
            Console.WriteLine($"| {width}, {config.Layers} | {best.One:F3} | {best.Two:F3} | {best.One / best.Two:F2} |");
        }

        return 0;
    }

    private sealed class Side(Decoder decoder, int threads) : IDisposable
    {
        private readonly DecoderPool _pool = new(decoder, new DecoderPoolOptions { Threads = threads });
        private readonly WeightGradients _gradients = new(decoder);

        public double Step(Batch batch)
        {
            var started = Stopwatch.GetTimestamp();
            _pool.Gradients(batch, LossReduction.TokenMean, _gradients);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public IEnumerable<int> Bits() =>
            decoder.Layout.All.SelectMany(p => _gradients.Read(p)).Select(BitConverter.SingleToInt32Bits);

        public void Dispose()
        {
            _gradients.Dispose();
            _pool.Dispose();
        }
    }
}
