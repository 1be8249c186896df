namespace Pursuit.Cli.Tests.Commands;

/// <summary>
/// <c>pursuit features --shard K/N</c> as a scheduler starts it: processes together, repeated and in any order write what one process
/// writes.
/// </summary>
public sealed class TaskArrayTests : IDisposable
{
    private readonly FeatureCommandWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Tasks_started_at_once_and_each_twice_write_the_bytes_of_one_process()
    {
        _world.Features("whole").ExitCode.ShouldBe(0);
        var tasks = new[] { "0/3", "1/3", "2/3", "1/3", "2/3", "0/3" }.Select(t => _world.StartFeatures("array", "--shard", t)).ToArray();
        var ended = tasks.Select(Cli.Finish).ToArray();
        foreach (var task in ended) task.ExitCode.ShouldBe(0, task.Error);
        ended.ShouldContain(t => t.Error.Contains("Next      pursuit select", StringComparison.Ordinal), "the last to come completes "
            + "the features");
        _world.Files("array").ShouldBe(_world.Files("whole"));
    }

    [Fact]
    public void Tasks_out_of_order_one_killed_and_one_that_never_ran_leave_what_one_process_completes()
    {
        _world.Features("whole").ExitCode.ShouldBe(0);
        _world.Features("array", "--shard", "2/3").Error.ShouldContain("others are still to come");
        using (var killed = _world.StartFeatures("array", "--shard", "0/3"))
        {
            killed.Kill();
            killed.WaitForExit();
        }

        _world.Features("array", "--shard", "0/3").ExitCode.ShouldBe(0);
        File.Exists(_world.PathOf("array/stages/pool-gradients/store/features.json")).ShouldBeFalse("task 1 never ran");
        var early = _world.Run(
            "select", "--pool", "pool.jsonl", "--features", "array", "--method", "grand", "--budget", "10", "--out", "early.jsonl");
        early.ExitCode.ShouldBe(2);
        early.Error.ShouldContain("no finished stage 'pool-gradients'");
        _world.Features("array").ExitCode.ShouldBe(0);
        _world.Files("array").ShouldBe(_world.Files("whole"));
    }

    [Fact]
    public void Features_made_with_another_seed_are_refused_by_what_differs_and_stay_until_they_are_made_again_on_purpose()
    {
        _world.Features("array").ExitCode.ShouldBe(0);
        var whole = _world.Files("array");
        var options = File.ReadAllText(_world.PathOf("array/options.yaml"));
        foreach (var task in new string[][] { ["--shard", "0/3"], [] })
        {
            var refused = _world.Features("array", [.. task, "--set", "features.seed=7"]);
            refused.ExitCode.ShouldBe(2, refused.Error);
            refused.Error.ShouldContain("features made with another");
            refused.Error.ShouldContain("seed");
            refused.Error.ShouldContain("--again");
            _world.Files("array").ShouldBe(whole);
        }

        File.ReadAllText(_world.PathOf("array/options.yaml")).ShouldBe(options);
        _world.Features("array").ExitCode.ShouldBe(0);
        _world.Features("array", "--set", "features.seed=7", "--again").ExitCode.ShouldBe(0);
        _world.Files("array").ShouldNotBe(whole);
        File.ReadAllText(_world.PathOf("array/options.yaml")).ShouldNotContain("again");
    }

    [Fact]
    public void A_process_of_its_own_is_refused_while_tasks_write_and_they_while_it_does()
    {
        using (Runs.RunDirectory.OpenShared(_world.PathOf("array")))
            ShouldBeRefused(_world.Features("array"));
        using (Runs.RunDirectory.Open(_world.PathOf("array")))
        {
            ShouldBeRefused(_world.Features("array", "--shard", "0/3"));
            ShouldBeRefused(_world.Features("array"));
        }

        Directory.Exists(_world.PathOf("array/stages")).ShouldBeFalse("nothing was begun");

        static void ShouldBeRefused(Cli.Outcome outcome)
        {
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            outcome.Error.ShouldContain("in use by another process");
        }
    }
}
