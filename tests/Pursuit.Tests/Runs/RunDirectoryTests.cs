using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Tests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_finished_stage_is_reused_while_its_fingerprint_is_unchanged()
    {
        using (var run = RunDirectory.Open(_directory.PathOf("run")))
        {
            var stage = run.OpenStage("scores", Seed(1));
            stage.IsComplete.ShouldBeFalse();
            File.WriteAllText(stage.PathOf("scores.txt"), "whole");
            stage.Complete();
        }

        using (var run = RunDirectory.Open(_directory.PathOf("run")))
        {
            var stage = run.OpenStage("scores", Seed(1));
            stage.IsComplete.ShouldBeTrue();
            File.ReadAllText(stage.PathOf("scores.txt")).ShouldBe("whole");
        }
    }

    [Fact]
    public void An_unfinished_stage_keeps_its_parts()
    {
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        File.WriteAllText(run.OpenStage("scores", Seed(1)).PathOf("part-0"), "kept");
        var again = run.OpenStage("scores", Seed(1));
        again.IsComplete.ShouldBeFalse();
        File.Exists(again.PathOf("part-0")).ShouldBeTrue();
    }

    [Fact]
    public void A_stage_of_another_fingerprint_leaves_nothing_behind()
    {
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        var old = run.OpenStage("scores", Seed(1));
        File.WriteAllText(old.PathOf("part-0"), "stale");
        old.Complete();
        var fresh = run.OpenStage("scores", Seed(2));
        fresh.IsComplete.ShouldBeFalse();
        File.Exists(fresh.PathOf("part-0")).ShouldBeFalse();
    }

    [Fact]
    public void A_stage_whose_state_was_damaged_is_started_afresh()
    {
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        var stage = run.OpenStage("scores", Seed(1));
        stage.Complete();
        File.WriteAllText(stage.PathOf("stage.json"), "{\"fingerprint\": ");
        run.OpenStage("scores", Seed(1)).IsComplete.ShouldBeFalse();
    }

    [Fact]
    public void Every_part_of_a_fingerprint_counts_and_so_do_their_borders()
    {
        string[] hashes =
        [
            Seed(1).Hash,
            Seed(2).Hash,
            new Fingerprint("scores/2").Add("seed", 1).Hash,
            new Fingerprint("scores/1").Add("seeds", 1).Hash,
            new Fingerprint("scores/1").Add("seed", 1).Add("x", "").Hash,
            new Fingerprint("a").Add("b", "c;1:d=1:e").Hash,
            new Fingerprint("a").Add("b", "c").Add("d", "e").Hash,
        ];
        hashes.ShouldBeUnique();
        Seed(1).Hash.ShouldBe(hashes[0]);
    }

    [Fact]
    public void Two_processes_cannot_share_a_run()
    {
        using var first = RunDirectory.Open(_directory.PathOf("run"));
        Should.Throw<PursuitException>(() => RunDirectory.Open(_directory.PathOf("run"))).Message.ShouldContain("in use");
    }

    [Fact]
    public void A_directory_with_other_things_in_it_is_refused_and_left_alone()
    {
        var file = _directory.Write("mine/notes.txt", "precious");
        Should.Throw<PursuitException>(() => RunDirectory.Open(_directory.PathOf("mine"))).Message.ShouldContain("other things");
        Directory.GetFileSystemEntries(_directory.PathOf("mine")).ShouldBe([file]);
    }

    [Theory]
    [InlineData("{\"format\": 99, \"pursuit\": \"9\"}", "99")]
    [InlineData("{", "expected the marker of a run of format 1")]
    public void A_run_of_another_format_is_refused(string marker, string expected)
    {
        _directory.Write("run/run.json", marker);
        Should.Throw<PursuitException>(() => RunDirectory.Open(_directory.PathOf("run"))).Message.ShouldContain(expected);
    }

    [Fact]
    public void A_file_in_the_directorys_place_is_refused()
    {
        var file = _directory.Write("run", "");
        Should.Throw<PursuitException>(() => RunDirectory.Open(file)).Message.ShouldContain("a file");
    }

    private static Fingerprint Seed(int seed) => new Fingerprint("scores/1").Add("seed", seed);
}
