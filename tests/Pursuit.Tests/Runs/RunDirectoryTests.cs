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

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void A_damaged_file_is_told_and_the_stage_is_emptied_but_for_parts_that_carry_their_own_sum(bool hasParts, int partsLeft)
    {
        var told = new List<string>();
        Func<string, bool>? isPart = hasParts ? name => name.StartsWith("part-", StringComparison.Ordinal) : null;
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        run.OnDamage = told.Add;
        Make("report.txt", "whole");
        run.OpenStage("scores", Seed(1), isPart).IsComplete.ShouldBeTrue();
        told.ShouldBeEmpty();

        foreach (var damage in new Action<string>[]
        {
            File.Delete, path => File.WriteAllText(path, "whol"), path => File.WriteAllText(path, "whome"),
            path => File.Delete(Path.Combine(Path.GetDirectoryName(path)!, "stage.json")),
        })
        {
            damage(Make("report.txt", "whole"));
            var stage = run.OpenStage("scores", Seed(1), isPart);
            (stage.IsComplete, File.Exists(stage.PathOf("report.txt")), Directory.EnumerateFiles(stage.FullPath, "part-*").Count())
                .ShouldBe((false, false, partsLeft));
            told.ShouldHaveSingleItem();
            told.Clear();
        }

        Make("report.txt", "whole");
        run.OpenStage("scores", Seed(2), isPart).IsComplete.ShouldBeFalse();
        Directory.EnumerateFiles(_directory.PathOf("run/stages/scores")).Count().ShouldBe(1, "parts of another fingerprint go");
        told.ShouldBeEmpty();

        string Make(string name, string text)
        {
            var stage = run.OpenStage("scores", Seed(1), isPart);
            File.WriteAllText(stage.PathOf("part-0"), "carries its own sum");
            File.WriteAllText(stage.PathOf(name), text);
            stage.Complete();
            return stage.PathOf(name);
        }
    }

    [Fact]
    public void A_finished_stage_that_another_reads_is_refused_by_the_damaged_files_name()
    {
        using (var run = RunDirectory.Open(_directory.PathOf("run")))
        {
            RunStage.Finished(run.FullPath, "scores").ShouldBeNull();
            var stage = run.OpenStage("scores", Seed(1));
            File.WriteAllText(stage.PathOf("scores.txt"), "whole");
            RunStage.Finished(run.FullPath, "scores").ShouldBeNull();
            stage.Complete();
            RunStage.Finished(run.FullPath, "scores")!.DifferencesFrom(Seed(2)).ShouldBe(["seed"]);
        }

        File.WriteAllText(_directory.PathOf("run/stages/scores/scores.txt"), "other");
        Should.Throw<PursuitException>(() => RunStage.Finished(_directory.PathOf("run"), "scores")).Message.ShouldContain("scores.txt");
        File.WriteAllText(_directory.PathOf("run/stages/scores/stage.json"), "{}");
        Should.Throw<PursuitException>(() => RunStage.Finished(_directory.PathOf("run"), "scores")).Message.ShouldContain("stage.json");
    }

    [Fact]
    public void A_run_is_read_beside_its_owner_and_nothing_is_written_into_it()
    {
        using var owner = RunDirectory.Open(_directory.PathOf("run"));
        var stage = owner.OpenStage("scores", Seed(1));
        File.WriteAllText(stage.PathOf("scores.txt"), "whole");
        stage.Complete();
        File.Delete(owner.PathOf("run.lock"));
        var before = Entries();

        string elsewhere;
        using (var reader = RunDirectory.OpenToRead(owner.FullPath))
        {
            reader.OpenStage("scores", Seed(1)).IsComplete.ShouldBeTrue();
            var other = reader.OpenStage("scores", Seed(2));
            other.IsComplete.ShouldBeFalse();
            elsewhere = other.FullPath;
            elsewhere.ShouldNotStartWith(owner.FullPath);
            File.WriteAllText(other.PathOf("scores.txt"), "made for this reader");
            other.Complete();
        }

        Entries().ShouldBe(before);
        Directory.Exists(elsewhere).ShouldBeFalse("what a reader makes goes with it");

        (string, DateTime)[] Entries() => [.. Directory.EnumerateFileSystemEntries(owner.FullPath, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(e => (e, File.GetLastWriteTimeUtc(e)))];
    }

    [Theory]
    [InlineData("stages/scores/stage.json")]
    [InlineData("checkpoints/step-00000001/checkpoint.json")]
    [InlineData("options.yaml")]
    public void A_run_without_its_marker_is_refused_with_what_to_write_there(string file)
    {
        _directory.Write($"run/{file}", "{}");
        foreach (var open in new Func<string, RunDirectory>[] { RunDirectory.Open, RunDirectory.OpenToRead })
            Should.Throw<PursuitException>(() => open(_directory.PathOf("run"))).Message.ShouldContain("write {\"format\": 1} into");
        _directory.Write("run/run.json", "{\"format\": 1}");
        RunDirectory.Open(_directory.PathOf("run")).Dispose();
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
