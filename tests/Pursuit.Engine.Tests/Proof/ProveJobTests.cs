using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Tests.Proof;

public sealed class ProveJobTests : IDisposable
{
    private readonly TinyProof _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void A_run_killed_anywhere_goes_on_to_the_same_bytes_and_repeats_nothing_finished()
    {
        var options = _tiny.Options with { Seeds = 2 };
        _tiny.Run(options, "whole");
        var stops = 0;
        for (var after = 3; ; after += 13)
        {
            try
            {
                _tiny.Run(options, "stopped", new Killer(after));
                break;
            }
            catch (KilledException)
            {
                stops++;
            }
        }

        stops.ShouldBeGreaterThan(4);
        _tiny.Result("stopped").ShouldBe(_tiny.Result("whole"));

        var listener = new Listener();
        _tiny.Run(options, "stopped", listener);
        listener.Steps.ShouldBe(0, "every training was finished");
        _tiny.Result("stopped").ShouldBe(_tiny.Result("whole"));
        Directory.EnumerateFiles(_tiny.PathOf("stopped"), "*.safetensors", SearchOption.AllDirectories)
            .ShouldBeEmpty("weights don't outlive their measurement");
    }

    [Fact]
    public void Threads_change_nothing()
    {
        _tiny.Run(_tiny.Options with { Workers = _tiny.Options.Workers with { Threads = 1 } }, "one");
        _tiny.Run(_tiny.Options with { Workers = _tiny.Options.Workers with { Threads = 3 } }, "three");
        _tiny.Result("one").ShouldBe(_tiny.Result("three"));
    }

    [Fact]
    public void Every_method_takes_the_same_steps_and_another_method_trains_only_itself()
    {
        var options = _tiny.Options with { Methods = [ProofMethod.Parse("length")], Budgets = [Budget.Parse("10%"), Budget.Parse("12")] };
        var report = _tiny.Run(options);
        report.Methods.ShouldBe(["length", "random", "full", "full-epoch"]);
        foreach (var budget in report.Budgets)
            report.Costs.Where(c => c.Budget == budget.Name).Select(c => c.Steps).Distinct().ShouldBe([budget.Steps]);
        report.Budgets.Select(b => (b.Examples, b.Steps)).ShouldBe([(6, 5L), (12, 9L)]); // ceil(3 x 6 / 4), ceil(3 x 12 / 4)
        report.Costs.Where(c => c.Method == "full-epoch").ShouldAllBe(c => c.Steps == (61 + 3) / 4);

        var listener = new Listener();
        var more = _tiny.Run(
            options with { Methods = [.. options.Methods, ProofMethod.Parse("length:keep=shortest")] }, progress: listener);
        listener.Labels.ShouldAllBe(label => label.Contains("length:keep=shortest"));
        more.Scores.Single(s => s.Method == "random" && s.Target == "first" && s.Budget == "12")
            .ShouldBe(report.Scores.Single(s => s.Method == "random" && s.Target == "first" && s.Budget == "12"), new ScoreEquality());
    }

    [Fact]
    public void A_whole_epoch_may_be_trained_with_fewer_seeds_and_is_held_against_those()
    {
        var options = _tiny.Options with { Seeds = 3, Generate = 0 };
        var all = _tiny.Run(options, "epoch-of-all");
        var one = _tiny.Run(options with { EpochSeeds = 1 }, "epoch-of-one");
        one.Costs.Where(c => c.Method == ProofReport.FullEpoch).Select(c => c.Seed).ShouldBe([options.FirstSeed]);
        one.Scores.Where(s => s.Method == ProofReport.FullEpoch).ShouldAllBe(s => s.BySeed.Count == 1);
        one.Remarks.ShouldContain(r => r.StartsWith("A whole epoch was trained with 1 of 3 seeds"));

        // What doesn't involve the epoch is untouched; what does is the first seed's alone.
        Without(one).ShouldBe(Without(all));
        var first = _tiny.Run(options with { Seeds = 1 }, "first-seed");
        Against(one).ShouldBe(Against(first));

        // With none there is no epoch, no share of its gain, and everything else as before.
        var none = _tiny.Run(options with { EpochSeeds = 0 }, "epoch-of-none");
        none.Costs.ShouldNotContain(c => c.Method == ProofReport.FullEpoch);
        none.Methods.ShouldNotContain(ProofReport.FullEpoch);
        none.Scores.ShouldAllBe(s => s.Method != ProofReport.FullEpoch && s.GainShare == null);
        none.Comparisons.Select(c => c.ToString()).ShouldBe(Without(all));
        none.Remarks.ShouldNotContain(r => r.StartsWith("A whole epoch was trained"));

        static string[] Without(ProofReport report) =>
            [.. report.Comparisons.Where(c => c.Method != ProofReport.FullEpoch && c.Against != ProofReport.FullEpoch)
                .Select(c => c.ToString())];
        static string[] Against(ProofReport report) =>
            [.. report.Comparisons.Where(c => c.Against == ProofReport.FullEpoch).Select(c => c.ToString())];
    }

    [Fact]
    public void The_loss_is_that_of_a_fine_tuning_on_the_same_selection()
    {
        var report = _tiny.Run(
            _tiny.Options with { Budgets = [Budget.Parse("12")], Methods = [ProofMethod.Parse("length")], Seeds = 1, Generate = 0 });
        var selected = _tiny.PathOf("run/selections/length_12_seed_0/selected.jsonl");
        using var run = RunDirectory.Open(_tiny.PathOf("tuned.run"));
        var tuned = new FineTuneJob(
            new FineTuneOptions
            {
                Data = new PoolOptions { Paths = [selected] },
                Selection = Path.ChangeExtension(selected, ".selection.jsonl"),
                Model = _tiny.Options.Model,
                Out = _tiny.PathOf("tuned"),
                HeldOut = new PoolOptions { Paths = [_tiny.Options.Tests[0]] },
                Steps = report.Budgets[0].Steps,
                BatchExamples = _tiny.Options.BatchExamples,
                LearningRate = _tiny.Options.LearningRate,
                Workers = _tiny.Options.Workers,
            },
            null).Run(run, TestContext.Current.CancellationToken);
        report.Scores.Single(s => s.Target == "first" && s.Method == "length").Loss.Estimate
            .ShouldBe(tuned.Training.HeldOut!.LossPerToken, 1e-12);
    }

    [Fact]
    public void A_model_that_learned_the_test_by_heart_answers_it_exactly()
    {
        var warnings = new List<string>();
        var pool = _tiny.Write("known.jsonl", Enumerable.Range(0, 4)
            .Select(i => (new[] { "red", "blue", "green", "white" }[i], new[] { "rosso", "blu", "verde", "bianco" }[i])));
        var options = _tiny.Options with
        {
            Pool = new PoolOptions { Paths = [pool] },
            Targets = [],
            Tests = [pool],
            Methods = [],
            Budgets = [Budget.Parse("100%")],
            Epochs = 80,
            LearningRate = 0.03,
            Generate = 4,
            Seeds = 1,
        };
        var report = _tiny.Run(options, onWarning: warnings.Add);
        var full = report.Scores.Single(s => s.Method == "full");
        full.ExactMatch!.Estimate.ShouldBe(1);
        (full.TokenF1!.Estimate, full.RougeL!.Estimate).ShouldBe((1, 1));
        report.Scores.Single(s => s.Method == "base").ExactMatch!.Estimate.ShouldBe(0);
        warnings.Single().ShouldContain("4 stand in the pool");
        Should.Throw<PursuitException>(() => _tiny.Run(options with { Strict = true })).Message
            .ShouldContain("Strict: known: of 4 test examples 4 stand in the pool");
    }

    [Fact]
    public void Gradient_features_are_made_once_for_all_methods_and_seeds_and_weights_reach_the_training()
    {
        var options = _tiny.Options with
        {
            Methods = [ProofMethod.Parse("gtp"), ProofMethod.Parse("less")],
            Budgets = [Budget.Parse("12")],
            Seeds = 2,
            Generate = 0,
            FeatureOptions = new GradientFeatureOptions { Checkpoints = 1, Dimension = 64, LearningRate = 0.01, Warmup = 1 },
        };
        var report = _tiny.Run(options);
        var made = Made();
        foreach (var cost in report.Costs)
        {
            var reads = cost.Method is "gtp" or "less";
            (cost.Selection?.ModelTokens > 0).ShouldBe(reads, cost.Method);
            (cost.Selection?.FeatureSeconds > 0).ShouldBe(reads, cost.Method);
        }

        report.Costs.Where(c => c.Target == "first").Select(c => c.Selection!.ModelTokens).Distinct().Count().ShouldBe(1);
        var weighted = report.Costs.First(c => c.Method == "gtp");
        weighted.EffectiveSize.ShouldBeLessThan(weighted.Examples);

        // Uniform training of the same selections: other losses where weights differed, the same where there were none.
        var uniform = _tiny.Run(options with { Use = ProofUse.Uniform });
        Loss(uniform, "gtp").ShouldNotBe(Loss(report, "gtp"));
        Loss(uniform, "less").ShouldBe(Loss(report, "less"));
        _tiny.Run(options with { Use = ProofUse.Repeats }).Costs
            .ShouldAllBe(c => c.Method == "full-epoch" || c.Steps == report.Budgets[0].Steps);
        Made().ShouldBe(made, "features were reused");

        (string, DateTime)[] Made() => [.. new[] { "run/features", "run/target-features/first", "run/target-features/second" }
            .SelectMany(d => Directory.EnumerateFiles(_tiny.PathOf(d), "stage.json", SearchOption.AllDirectories)).Order()
                .Select(f => (f, File.GetLastWriteTimeUtc(f)))];

        static double Loss(ProofReport of, string method) => of.Scores.First(s => s.Method == method && s.Target == "first").Loss.Estimate;
    }

    [Fact]
    public void Time_that_does_not_suffice_leaves_seeds_out_and_says_so()
    {
        var report = _tiny.Run(_tiny.Options with { Seeds = 3, Time = TimeSpan.FromMilliseconds(1) });
        report.Seeds.ShouldBe([0UL]);
        report.Remarks.ShouldContain(r => r.StartsWith("1 of 3 seeds: "));
        report.Remarks.ShouldContain(r => r.StartsWith("One seed: "));
    }

    [Fact]
    public void Faults_are_told_all_at_once_with_what_is_lacking()
    {
        var message = Should.Throw<PursuitException>(
            () => new ProveJob(
                _tiny.Options with { Targets = [], Tests = [], Seeds = 0, Methods = [ProofMethod.Parse("length-matched-random")] },
                null)).Message;
        message.ShouldContain("Test: missing");
        message.ShouldContain("'length-matched-random' can't choose without one");
        message.ShouldContain("Seeds: 0");
        Should.Throw<PursuitException>(
            () => _tiny.Run(_tiny.Options with { Tests = [_tiny.Write("empty.jsonl", []), _tiny.Options.Tests[1]] })).Message
            .ShouldContain("empty.jsonl");
        Should.Throw<PursuitException>(
            () => _tiny.Run(_tiny.Options with { Tests = [_tiny.Write("mute.jsonl", [("question", "")]), _tiny.Options.Tests[1]] })).Message
            .ShouldContain("mute.jsonl");
        Should.Throw<PursuitException>(() => ProofMethod.Parse("length:kept=shortest")).Message.ShouldContain("keep");
    }

    private sealed class ScoreEquality : IEqualityComparer<ProofScore>
    {
        public bool Equals(ProofScore? x, ProofScore? y) =>
            System.Text.Json.JsonSerializer.Serialize(x) == System.Text.Json.JsonSerializer.Serialize(y);

        public int GetHashCode(ProofScore value) => value.Method.Length;
    }

    /// <summary>Counts steps of training and remembers what they were for.</summary>
    private sealed class Listener : IProgress<WorkProgress>
    {
        public int Steps { get; private set; }

        public HashSet<string> Labels { get; } = [];

        public void Report(WorkProgress value)
        {
            if (value.Work != "proving" || value.Note?.Contains(": step ", StringComparison.Ordinal) != true) return;
            Steps++;
            Labels.Add(value.Note.Split(": step ")[0]);
        }
    }

    /// <summary>Ends the run from within, without letting it tidy up.</summary>
    private sealed class Killer(int after) : IProgress<WorkProgress>
    {
        private int _reports;

        public void Report(WorkProgress value)
        {
            if (++_reports == after) throw new KilledException();
        }
    }

    private sealed class KilledException : Exception;
}
