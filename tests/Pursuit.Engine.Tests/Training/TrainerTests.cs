using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Training;

public sealed class TrainerTests
{
    private static PackedWindows Data => new(TinyTraining.Documents(), TinyTraining.Context, 5, seed: 11);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    public void A_killed_training_ends_in_the_same_bytes(int killedAfter)
    {
        using var directory = new TemporaryDirectory();
        var (whole, killed) = (directory.PathOf("whole"), directory.PathOf("killed"));
        var expected = TinyTraining.Train(whole, TinyTraining.Options(12), Data);
        TinyTraining.Train(killed, TinyTraining.Options(12), Data, failAfter: killedAfter);
        TinyTraining.Train(killed, TinyTraining.Options(12), Data).ShouldBe(expected);
        Snapshot(killed).ShouldBe(Snapshot(whole));
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte()
    {
        using var directory = new TemporaryDirectory();
        var one = TinyTraining.Train(directory.PathOf("one"), TinyTraining.Options(6, threads: 1), Data);
        TinyTraining.Train(directory.PathOf("three"), TinyTraining.Options(6, threads: 3), Data).ShouldBe(one);
        Snapshot(directory.PathOf("three")).ShouldBe(Snapshot(directory.PathOf("one")));
    }

    [Fact]
    public void Stopping_writes_a_checkpoint_that_the_next_run_continues()
    {
        using var directory = new TemporaryDirectory();
        var options = TinyTraining.Options(8) with { CheckpointEverySteps = null };
        var expected = TinyTraining.Train(directory.PathOf("whole"), options, Data);
        using (var run = RunDirectory.Open(directory.PathOf("stopped")))
        using (var decoder = Decoder.Create(TinyTraining.Config, 7))
        using (var stop = new CancellationTokenSource())
        {
            using var trained = new AllWeights(decoder);
            using var trainer = new Trainer(trained, "seed 7", Data, null, options, run, new Stopper(stop, afterSteps: 4));
            Should.Throw<OperationCanceledException>(() => trainer.Run(stop.Token));
            TrainingCheckpoint.Last(Trainer.CheckpointsOf(run))!.State.Step.ShouldBe(4);
        }

        TinyTraining.Train(directory.PathOf("stopped"), options, Data).ShouldBe(expected);
    }

    [Fact]
    public void A_tiny_set_is_learned_by_heart()
    {
        using var directory = new TemporaryDirectory();
        // No two documents share a token, so everything but a window's first token can be known.
        var documents =
            TokenizedDocuments.FromTokens([[1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12, 13, 14, 15, 16], [17, 18, 19, 20, 21, 22, 23, 24]]);
        var data = new PackedWindows(documents, 8, 3, seed: 0);
        var options = TinyTraining.Options(150) with { Optimizer = new AdamWOptions { WeightDecay = 0 } };
        TinyTraining.Train(directory.PathOf("run"), options, data);
        var curve = LossCurve.Read(Path.Combine(directory.PathOf("run"), "loss.jsonl"));
        curve.Count.ShouldBe(150);
        curve[0].Loss.ShouldBe(Math.Log(32), 0.1);
        curve[^1].Loss.ShouldBeLessThan(0.02);
    }

    [Fact]
    public void Checkpoints_of_epochs_are_kept_with_their_mean_learning_rate()
    {
        using var directory = new TemporaryDirectory();
        var options = TinyTraining.Options(9) with { EpochEnds = [4, 9], CheckpointEverySteps = 1, KeepCheckpoints = 1 };
        TinyTraining.Train(directory.PathOf("run"), options, Data);
        using var run = RunDirectory.Open(directory.PathOf("run"));
        var kept = TrainingCheckpoint.All(Trainer.CheckpointsOf(run));
        kept.Select(c => (c.State.Step, c.State.Epoch)).ShouldBe([(4L, 1), (8L, null), (9L, 2)]);
        kept[0].State.MeanLearningRate.ShouldBe(Enumerable.Range(0, 4).Average(s => options.Schedule.At(s)), 1e-12);
        kept[2].State.MeanLearningRate.ShouldBe(Enumerable.Range(4, 5).Average(s => options.Schedule.At(s)), 1e-12);

        using var epoch = Decoder.Load(kept[2].FullPath);
        using var last = Decoder.Create(TinyTraining.Config, 1);
        using var trained = new AllWeights(last);
        using var optimizer = new AdamWOptimizer(trained.Gradients, new AdamWOptions());
        kept[2].Restore(trained, optimizer);
        TinyTraining.Weights(epoch).ShouldBe(TinyTraining.Weights(last));
        optimizer.Steps.ShouldBe(9);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_training_names_the_step_and_keeps_the_last_checkpoint()
    {
        using var directory = new TemporaryDirectory();
        using var run = RunDirectory.Open(directory.PathOf("run"));
        using var decoder = Decoder.Create(TinyTraining.Config, 7);
        var options = TinyTraining.Options(12);
        using var trained = new AllWeights(decoder);
        using var trainer = new Trainer(trained, "seed 7", Data, null, options, run, new Spoiler(decoder, afterSteps: 4));
        var message = Should.Throw<PursuitException>(() => trainer.Run(TestContext.Current.CancellationToken)).Message;
        message.ShouldContain("step 5");
        message.ShouldContain("document ");
        message.ShouldContain("NaN");
        message.ShouldContain("of step 3");
        TrainingCheckpoint.Last(Trainer.CheckpointsOf(run))!.State.Step.ShouldBe(3);
    }

    [Fact]
    public void Another_trainings_checkpoint_is_refused()
    {
        using var directory = new TemporaryDirectory();
        TinyTraining.Train(directory.PathOf("run"), TinyTraining.Options(4), Data);
        var other = TinyTraining.Options(4) with { Optimizer = new AdamWOptions { WeightDecay = 0.2f } };
        var message = Should.Throw<PursuitException>(() => TinyTraining.Train(directory.PathOf("run"), other, Data)).Message;
        message.ShouldContain("step 4 of another training");
        message.ShouldContain("Run");
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_says_so_and_leaves_the_one_before_whole()
    {
        using var directory = new TemporaryDirectory();
        using var run = RunDirectory.Open(directory.PathOf("run"));
        using var decoder = Decoder.Create(TinyTraining.Config, 7);
        // A file where the next checkpoint's directory would be built stands for a full disk.
        var checkpoints = Trainer.CheckpointsOf(run);
        Directory.CreateDirectory(checkpoints);
        File.WriteAllText(Path.Combine(checkpoints, "step-00000006.partial"), "");
        using var trained = new AllWeights(decoder);
        using var trainer = new Trainer(trained, "seed 7", Data, null, TinyTraining.Options(12), run, null);
        var message = Should.Throw<PursuitException>(() => trainer.Run(TestContext.Current.CancellationToken)).Message;
        message.ShouldContain("step 6");
        message.ShouldContain("step-00000003, is whole");
        TrainingCheckpoint.All(checkpoints).Select(c => c.State.Step).ShouldBe([3L]);
    }

    [Fact]
    public void Held_out_loss_is_the_same_for_any_number_of_threads_and_sums_over_groups()
    {
        using var decoder = Decoder.Create(TinyTraining.Config, 7);
        var documents = TinyTraining.Documents(12);
        var groups = Enumerable.Range(0, documents.Count).Select(i => i % 3 == 0 ? "poems" : "laws").ToList();
        var heldOut = HeldOut.OfDocuments(documents, groups, TinyTraining.Context);
        var results = new[] { 1, 3 }.Select(threads =>
        {
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = 32 });
            return heldOut.Evaluate(pool, TestContext.Current.CancellationToken);
        }).ToList();
        results[1].All.ShouldBe(results[0].All);
        results[0].All.Tokens.ShouldBe(documents.TokenCount - documents.Count);
        results[0].Groups.Select(g => g.Name).ShouldBe(["laws", "poems"]);
        (results[0].Groups.Sum(g => g.LossPerToken * g.Tokens) / results[0].All.Tokens).ShouldBe(results[0].All.LossPerToken, 1e-9);
    }

    /// <summary>Every file of a run by name, with its bytes; run.lock and run.json say nothing of the training.</summary>
    private static List<string> Snapshot(string run) =>
        [.. Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories)
            .Where(f => !Path.GetFileName(f).StartsWith("run.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(f => $"{Path.GetRelativePath(run, f)} "
                + $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];

    private sealed class Stopper(CancellationTokenSource stop, int afterSteps) : IProgress<WorkProgress>
    {
        private int _steps;

        public void Report(WorkProgress value)
        {
            if (++_steps == afterSteps)
                stop.Cancel();
        }
    }

    private sealed class Spoiler(Decoder decoder, int afterSteps) : IProgress<WorkProgress>
    {
        private int _steps;

        public void Report(WorkProgress value)
        {
            if (++_steps == afterSteps)
                decoder.Operations.Fill(float.NaN, decoder.Layout.FinalNorm.Weight.In(decoder.Weights));
        }
    }
}
