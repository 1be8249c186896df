using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Tests.Training;

public sealed class FineTuneJobTests
{
    private static readonly (string Question, string Answer)[] Facts =
        [("one", "un"), ("two", "deux"), ("three", "trois"), ("four", "quatre")];

    [Fact]
    public void It_learns_the_answers_and_leaves_a_checkpoint_per_epoch_with_moments_and_mean_learning_rate()
    {
        using var directory = new TemporaryDirectory();
        var options = Options(directory) with { Epochs = 60, LearningRate = 0.03, HeldOut = Data(directory) };
        var summary = Run(directory, options);
        summary.Examples.ShouldBe(4);
        summary.Training.HeldOut!.All.LossPerToken.ShouldBeLessThan(0.1); // it starts at log 280 = 5.6

        var checkpoints = TrainingCheckpoint.All(Path.Combine(directory.PathOf("run"), "checkpoints"));
        checkpoints.Select(c => c.State.Epoch).ShouldBe(Enumerable.Range(1, 60).Select(e => (int?)e));
        checkpoints[0].State.MeanLearningRate.ShouldBeGreaterThan(checkpoints[59].State.MeanLearningRate);
        using var weights = ModelWeights.Open(checkpoints[7].FullPath);
        using var moments = SafetensorsFile.Open(Path.Combine(checkpoints[7].FullPath, TrainingCheckpoint.OptimizerFileName));
        moments.Tensors.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(weights.Tensors.Keys.SelectMany(n => new[] { "exp_avg." + n, "exp_avg_sq." + n }).Order(StringComparer.Ordinal));
        // A checkpoint is a model of its own, tokenizer included.
        ModelEncoder.Load(checkpoints[7].FullPath, 32).Tokenizer.Fingerprint
            .ShouldBe(ModelEncoder.Load(options.Model, 32).Tokenizer.Fingerprint);
        using var trained = Decoder.Load(options.Out);
        trained.Config.ShouldNotBeNull();
    }

    [Fact]
    public void Weight_2_is_two_copies_and_weight_0_is_none()
    {
        using var directory = new TemporaryDirectory();
        var options = Options(directory) with { Epochs = 2, BatchExamples = 8, Optimizer = new AdamWOptions { ClipNorm = null } };
        var two = Selection(directory, "two", [2, 0, 1, 1], [2, 0, 1, 1]);
        // One batch holds everything, so the mean over examples is the same sum, and only the divisor differs: 4 against 4.
        var weighted = Train("weighted", options with { Selection = two });
        var repeated = Train("repeated", options with { Selection = two, SelectionUse = SelectionUse.Repeats });
        Distance.Relative(weighted, repeated).ShouldBeLessThan(1e-3); // AdamW's first steps magnify the last bits of tiny gradients
        Distance.Relative(weighted, Train("plain", options)).ShouldBeGreaterThan(1e-2);

        float[] Train(string name, FineTuneOptions fineTune)
        {
            Run(directory, fineTune with { Out = directory.PathOf(name) }, name + ".run");
            using var decoder = Decoder.Load(directory.PathOf(name));
            using var start = Decoder.Load(fineTune.Model);
            return [.. TinyTraining.Weights(decoder).Zip(TinyTraining.Weights(start), (a, b) => a - b)];
        }
    }

    [Fact]
    public void Steps_and_batches_of_tokens_are_counted_over_epochs()
    {
        using var directory = new TemporaryDirectory();
        var summary = Run(directory, Options(directory) with { Steps = 7, BatchTokens = 40 });
        summary.Training.Steps.ShouldBe(7);
        LossCurve.Read(directory.PathOf("run/loss.jsonl")).Count.ShouldBe(7);
    }

    [Fact]
    public void Bad_input_is_told_with_its_place_and_what_to_do()
    {
        using var directory = new TemporaryDirectory();
        var options = Options(directory);
        Message(options with { MaxLength = 500 }).ShouldContain("at most 64");
        var other = directory.Write(
            "other.selection.jsonl",
            """{"content_id":"0000000000000000000000000000000000000000000000000000000000000000","weight":1,"repeats":1}""" + "\n");
        Message(options with { Selection = other }).ShouldContain("isn't among the 1 of");
        var broken = directory.Write("broken.selection.jsonl", "{\"weight\":\n");
        Message(options with { Selection = broken }).ShouldContain("broken.selection.jsonl, line 1");
        File.Delete(Path.Combine(options.Model, Tokenizer.FileName));
        Message(options).ShouldContain(Tokenizer.FileName);

        string Message(FineTuneOptions faulty) => Should.Throw<PursuitException>(() => Run(directory, faulty)).Message;
    }

    private static FineTuneSummary Run(TemporaryDirectory directory, FineTuneOptions options, string run = "run")
    {
        using var opened = RunDirectory.Open(directory.PathOf(run));
        return new FineTuneJob(options, null).Run(opened, TestContext.Current.CancellationToken);
    }

    private static FineTuneOptions Options(TemporaryDirectory directory) => new()
    {
        Data = Data(directory),
        Model = Model(directory),
        Out = directory.PathOf("out"),
        BatchExamples = 2,
        LearningRate = 0.01,
        Workers = new DecoderPoolOptions { Threads = 2, MicroBatchTokens = 64 },
        CheckpointEveryMinutes = null,
    };

    private static PoolOptions Data(TemporaryDirectory directory) => new()
    {
        Paths = [directory.Write(
            "data.jsonl",
            string.Concat(Facts.Select(f => JsonSerializer.Serialize(new { prompt = f.Question, completion = f.Answer }) + "\n")))],
    };

    private static string Selection(TemporaryDirectory directory, string name, double[] weights, int[] repeats)
    {
        using var pool = Pool.Open(Data(directory), null, TestContext.Current.CancellationToken);
        var lines = Enumerable.Range(0, pool.Count).Select(
            i => JsonSerializer.Serialize(new { content_id = pool.ContentIds[i].ToString(), weight = weights[i], repeats = repeats[i] }));
        return directory.Write(name + ".selection.jsonl", string.Join('\n', lines) + "\n");
    }

    /// <summary>A random model of 280 tokens with a tokenizer of its own.</summary>
    private static string Model(TemporaryDirectory directory)
    {
        var path = directory.PathOf("model");
        var trained = BpeTrainer.Train(
            Facts.Select(f => $"User: {f.Question}\nAssistant: {f.Answer}"),
            new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        trained.Save(path);
        using var decoder = Decoder.Create(
            new DecoderShape { Width = 16, Layers = 2, Heads = 2, Mlp = 32, Context = 64 }.ToConfig(trained.VocabularySize, 0, 0), 5);
        decoder.Save(path);
        return path;
    }
}
