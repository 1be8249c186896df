using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class DiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Of_too_many_open_files_the_cure_is_another_than_of_other_faults()
    {
        Disk.CureOf(new IOException("Too many open files", 24), "usual").ShouldContain("ulimit -n 256");
        Disk.CureOf(new IOException("no", 13), "usual").ShouldBe("usual");
        Disk.CureOf(new UnauthorizedAccessException(), "usual").ShouldBe("usual");
    }

    [Fact]
    public void What_stands_in_a_files_place_is_named_by_its_own_kind_wherever_it_lies()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a file is can be told on Linux alone");
        Disk.Obstacle(_directory.PathOf("nothing")).ShouldBeNull();
        Disk.Obstacle(_directory.Write("file", "x")).ShouldBeNull();
        Disk.Obstacle("/dev/a-file-that-is-not-there").ShouldBeNull();
        Disk.Obstacle(_directory.FullPath).ShouldBe("a directory");
        Disk.Obstacle("/dev/null").ShouldBe("a pipe or a device");
        File.CreateSymbolicLink(_directory.PathOf("link"), "/proc/self/exe");
        Disk.Obstacle(_directory.PathOf("link")).ShouldBe("a pipe or a device");
    }

    [Fact]
    public void A_directory_that_goes_has_no_name_of_whole_things_at_any_moment_between()
    {
        _directory.Write("whole/a", "a");
        _directory.Write("whole/sub/b", "b");
        var whole = _directory.PathOf("whole");
        var halves = 0;
        Observed(() => Disk.DeleteDirectory(whole), _ =>
        {
            if (!Directory.Exists(whole)) return;
            halves++;
            File.Exists(Path.Combine(whole, "a")).ShouldBeTrue();
            File.Exists(Path.Combine(whole, "sub/b")).ShouldBeTrue();
        }).ShouldBe(5, "a new name, two files, two directories");
        halves.ShouldBe(1, "before the new name alone");
        Directory.EnumerateFileSystemEntries(_directory.FullPath).ShouldBeEmpty();
    }

    [Fact]
    public void A_sweep_takes_what_is_not_whole_files_and_directories_alike_and_nothing_else()
    {
        _directory.Write("run/kept/file", "");
        _directory.Write("run/kept/file.0123456789abcdef.partial", "");
        _directory.Write("run/step-3.partial/weights", "");
        _directory.Write("elsewhere/file", "");
        Directory.CreateSymbolicLink(_directory.PathOf("run/link.partial"), _directory.PathOf("elsewhere"));
        Disk.Sweep(_directory.PathOf("run"));
        Directory.EnumerateFileSystemEntries(_directory.PathOf("run"), "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order()
            .ShouldBe(["file", "kept"]);
        File.Exists(_directory.PathOf("elsewhere/file")).ShouldBeTrue("a link goes itself, not what it leads to");
    }

    [Fact]
    public void Of_an_output_what_a_process_that_ended_left_is_swept_and_what_one_writes_is_not()
    {
        var path = _directory.PathOf("out.jsonl");
        using var writing = new AtomicFile(path);
        var held = Directory.GetFiles(_directory.FullPath).ShouldHaveSingleItem();
        _directory.Write("out.jsonl.0123456789abcdef.partial", "left");
        _directory.Write("out.jsonl.mine.partial", "not a name that Pursuit gives");
        Disk.SweepPartialOf(path);
        Directory.GetFiles(_directory.FullPath).Order().ShouldBe(new[] { held, _directory.PathOf("out.jsonl.mine.partial") }.Order());
        writing.Commit();
        File.Exists(path).ShouldBeTrue();
    }

    [Fact]
    public void Nobody_can_lay_a_link_at_the_name_a_file_has_before_it_is_whole()
    {
        string[] names = [.. Enumerable.Range(0, 64).Select(_ =>
        {
            using var file = Disk.CreatePartial(_directory.PathOf("out"), out var partial);
            return partial;
        })];
        names.Distinct().Count().ShouldBe(64);
    }

    [Fact]
    public void What_is_written_in_place_is_never_written_through_a_link()
    {
        var victim = _directory.Write("victim", "precious");
        var link = _directory.PathOf("run.lock");
        File.CreateSymbolicLink(link, victim);
        Should.Throw<PursuitException>(() => Disk.OpenInPlace(link, FileShare.None, 0)).Message.ShouldContain("victim");
        var dangling = _directory.PathOf("loss.jsonl");
        File.CreateSymbolicLink(dangling, _directory.PathOf("nowhere"));
        Should.Throw<PursuitException>(() => Disk.OpenInPlace(dangling, FileShare.None, 0));
        File.Exists(_directory.PathOf("nowhere")).ShouldBeFalse();
    }

    [Fact]
    public void An_output_that_is_a_link_becomes_a_file_and_what_the_link_led_to_stays()
    {
        var victim = _directory.Write("victim", "precious");
        var link = _directory.PathOf("out.txt");
        File.CreateSymbolicLink(link, victim);
        AtomicFile.Write(link, s => s.Write("new"u8));
        File.ReadAllText(victim).ShouldBe("precious");
        new FileInfo(link).LinkTarget.ShouldBeNull();
        File.ReadAllText(link).ShouldBe("new");
    }

    [Fact]
    public void A_pipe_or_a_device_is_refused_before_anything_waits_for_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a file is can be told on Linux alone");
        Should.Throw<PursuitException>(() => Disk.OpenToRead("/dev/zero")).Message.ShouldContain("a pipe or a device");
        using (var made = System.Diagnostics.Process.Start("mkfifo", _directory.PathOf("pipe"))) made.WaitForExit();
        Should.Throw<PursuitException>(() => Disk.OpenToRead(_directory.PathOf("pipe"))).Message.ShouldContain("pipe");
        Should.Throw<PursuitException>(() => MappedFile.Open(_directory.PathOf("pipe"))).Message.ShouldContain("pipe");
    }

    [Fact]
    public void Paths_that_lead_to_one_file_have_one_identity()
    {
        var file = _directory.Write("a/file", "");
        File.CreateSymbolicLink(_directory.PathOf("link"), file);
        Directory.CreateSymbolicLink(_directory.PathOf("b"), _directory.PathOf("a"));
        var identity = FileIdentity.Of(file);
        FileIdentity.Of(_directory.PathOf("link")).ShouldBe(identity);
        FileIdentity.Of(_directory.PathOf("a/../a/./file")).ShouldBe(identity);
        FileIdentity.Of(_directory.Write("a/other", "")).ShouldNotBe(identity);
        FileIdentity.Of(_directory.PathOf("a/new")).ShouldNotBe(FileIdentity.Of(_directory.PathOf("a/newer")));
        FileIdentity.Above(_directory.PathOf("link")).ShouldContain(FileIdentity.Of(_directory.PathOf("a")));
        if (!OperatingSystem.IsLinux()) return;
        FileIdentity.Of(_directory.PathOf("b/file")).ShouldBe(identity, "a directory on the way is a link");
        FileIdentity.Of(_directory.PathOf("b/new/sub"))
            .ShouldBe(FileIdentity.Of(_directory.PathOf("a/new/sub")), "what isn't there yet, likewise");
    }

    /// <summary>Counts the changes that work makes.</summary>
    private static int Observed(Action work, Action<string> onChange)
    {
        var count = 0;
        Disk.Observer = path =>
        {
            count++;
            onChange(path);
        };
        try
        {
            work();
        }
        finally
        {
            Disk.Observer = null;
        }

        return count;
    }
}
