using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Engine.Planning;
using Pursuit.Selection.Gtp;

namespace Pursuit.Engine.Tests.Planning;

/// <summary>How a job that was measured on one machine spreads over others.</summary>
public sealed class PlannedStagesTests
{
    private static readonly MachineGroup Machine = new() { Name = "m", Cores = 4, MemoryGb = 64, DiskMbS = 1000, NetworkMbS = 1000 };

    /// <summary>A million examples of 100 tokens at two checkpoints, measured with two threads at 10,000 tokens a second.</summary>
    private static readonly CostPlan Job = new()
    {
        Examples = 1 << 20,
        ExamplesAtHand = 1000,
        PoolBytes = 400L << 20,
        TokensPerExample = 100,
        Kind = "factored",
        Checkpoints = 2,
        Dimension = 8192,
        Threads = 2,
        WarmupTokens = 10_000_000,
        WarmupMicroBatches = 4,
        PoolTokens = 200L << 20,
        TargetTokens = 0,
        WarmupRate = 10_000,
        FeatureRate = 10_000,
        ReadSeconds = 10,
        Rates = new MachineRates { Scan = 10e9, Checksum = 1e9, Multiply = 50e9 },
        Chosen = 1000,
        Groups = 4,
        Passes = 25,
        StoreBytes = (1L << 20) * 2 * (8192 * 2 + 4),
        CheckpointBytes = 100_000_000,
        ModelMemory = 50_000_000,
        ThreadMemory = 10_000_000,
        ShardMemory = 70_000_000,
    };

    [Fact]
    public void Twice_the_machines_halve_what_is_shared_and_leave_what_one_does()
    {
        var (two, four) = (On(Machine with { Count = 2 }), On(Machine with { Count = 4 }));
        foreach (var shared in new[] { "features", "checksums" })
            Seconds(two, shared).ShouldBe(2 * Seconds(four, shared), 1e-9 * Seconds(two, shared), shared);
        foreach (var alone in new[] { "read", "warm-up", "fit" })
            Seconds(two, alone).ShouldBe(Seconds(four, alone), 1e-9 * Seconds(two, alone), alone);
        two.DiskBytes.ShouldBe(four.DiskBytes);
        four.NetworkBytes.ShouldBeGreaterThan(two.NetworkBytes);
        On(Machine).NetworkBytes.ShouldBe(0, "one process sends nothing");
    }

    [Fact]
    public void A_training_on_the_choice_is_the_first_machine_s()
    {
        var job = Job with { RetrainTokens = 400_000, RetrainedTokens = 800_000 };
        job.Seconds.ShouldBe(Job.Seconds + 120, 1e-6);
        var (one, four) = (On(Machine with { Cores = 2 }, job), On(Machine with { Cores = 2, Count = 4 }, job));
        Seconds(one, "retraining").ShouldBe(120, 1e-6);
        Seconds(four, "retraining").ShouldBe(120, 1e-6);
        Seconds(On(Machine with { Cores = 2, Speed = 2 }, job), "retraining").ShouldBe(60, 1e-6);
        On(Machine).Stages.ShouldNotContain(s => s.Name == "retraining");
    }

    [Fact]
    public void On_the_machine_that_measured_a_stage_takes_what_was_measured()
    {
        var here = On(Machine with { Cores = 2, DiskMbS = 1e12 });
        Seconds(here, "read").ShouldBe(Job.ReadSeconds, 0.01);
        Seconds(here, "warm-up").ShouldBe(Job.WarmupSeconds, 0.01);
        var checksums = Job.StoreBytes / Job.Rates.Checksum;
        Seconds(here, "features").ShouldBe(Job.FeatureSeconds + checksums, 0.01);
        Seconds(here, "checksums").ShouldBe(checksums, 0.01);
        Seconds(here, "passes").ShouldBe(Job.PassSeconds, 0.01);
    }

    [Fact]
    public void Cores_and_speed_make_features_faster_and_a_warm_up_no_faster_than_its_batch_has_parts()
    {
        Compute(On(Machine with { Cores = 8 })).ShouldBe(Compute(On(Machine with { Cores = 4, Speed = 2 })), 1);
        Seconds(On(Machine with { Cores = 64 }), "warm-up")
            .ShouldBe(Seconds(On(Machine), "warm-up"), 1e-6, "four micro-batches keep four cores busy");
        On(Machine with { Cores = 64 }).Stages.Single(s => s.Name == "warm-up").LimitedBy.ShouldContain("4 micro-batches for 64 cores");

        // Three rounds of two, and one left over: 5 parts take 3 rounds on two threads and 2 on four.
        var five = Job with { WarmupMicroBatches = 5 };
        Seconds(On(Machine with { Cores = 2 }, five), "warm-up").ShouldBe(1.5 * Seconds(On(Machine, five), "warm-up"), 1);

        double Compute(ClusterPlan plan) => Seconds(plan, "features") - (Job.StoreBytes / Job.Rates.Checksum / plan.Machines[0].Speed)
            - (Job.StoreBytes / Machine.DiskRate);
    }

    [Fact]
    public void The_slowest_machine_is_waited_for_and_named()
    {
        var mixed = On([Machine with { Count = 3 }, Machine with { Name = "old", Speed = 0.25 }]);
        Seconds(mixed, "features").ShouldBeGreaterThan(3 * Seconds(On(Machine with { Count = 4 }), "features"));
        mixed.Stages.Single(s => s.Name == "features").LimitedBy.ShouldBe("the cores of 'old'");
        mixed.Longest.Name.ShouldBe("features");
    }

    [Fact]
    public void A_store_beyond_memory_is_read_from_disk_at_every_pass()
    {
        var (large, small) = (On(Machine), On(Machine with { MemoryGb = 8 }));
        Seconds(small, "passes").ShouldBe(Job.Passes * (Job.StoreBytes / Machine.DiskRate), 1);
        small.Stages.Single(s => s.Name == "passes").LimitedBy.ShouldBe("the disk of 'm'");
        Seconds(large, "passes").ShouldBeLessThan(Seconds(small, "passes") / 10);
    }

    [Fact]
    public void What_does_not_fit_is_named_with_its_numbers()
    {
        On(Machine).Faults.ShouldBeEmpty();
        On(Machine with { MemoryGb = 0.2 }).Faults.ShouldHaveSingleItem().ShouldContain("'m' needs");
        On(Machine with { MemoryGb = 1024 }, Job with { Chosen = 41_000 }).Faults.ShouldBeEmpty();
        var gram = On(Machine with { MemoryGb = 1024 }, Job with { Chosen = 42_000 }).Faults.ShouldHaveSingleItem();
        gram.ShouldContain("Gram matrix of 42,000 rows to choose, and of what is offered for them, has 46,800 rows");
        gram.ShouldContain("Lower the budget to 41,540 rows");
        On(Machine with { MemoryGb = 1e6 }, Job with { Examples = 1_500_000_000, Chosen = 0, Passes = 0 }).Faults
            .ShouldSatisfyAllConditions(
                f => f[0].ShouldContain("losses of 1,500,000,000 examples at 2 checkpoints"),
                f => f[1].ShouldContain("1,464,844 shards"));
    }

    [Fact]
    public void Machines_that_cannot_be_are_refused_with_every_fault()
    {
        MachineGroup.Validate([Machine], "m.yaml");
        MachineGroup.Validate([Machine with { NetworkMbS = 0 }], "m.yaml");
        var fault = Should.Throw<PursuitException>(
            () => MachineGroup.Validate(
                [Machine with { NetworkMbS = 0, Count = 2 }, Machine with { Cores = 0, Speed = -1, DiskMbS = double.NaN }],
                "m.yaml")).Message;
        foreach (var part in new[] { "m.yaml", "network-mb-s is 0", "group 2", "cores is 0", "speed is -1", "disk-mb-s is NaN" })
            fault.ShouldContain(part);
        Should.Throw<PursuitException>(() => MachineGroup.Validate([], "m.yaml")).Message.ShouldContain("no group");
    }

    private static ClusterPlan On(MachineGroup machine, CostPlan? job = null) => On([machine], job);

    private static ClusterPlan On(IReadOnlyList<MachineGroup> machines, CostPlan? job = null) =>
        PlannedStages.On(job ?? Job, new GtpOptions(), machines);

    private static double Seconds(ClusterPlan plan, string stage) => plan.Stages.Single(s => s.Name == stage).Seconds;
}
