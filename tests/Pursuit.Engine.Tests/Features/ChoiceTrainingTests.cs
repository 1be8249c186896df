using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Tests.Features;

/// <summary>Gradients behind a training on a choice.</summary>
public sealed class ChoiceTrainingTests : IDisposable
{
    private static readonly GradientFeatureOptions Quick = new()
    {
        Checkpoints = 1,
        Dimension = 64,
        Factor = 8,
        LearningRate = 0.01,
        Preconditioning = Preconditioning.Symmetric,
        MicroBatch = 256,
    };

    private readonly FeatureWorld _world = new();
    private readonly RankedRow[] _chosen = [.. Enumerable.Range(0, 40).Select(i => new RankedRow(20 * i, 0))];
    private readonly int[] _positions = [3, 20, 500, 777];

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(0.01, 3e-4)]
    [InlineData(2e-4, 2e-4)]
    public void They_are_those_of_the_model_that_a_fine_tuning_on_the_choice_leaves(double warmup, double rate)
    {
        var found = After("run", threads: 2, warmup: warmup);
        using var pool = Open(_world.Data());
        var data = _world.Write("chosen.jsonl", string.Concat(_chosen.Select(r => FeatureWorld.Lines().ElementAt(r.Position))));
        var tuned = _world.PathOf("tuned");
        new FineTuneJob(
            new FineTuneOptions
            {
                Data = new PoolOptions { Paths = [data] },
                Model = _world.ModelPath(),
                Out = tuned,
                Epochs = 4,
                BatchExamples = 8,
                LearningRate = rate,
                Workers = new() { Threads = 1, MicroBatchTokens = 256 },
            },
            null).Run(Run("tuning"), TestContext.Current.CancellationToken);
        found.Steps.ShouldBe(20);
        var (trained, untrained) = (Plain(tuned, pool), Plain(_world.ModelPath(), pool));
        for (var i = 0; i < _positions.Length; i++)
        {
            var row = found.Pool[(i * found.Dimension)..((i + 1) * found.Dimension)];
            var (error, moved) = (Distance(row, trained[i]), Distance(row, untrained[i]));
            error.ShouldBeLessThan(0.02, "the fine-tuned model and the store are bf16");
            moved.ShouldBeGreaterThan(3 * error);
        }
    }

    [Fact]
    public void Threads_change_no_bit_a_stopped_training_goes_on_and_no_weights_stay()
    {
        var one = After("one", threads: 1);
        Should.Throw<OperationCanceledException>(() => After("stopped", threads: 2, stopAt: "gradients behind the choice"));
        var work = Path.Combine(_world.PathOf("stopped"), "stages");
        Directory.GetDirectories(work, "retrained-*").Length.ShouldBe(1, "a stopped one keeps what it trained");
        var again = After("stopped", threads: 3);
        again.Pool.ShouldBe(one.Pool);
        again.Target.ShouldBe(one.Target);
        one.Target.Length.ShouldBe(2 * one.Dimension);
        Directory.GetDirectories(work, "retrained-*").ShouldBeEmpty();
    }

    /// <summary>The positions' plain gradients at a model as it is.</summary>
    private float[][] Plain(string model, Pool pool)
    {
        using var run = Run("plain-" + Path.GetFileName(model));
        var made = new GradientFeatures(
            new FeatureRecipe<GradientFeatureOptions>
            {
                Model = model,
                MaxLength = 64,
                Options = Quick with { Checkpoints = 0, Preconditioning = Preconditioning.None },
                Threads = 2,
            },
            run).OfPool(pool, TestContext.Current.CancellationToken);
        using var features = made.Features;
        return [.. _positions.Select(Row)];

        float[] Row(int position)
        {
            var row = new float[features.Dimension];
            FeatureRows.CopyRow(features.Read(0, position, 1, new float[features.Dimension]), 0, row);
            return Array.ConvertAll(row, x => x * features.Norms(0)[position]);
        }
    }

    private static double Distance(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Sum() / b.Sum(y => (double)y * y));

    private TrainedGradients After(string name, int threads, string? stopAt = null, double warmup = 0.01)
    {
        using var pool = Open(_world.Data());
        using var target = Open(_world.Write("target.jsonl", string.Concat(FeatureWorld.Lines().Skip(1000).Take(2))));
        using var run = Run(name);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var features = new GradientFeatures(
            new FeatureRecipe<GradientFeatureOptions>
            {
                Model = _world.ModelPath(),
                MaxLength = 64,
                Options = Quick with { LearningRate = warmup },
                Threads = threads,
            },
            run,
            stopAt is null ? null : new FeatureWorld.StopAt(stop, stopAt, 0));
        return ((IChoiceTrainer)features).On(pool, target).After(_chosen, _positions, stop.Token);
    }

    private RunDirectory Run(string name) => RunDirectory.Open(_world.PathOf(name));

    private static Pool Open(string path) =>
        Pool.Open(new PoolOptions { Paths = [path] }, null, TestContext.Current.CancellationToken);
}
