using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Tests.Proof;

/// <summary>Proofs that train new models on texts.</summary>
public sealed class FromScratchTests : IDisposable
{
    private readonly TinyProof _tiny = new();

    public FromScratchTests()
    {
        Write("texts.jsonl", Enumerable.Range(0, 60));
        Write("counting.jsonl", Enumerable.Range(60, 12).Where(i => i % 2 == 0));
        Write("odd.jsonl", Enumerable.Range(60, 12).Where(i => i % 2 == 1));
    }

    private ProveOptions Options => _tiny.Options with
    {
        Pool = new PoolOptions { Paths = [_tiny.PathOf("texts.jsonl")] },
        Targets = [],
        Tests = [_tiny.PathOf("counting.jsonl"), _tiny.PathOf("odd.jsonl")],
        FromScratch = true,
        Methods = [ProofMethod.Parse("length")],
        Budgets = [Budget.Parse("50%")],
        Use = ProofUse.Uniform,
        Epochs = 1,
        MaxLength = 32,
        Seeds = 2,
        Generate = 0,
    };

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_whole_epoch_is_what_pretraining_on_the_pool_gives()
    {
        var report = _tiny.Run(Options with { Seeds = 1 });
        report.Recipe.LossUnit.ShouldBe(ProofRecipe.PerByte);
        var config = ModelConfigReader.ReadDirectory(_tiny.PathOf("model"));
        using var run = RunDirectory.Open(_tiny.PathOf("pretrained.run"));
        var pretrained = new PretrainJob(
            new PretrainOptions
            {
                Corpus = Options.Pool,
                HeldOut = new PoolOptions { Paths = [_tiny.PathOf("counting.jsonl")] },
                Out = _tiny.PathOf("pretrained"),
                Tokenizer = _tiny.PathOf("model"),
                Shape = new DecoderShape
                {
                    Width = config.HiddenSize,
                    Layers = config.Layers,
                    Heads = config.QueryHeads,
                    Mlp = config.IntermediateSize,
                    Context = 32,
                },
                Tokens = report.Costs.Single(c => c.Method == ProofReport.FullEpoch).Tokens,
                BatchTokens = Options.BatchExamples * 32,
                LearningRate = Options.LearningRate,
                Workers = Options.Workers,
            },
            null).Run(run, TestContext.Current.CancellationToken);
        var loss = report.Scores.Single(s => s.Method == ProofReport.FullEpoch && s.Target == "counting").Loss.Estimate;
        loss.ShouldBe(pretrained.Training.HeldOut!.All.LossPerByte!.Value, 1e-12);
        loss.ShouldBeLessThan(
            report.Scores.Single(s => s.Method == ProofReport.Base && s.Target == "counting").Loss.Estimate, "it has learnt something");
    }

    [Fact]
    public void Every_budget_is_trained_as_long_as_everything_and_for_an_epoch_of_its_own()
    {
        var report = _tiny.Run(Options);
        var epoch = report.Costs.First(c => c.Method == ProofReport.FullEpoch).Steps;
        report.Budgets.Select(b => (b.Name, b.Examples, b.Steps, b.OwnEpoch))
            .ShouldBe([("50%", 30, epoch, false), ("50%, own epoch", 30, (epoch + 1) / 2, true)]);
        foreach (var budget in report.Budgets)
            report.Costs.Where(c => c.Budget == budget.Name).ShouldAllBe(c => c.Steps == budget.Steps);

        // Everything for as long as everything takes is the whole epoch, and is trained once.
        foreach (var target in new[] { "counting", "odd" })
            report.Scores.Single(s => s.Method == ProofReport.Full && s.Budget == "50%" && s.Target == target).Loss
                .ShouldBe(report.Scores.Single(s => s.Method == ProofReport.FullEpoch && s.Target == target).Loss);
        // per seed: length, random and full at two lengths, of which one is the epoch
        Directory.EnumerateDirectories(_tiny.PathOf("run/stages"), "training-*").Count().ShouldBe(1 + 2 * (2 * 3));
    }

    [Fact]
    public void Token_statistics_come_from_probes_trained_on_the_pool()
    {
        string[] settings =
            ["probe.vocabulary=300", "probe.width=16", "probe.heads=2", "probe.layers=1", "probe.context=32", "probe.tokens=2000"];
        var report = _tiny.Run(Options with { Methods = [ProofMethod.Parse("information")], Settings = settings, Seeds = 1 });
        report.Costs.Where(c => c.Method == "information").ShouldAllBe(c => c.Examples == 30);
        var stages = Directory.EnumerateDirectories(_tiny.PathOf("run/stages")).Select(Path.GetFileName).ToArray();
        stages.ShouldContain(s => s!.Contains("probe", StringComparison.Ordinal), string.Join(", ", stages));
    }

    [Fact]
    public void A_killed_run_goes_on_to_the_same_bytes()
    {
        var options = Options with { Seeds = 1 };
        _tiny.Run(options, "whole");
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() =>
        {
            using var directory = RunDirectory.Open(_tiny.PathOf("stopped"));
            new ProveJob(options, new StopInTraining(stop)).Run(directory, stop.Token);
        });
        File.Exists(_tiny.PathOf("stopped/result.json")).ShouldBeFalse();
        _tiny.Run(options, "stopped");
        _tiny.Result("stopped").ShouldBe(_tiny.Result("whole"));
    }

    [Fact]
    public void Conversations_and_weights_are_refused()
    {
        Should.Throw<PursuitException>(
            () => _tiny.Run(Options with { Pool = new PoolOptions { Paths = [_tiny.PathOf("pool.jsonl")] } })).Message
            .ShouldContain("a conversation; expected a record with a text");
        Should.Throw<PursuitException>(() => _tiny.Run(Options with { Use = ProofUse.Weights })).Message
            .ShouldContain("Use: weights with FromScratch");
    }

    private void Write(string name, IEnumerable<int> numbers) => File.WriteAllText(
        _tiny.PathOf(name),
        string.Concat(numbers.Select(i => JsonSerializer.Serialize(new
        {
            text = string.Join(' ', Enumerable.Range(0, 8 + i % 5).Select(j => TinyProof.Numbers[(i + j * (1 + i % 2)) % 9])) + $" ({i})",
        })
            + "\n")));

    private sealed class StopInTraining(CancellationTokenSource stop) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Note?.Contains("step 2 of", StringComparison.Ordinal) == true) stop.Cancel();
        }
    }
}
