using System.Buffers.Binary;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Statistics;
using Pursuit.Engine.Tests.Features;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Statistics;

/// <summary>Variances of gradients at the input embeddings over checkpoints, against PyTorch's autograd and against themselves.</summary>
public sealed class GradientVarianceTests : IDisposable
{
    private readonly FeatureWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 64)]
    public void Variances_are_those_of_PyTorchs_gradients(int threads, int microBatch)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("vog", "golden.json")));
        var expected = golden.RootElement.GetProperty("variances").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var model = RepositoryFiles.Fixture("engine", "llama");
        using var decoder = Decoder.Load(model, Device.Cpu, WeightUse.Change);
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = microBatch });
        var got = GradientVariances.Of(
            workers, Batch.Pack(ReferenceCase.Examples), decoder.Config.HiddenSize, [model, Scaled(model, 1), Scaled(model, -1)],
            decoder.Restore, TestContext.Current.CancellationToken);
        got.Length.ShouldBe(expected.Length);
        for (var i = 0; i < got.Length; i++) got[i].ShouldBe(expected[i], 1e-12 + 1e-4 * expected[i], $"example {i}");
    }

    [Fact]
    public void Threads_and_micro_batches_change_no_variance_and_a_stopped_run_continues_to_the_same()
    {
        using var pool = Open(FeatureWorld.Rows);
        var whole = Measure("whole", pool, Recipe());
        whole.ShouldAllBe(v => v > 0);
        using var stop = new CancellationTokenSource();
        var other = Recipe() with { Threads = 2, Options = new ProbeOptions { MicroBatch = 131 } };
        Should.Throw<OperationCanceledException>(
            () => Measure("stopped", pool, other, new FeatureWorld.StopAt(stop, "measuring gradients", 1024), stop.Token));
        Measure("stopped", pool, other).ShouldBe(whole);
    }

    [Fact]
    public void An_example_without_an_answer_has_no_variance_and_one_checkpoint_is_refused()
    {
        static string Record(int number, string mark) =>
            $$"""{"messages":[{"role":"user","content":"one {{number}}"},{"role":"assistant","content":"two"{{mark}}}]}""" + "\n";
        var records = Enumerable.Range(0, 20).Select(i => Record(i, "")).Append(Record(20, ",\"train\":false"));
        using var pool = Open("answers.jsonl", string.Concat(records));
        Measure("plain", pool, Recipe()).Count(float.IsNaN).ShouldBe(1);
        Should.Throw<PursuitException>(
            () => Measure("one", pool, Recipe() with { Warmup = Recipe().Warmup with { Checkpoints = 1 } })).Message
            .ShouldContain("features.checkpoints: 1; expected at least 2");
    }

    [Fact]
    public void A_running_variance_is_the_mean_squared_distance_from_the_mean()
    {
        float[][] states = [[1, 2, -3, 0], [4, 2, 5, 0], [-2, 2, 0.5f, 6]];
        var running = new RunningVariance(4);
        for (var s = 0; s < states.Length; s++)
        {
            running.Add(2, states[s].AsSpan(2, 2), s + 1);
            running.Add(0, states[s].AsSpan(0, 2), s + 1);
        }

        double Variance(int k) => states.Average(s => Math.Pow(s[k] - states.Average(r => (double)r[k]), 2));
        running.Mean(0, 4, 3).ShouldBe(Enumerable.Range(0, 4).Average(Variance), 1e-6);
        running.Mean(1, 1, 3).ShouldBe(0);
    }

    /// <summary>A copy of a model of bfloat16 with its weights times a power of two.</summary>
    private string Scaled(string model, int power)
    {
        var directory = Directory.CreateDirectory(_world.PathOf($"scaled{power}")).FullName;
        File.Copy(Path.Combine(model, "config.json"), Path.Combine(directory, "config.json"));
        var bytes = File.ReadAllBytes(Path.Combine(model, "model.safetensors"));
        for (var at = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes); at < bytes.Length; at += 2)
        {
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
            // The exponent begins at bit 7; zero has none.
            if ((bits & 0x7F80) != 0) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)(bits + power * 0x80));
        }

        File.WriteAllBytes(Path.Combine(directory, "model.safetensors"), bytes);
        return directory;
    }

    private StatisticsRecipe Recipe() => new()
    {
        Model = _world.ModelPath(),
        MaxLength = 64,
        Threads = 1,
        Warmup = new GradientFeatureOptions { Checkpoints = 2, LearningRate = 0.01 },
    };

    private Pool Open(int rows) => Open($"pool-{rows}.jsonl", string.Concat(FeatureWorld.Lines().Take(rows)));

    private Pool Open(string name, string records) =>
        Pool.Open(new PoolOptions { Paths = [_world.Write(name, records)] }, null, TestContext.Current.CancellationToken);

    private float[] Measure(
        string name, Pool pool, StatisticsRecipe recipe, IProgress<WorkProgress>? progress = null, CancellationToken? token = null)
    {
        using var run = RunDirectory.Open(_world.PathOf(name));
        return
        [
            .. new StatisticsSource(recipe, run, progress)
                .OfGradientVariances(pool, token ?? TestContext.Current.CancellationToken).Variances,
        ];
    }
}
