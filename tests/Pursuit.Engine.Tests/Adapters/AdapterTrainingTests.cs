using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Tests.Training;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>Adapters in the trainer and in a whole fine-tuning.</summary>
public sealed class AdapterTrainingTests
{
    private static readonly LoraOptions Lora =
        new() { Rank = 4, Alpha = 8, Dropout = 0.2, TargetModules = ["q_proj", "v_proj", "down_proj"] };

    private static PackedWindows Windows => new(TinyTraining.Documents(), TinyTraining.Context, 5, seed: 11);

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void A_killed_training_with_dropout_ends_in_the_same_bits_on_any_number_of_threads(int killedAfter)
    {
        using var directory = new TemporaryDirectory();
        var expected = Train(directory.PathOf("whole"), threads: 1);
        Train(directory.PathOf("killed"), threads: 2, killedAfter);
        Train(directory.PathOf("killed"), threads: 3).ShouldBe(expected);
    }

    [Fact]
    public void Training_adapters_lowers_the_loss_and_leaves_every_weight_of_the_model_as_it_was()
    {
        using var directory = new TemporaryDirectory();
        var options = Options(directory) with
        {
            Epochs = 60,
            LearningRate = 0.03,
            Lora = Lora with { Dropout = 0, TargetModules = [LoraOptions.AllLinear] },
            HeldOut = Data(directory),
        };
        var summary = Run(directory, options);
        using var decoder = Decoder.Load(options.Model);
        using var adapters = LoraAdapters.Load(decoder, options.Out);
        summary.Parameters.ShouldBe(adapters.Count);
        var curve = LossCurve.Read(directory.PathOf("run/loss.jsonl"));
        summary.Training.HeldOut!.All.LossPerToken.ShouldBeLessThan(0.5 * curve[0].Loss);
        Directory.EnumerateFiles(options.Out).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe([AdapterConfig.FileName, LoraAdapters.WeightsFileName]);
        AdapterConfig.ReadDirectory(options.Out).BaseModel.ShouldBe(options.Model);
    }

    [Fact]
    public void Every_epoch_leaves_an_adapter_directory_with_moments_under_the_same_names_and_its_mean_learning_rate()
    {
        using var directory = new TemporaryDirectory();
        var options = Options(directory) with { Epochs = 3, Lora = Lora };
        Run(directory, options);
        var checkpoints = TrainingCheckpoint.All(directory.PathOf("run/checkpoints"));
        checkpoints.Select(c => c.State.Epoch).ShouldBe([1, 2, 3]);
        checkpoints[0].State.MeanLearningRate.ShouldBeGreaterThan(checkpoints[2].State.MeanLearningRate);
        using var decoder = Decoder.Load(options.Model);
        using var adapters = LoraAdapters.Load(decoder, checkpoints[2].FullPath);
        using var last = LoraAdapters.Load(decoder, options.Out);
        using var moments = SafetensorsFile.Open(Path.Combine(checkpoints[2].FullPath, TrainingCheckpoint.OptimizerFileName));
        moments.Tensors.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(adapters.All.SelectMany(p => new[] { "exp_avg." + p.Name, "exp_avg_sq." + p.Name }).Order(StringComparer.Ordinal));
        foreach (var parameter in adapters.All)
            adapters.Read(parameter).ShouldBe(last.Read(parameter), parameter.Name);
    }

    [Fact]
    public void Adapters_of_a_directory_are_trained_further_from_where_they_stand()
    {
        using var directory = new TemporaryDirectory();
        // One batch holds all examples, so a step's loss before its update is the held-out loss on the same data.
        var options = Options(directory) with
        {
            Epochs = 10,
            BatchExamples = 4,
            LearningRate = 0.03,
            Lora = Lora with { Dropout = 0 },
            HeldOut = Data(directory),
        };
        var first = Run(directory, options).Training;
        var further = options with { Lora = null, Adapter = options.Out, Out = directory.PathOf("further"), Epochs = 1 };
        var second = Run(directory, further, "further.run").Training;
        second.Loss.ShouldBe(first.HeldOut!.All.LossPerToken, Tolerances.ModelAgainstFloat64 * second.Loss);
        second.HeldOut!.All.LossPerToken.ShouldBeLessThan(second.Loss);
        var config = AdapterConfig.ReadDirectory(further.Out);
        config.Options.Rank.ShouldBe(4);
        config.Options.TargetModules.ShouldBe(Lora.TargetModules);

        // A run directory belongs to the adapters it started from.
        var other = further with { Adapter = TrainingCheckpoint.All(directory.PathOf("run/checkpoints"))[0].FullPath };
        Should.Throw<PursuitException>(() => Run(directory, other, "further.run")).Message.ShouldContain("another training");
        Should.Throw<PursuitException>(() => Run(directory, further with { Lora = Lora }, "both")).Message.ShouldContain("at once");
    }

    private static float[] Train(string runDirectory, int threads, int? killedAfter = null)
    {
        using var run = RunDirectory.Open(runDirectory);
        using var decoder = Decoder.Create(TinyTraining.Config, 7);
        using var adapters = LoraAdapters.Create(decoder, Lora, 7);
        using var trained = new TrainedAdapters(decoder, adapters, "tiny", seed: 7);
        var options = TinyTraining.Options(10, threads);
        using var trainer = new Trainer(trained, "seed 7", Windows, null, options, run, killedAfter is { } step ? new Killer(step) : null);
        if (killedAfter is null)
            trainer.Run(TestContext.Current.CancellationToken);
        else
            Should.Throw<InvalidOperationException>(() => trainer.Run(TestContext.Current.CancellationToken));
        return [.. adapters.All.SelectMany(adapters.Read)];
    }

    private static FineTuneSummary Run(TemporaryDirectory directory, FineTuneOptions options, string run = "run")
    {
        using var opened = RunDirectory.Open(directory.PathOf(run));
        return new FineTuneJob(options, null).Run(opened, TestContext.Current.CancellationToken);
    }

    private static PoolOptions Data(TemporaryDirectory directory) => new()
    {
        Paths = [directory.Write(
            "data.jsonl",
            string.Concat(new[] { ("one", "un"), ("two", "deux"), ("three", "trois"), ("four", "quatre") }
                .Select(f => JsonSerializer.Serialize(new { prompt = f.Item1, completion = f.Item2 }) + "\n")))],
    };

    private static FineTuneOptions Options(TemporaryDirectory directory)
    {
        var path = directory.PathOf("model");
        var tokenizer = BpeTrainer.Train(
            ["User: one two three four\nAssistant: un deux trois quatre"],
            new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        tokenizer.Save(path);
        using var decoder = Decoder.Create(
            new DecoderShape { Width = 16, Layers = 2, Heads = 2, Mlp = 32, Context = 64 }.ToConfig(tokenizer.VocabularySize, 0, 0), 5,
            deviation: 0.2f);
        decoder.Save(path);
        return new FineTuneOptions
        {
            Data = Data(directory),
            Model = path,
            Out = directory.PathOf("out"),
            BatchExamples = 2,
            LearningRate = 0.01,
            Workers = new DecoderPoolOptions { Threads = 2, MicroBatchTokens = 64 },
            CheckpointEveryMinutes = null,
        };
    }

    /// <summary>Ends the training from within, without letting it tidy up.</summary>
    private sealed class Killer(int step) : IProgress<WorkProgress>
    {
        private int _steps;

        public void Report(WorkProgress value)
        {
            if (++_steps == step)
                throw new InvalidOperationException("killed");
        }
    }
}
