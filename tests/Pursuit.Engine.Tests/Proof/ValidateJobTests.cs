using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Training;
using Pursuit.Proof;
using Pursuit.Runs;

namespace Pursuit.Engine.Tests.Proof;

public sealed class ValidateJobTests : IDisposable
{
    private readonly TinyProof _tiny = new();

    private ValidateOptions Options => new()
    {
        Pool = _tiny.Options.Pool,
        Targets = _tiny.Options.Tests,
        Model = _tiny.Options.Model,
        Methods = [ProofMethod.Parse("bm25"), ProofMethod.Parse("less")],
        FeatureOptions = new GradientFeatureOptions { Checkpoints = 1, Dimension = 64, Factor = 4, LearningRate = 0.01, Batch = 8 },
        Examples = 40,
        Subsets = 6,
        Removed = 0.2,
        LearningRate = 0.01,
        BatchExamples = 4,
        Workers = new DecoderPoolOptions { Threads = 2, MicroBatchTokens = 64 },
    };

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Every_method_is_scored_on_every_target_beside_random_and_the_result_is_kept()
    {
        var report = Run(Options, "run");
        report.Methods.Select(m => m.Method).ShouldBe(["bm25", "less", "random"], ignoreOrder: true);
        report.Methods.Select(m => m.DatamodelScore.Estimate).ShouldBeInOrder(SortDirection.Descending);
        report.Targets.Select(t => t.Name).ShouldBe(["first", "second"]);
        (report.Examples, report.SubsetExamples, report.Subsets, report.Removed).ShouldBe((40, 20, 6, 8));
        foreach (var method in report.Methods)
        {
            method.Targets.Count.ShouldBe(2);
            method.DatamodelScore.Estimate.ShouldBe(method.Targets.Average(t => t.DatamodelScore.Estimate), 1e-12);
            method.DatamodelScore.Low!.Value.ShouldBeLessThan(method.DatamodelScore.Estimate);
            method.LossDifference.Estimate.ShouldBe(method.Targets.Average(t => t.LossDifference.Estimate), 1e-9);
        }

        SealedJson.TryRead<ValidationReport>(_tiny.PathOf($"run/{ValidationReport.FileName}"), out var kept, out _).ShouldBeTrue();
        kept!.Methods.Count.ShouldBe(3);
    }

    [Fact]
    public void A_stopped_run_goes_on_to_the_same_figures_and_threads_change_none()
    {
        var whole = Run(Options, "whole");
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Run(Options, "stopped", new StopAfter(stop, 9), stop.Token));
        Figures(Run(Options, "stopped")).ShouldBe(Figures(whole));
        Figures(Run(Options with { Workers = Options.Workers with { Threads = 1 } }, "one")).ShouldBe(Figures(whole));
        Figures(Run(Options with { Seed = 1 }, "seed")).ShouldNotBe(Figures(whole));
    }

    [Fact]
    public void A_variant_by_other_features_is_another_method()
    {
        var report = Run(
            Options with { Methods = [ProofMethod.Parse("less"), ProofMethod.Parse("less:features.preconditioning=kronecker")] }, "run");
        var plain = report.Methods.Single(m => m.Method == "less");
        var kronecker = report.Methods.Single(m => m.Method == "less:features.preconditioning=kronecker");
        kronecker.Targets.ShouldNotBe(plain.Targets);
    }

    [Fact]
    public void Less_time_means_fewer_subsets_and_says_so()
    {
        var warnings = new List<string>();
        using var run = RunDirectory.Open(_tiny.PathOf("run"));
        var job = new ValidateJob(Options with { Time = TimeSpan.FromMilliseconds(1) }) { OnWarning = warnings.Add };
        var report = job.Run(run, TestContext.Current.CancellationToken);
        report.Subsets.ShouldBe(4);
        warnings.ShouldContain(w => w.StartsWith("4 of 6 subsets", StringComparison.Ordinal));
        report.Remarks.ShouldContain(w => w.StartsWith("4 of 6 subsets", StringComparison.Ordinal));
    }

    [Fact]
    public void Methods_without_scores_toward_an_example_and_values_out_of_range_are_told_together()
    {
        var wrong = Options with { Methods = [ProofMethod.Parse("gtp")], Examples = 3, Share = 1, Removed = 0, Subsets = 2 };
        var message = Should.Throw<PursuitException>(wrong.Validate).Message;
        message.ShouldContain("'gtp', which gives examples no score toward each target example");
        message.ShouldContain("bm25");
        message.ShouldContain("Examples: 3");
        message.ShouldContain("Share: 1");
        message.ShouldContain("Removed: 0");
        message.ShouldContain("Subsets: 2");
        Should.Throw<PursuitException>(() => (Options with { Targets = [] }).Validate()).Message.ShouldContain("Target: missing");
    }

    private static string Figures(ValidationReport report) =>
        string.Join('\n', report.Methods.Select(m => $"{m.Method} {m.DatamodelScore} {m.LossDifference} {string.Join(' ', m.Targets)}"));

    private ValidationReport Run(
        ValidateOptions options, string name, IProgress<WorkProgress>? progress = null, CancellationToken? token = null)
    {
        using var run = RunDirectory.Open(_tiny.PathOf(name));
        return new ValidateJob(options, progress).Run(run, token ?? TestContext.Current.CancellationToken);
    }

    /// <summary>Stops in the middle of the trainings.</summary>
    private sealed class StopAfter(CancellationTokenSource source, int reports) : IProgress<WorkProgress>
    {
        private int _left = reports;

        public void Report(WorkProgress value)
        {
            if (value.Work == "proving" && --_left == 0) source.Cancel();
        }
    }
}
