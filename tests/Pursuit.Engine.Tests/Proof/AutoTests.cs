using Pursuit.Data;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Proof;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;

namespace Pursuit.Engine.Tests.Proof;

public sealed class AutoTests : IDisposable
{
    /// <summary>bm25 finds the spellings; the longest examples are none.</summary>
    private const string Candidates = "auto.methods=length,bm25";
    private readonly TinyProof _tiny = new();

    public AutoTests()
    {
        // Enough of the target's kind in the pool to learn from, and a target that others of its kind predict.
        var words = TinyProof.Numbers.SelectMany(a => TinyProof.Numbers.Select(b => a + b)).ToArray();
        var spelled = words.Select(w => ($"spell {w}", string.Join(' ', w.ToCharArray()))).ToArray();
        File.AppendAllText(_tiny.PathOf("pool.jsonl"), File.ReadAllText(_tiny.Write("spelled.jsonl", spelled.Skip(60))));
        _tiny.Write("target.jsonl", spelled.Take(8));
    }

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_method_is_chosen_that_trains_best_on_what_it_did_not_see()
    {
        var verdict = Choose(Selection(), "run");
        verdict.Candidates.Select(c => c.Label).Order().ShouldBe(["bm25", "length", "random"]);
        verdict.Candidates[0].Label.ShouldBe("bm25");
        verdict.Candidates.Select(c => c.Loss).ShouldBeInOrder();
        verdict.Candidates[0].Behind.ShouldBeNull();
        verdict.Candidates[1].Behind!.Estimate.ShouldBe(verdict.Candidates[1].Loss - verdict.Candidates[0].Loss, 1e-9);
        verdict.Examples.ShouldBe(8);
        verdict.Trainings.ShouldBe(2);
        verdict.ToString().ShouldStartWith("auto chose bm25: ");

        // The halves are the target's records, each in one of them.
        var halves = new[] { "half-1", "half-2" }.Select(h => File.ReadAllLines(_tiny.PathOf($"run/auto/{h}.jsonl"))).ToArray();
        halves.ShouldAllBe(h => h.Length == 4);
        halves.SelectMany(h => h).Order().ShouldBe(File.ReadAllLines(_tiny.PathOf("target.jsonl")).Order());
    }

    [Fact]
    public void The_choice_is_kept_depends_on_no_thread_and_no_order_and_is_made_once()
    {
        var one = Choose(Selection(threads: 1), "one").ToString();
        var target = File.ReadAllLines(_tiny.PathOf("target.jsonl"));
        File.WriteAllLines(_tiny.PathOf("target.jsonl"), target.Reverse());
        Choose(Selection(threads: 3), "three").ToString().ShouldBe(one);

        var steps = new Listener();
        Choose(Selection(), "three", steps).ToString().ShouldBe(one);
        steps.Trained.ShouldBeFalse("every training was finished");
        using var run = RunDirectory.Open(_tiny.PathOf("three"));
        var kept = AutoJob.Kept(run, Selection());
        kept.Method.ShouldBe("bm25");
        kept.Remarks.ShouldBe([one]);
    }

    [Fact]
    public void A_proof_tries_it_beside_the_methods_it_chooses_from()
    {
        var report = _tiny.Run(_tiny.Options with
        {
            Targets = [_tiny.PathOf("target.jsonl")],
            Tests = [_tiny.Write("test.jsonl", TinyProof.Numbers.Select(n => ($"spell {n}", string.Join(' ', n.ToCharArray()))))],
            Methods = [ProofMethod.Parse("auto"), ProofMethod.Parse("bm25"), ProofMethod.Parse("length")],
            Settings = [Candidates],
            EpochSeeds = 0,
        });
        report.Remarks.ShouldContain(r => r.Contains("auto chose bm25"));
        Loss("auto").ShouldBe(Loss("bm25"), "it trains on the very selection");
        report.Costs.Single(c => c.Method == "auto").Selection!.ModelTokens.ShouldBeGreaterThan(0);

        double Loss(string method) => report.Scores.Single(s => s.Method == method).Loss.Estimate;
    }

    [Theory]
    [InlineData("auto.methods=gtpp", "gtpp")]
    [InlineData("auto.methods=full", "'full'; expected methods that select")]
    [InlineData("auto.methods=random", "at least one method beside random")]
    [InlineData("auto.methods=bm25,bm25", "'bm25' twice")]
    [InlineData("auto.methods=less:features.preconditioning=none", "methods without options of features")]
    [InlineData("auto.epochs=0", "auto.epochs: 0; expected 1 or more")]
    [InlineData("auto.learning-rate=0", "auto.learning-rate: 0; expected a number above 0")]
    [InlineData("auto.seeds=0", "auto.seeds: 0; expected 1 to 100")]
    [InlineData("auto.method=bm25", "'auto' has no option 'method'")]
    public void What_it_cannot_choose_from_is_refused(string setting, string expected) =>
        Should.Throw<PursuitException>(() => Job(Selection() with { Settings = [setting] })).Message.ShouldContain(expected);

    [Fact]
    public void What_leaves_records_of_the_pool_out_leaves_the_target_whole()
    {
        // No target example meets the filter, and all of them stand in the pool.
        File.AppendAllText(_tiny.PathOf("pool.jsonl"), File.ReadAllText(_tiny.PathOf("target.jsonl")));
        var filtered = Selection();
        filtered = filtered with { Pool = filtered.Pool with { Where = """not prompt matches "^spell one" """ } };
        Choose(filtered, "filtered").Examples.ShouldBe(8);
        Choose(Selection() with { ExcludesTarget = true }, "excluded").Examples.ShouldBe(8);
    }

    [Fact]
    public void A_proof_refuses_what_it_cannot_choose_from_before_anything_is_read()
    {
        var options = _tiny.Options with { Methods = [ProofMethod.Parse("auto")] };
        Refused(options with { Settings = ["auto.seeds=0"] }).ShouldContain("auto.seeds: 0");
        Refused(options with { Settings = ["auto.methods=rds:on=encoder"] })
            .ShouldContain("'rds on encoder' compares by an encoder's vectors");
        Refused(options with { Features = _tiny.PathOf("pool.jsonl"), TargetFeatures = options.Targets })
            .ShouldContain("features made elsewhere, with 'auto'");
        Should.Throw<PursuitException>(() => Job(Selection() with { Settings = ["auto.methods=rds:on=encoder"] }))
            .Message.ShouldContain("an encoder's vectors");

        static string Refused(ProveOptions options) => Should.Throw<PursuitException>(options.Validate).Message;
    }

    [Fact]
    public void Without_a_target_or_with_too_little_of_one_there_is_nothing_to_judge_by()
    {
        Should.Throw<PursuitException>(() => Job(Selection() with { Targets = [] })).Message.ShouldContain("judges methods by examples");
        Should.Throw<PursuitException>(() => Job(Selection() with { Features = "pool.npy", TargetFeatures = "target.npy" }))
            .Message.ShouldContain("given with 'auto'");
        var few = Selection() with { Targets = [_tiny.Write("few.jsonl", [("a", "b"), ("c", "d"), ("e", "f")])] };
        Should.Throw<PursuitException>(() => Choose(few, "few")).Message.ShouldContain("3 examples; expected at least 4");
    }

    private SelectJobOptions Selection(int threads = 2) => new()
    {
        Pool = new PoolOptions { Paths = [_tiny.PathOf("pool.jsonl")], Threads = threads },
        Targets = [_tiny.PathOf("target.jsonl")],
        ComputesFeatures = true,
        ModelDirectory = _tiny.PathOf("model"),
        Budget = Budget.Parse("10%"),
        Method = AutoOptions.Name,
        Settings = [Candidates, "auto.learning-rate=0.02", "auto.epochs=12"],
        Out = _tiny.PathOf("selected.jsonl"),
    };

    private static AutoJob Job(SelectJobOptions selection, IProgress<WorkProgress>? progress = null) =>
        new(selection, null, Device.Cpu, progress);

    private AutoVerdict Choose(SelectJobOptions selection, string run, IProgress<WorkProgress>? progress = null)
    {
        using var directory = RunDirectory.Open(_tiny.PathOf(run));
        return Job(selection, progress).Choose(directory, TestContext.Current.CancellationToken);
    }

    private sealed class Listener : IProgress<WorkProgress>
    {
        public bool Trained { get; private set; }

        public void Report(WorkProgress value) => Trained |= value.Note?.Contains("step ", StringComparison.Ordinal) == true;
    }
}
