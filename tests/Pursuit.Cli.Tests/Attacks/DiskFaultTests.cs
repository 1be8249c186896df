using System.Diagnostics;
using System.Text.Json;
using Pursuit.Cli.Tests.Commands;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>
/// Disks that are full or can't be written, and shards that changed on them: said clearly, nothing half written under its name, and the
/// same command goes on.
/// </summary>
public sealed class DiskFaultTests : IDisposable
{
    private readonly FeatureCommandWorld _world = new();
    private string? _mounted;

    public void Dispose()
    {
        if (_mounted is not null) Run("umount", _mounted);
        _world.Dispose();
    }

    [Theory]
    [InlineData(48)]
    [InlineData(120)]
    [InlineData(260)]
    public void A_full_disk_is_said_and_with_more_room_the_same_command_goes_on_to_the_same_bytes(int kilobytes)
    {
        Mount($"size={kilobytes}k");
        var full = _world.Features("disk/run");
        full.ExitCode.ShouldBe(2, full.Error);
        full.Error.ShouldContain("No space left on device");
        full.Error.ShouldContain("free some space");
        var left = Directory.EnumerateFiles(_world.PathOf("disk"), "*", SearchOption.AllDirectories).ToArray();
        left.ShouldNotContain(f => f.EndsWith(".partial", StringComparison.Ordinal));
        foreach (var file in left.Where(f => f.EndsWith(".json", StringComparison.Ordinal)))
            Should.NotThrow(() => JsonDocument.Parse(File.ReadAllBytes(file)).Dispose(), $"{file} is whole");

        Run("mount", "-o", "remount,size=64m", _mounted!).ShouldBe(0);
        var more = _world.Features("disk/run");
        more.ExitCode.ShouldBe(0, more.Error);
        _world.Features("whole").ExitCode.ShouldBe(0);
        _world.Files("disk/run").ShouldBe(_world.Files("whole"));
    }

    [Fact]
    public void A_disk_that_cannot_be_written_is_not_taken_for_one_in_use_and_no_task_waits_for_it()
    {
        Mount("size=64m");
        _world.Features("disk/run", "--shard", "0/2").ExitCode.ShouldBe(0);
        Run("mount", "-o", "remount,ro", _mounted!).ShouldBe(0);
        foreach (var outcome in new[]
        {
            _world.Features("disk/run"), _world.Features("disk/run", "--shard", "1/2"), _world.Features("disk/other"),
        })
        {
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            outcome.Error.ShouldContain("Read-only file system");
            outcome.Error.ShouldContain("expected a writable directory");
            outcome.Error.ShouldNotContain("in use");
        }
    }

    [Fact]
    public void A_file_in_the_place_of_a_directory_is_named()
    {
        File.WriteAllText(_world.PathOf("taken"), "a file");
        var run = _world.Features("taken");
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain("taken: a file; expected a directory for the run");
        var below = _world.Features("taken/run");
        below.ExitCode.ShouldBe(2, below.Error);
        below.Error.ShouldContain("taken");
        File.ReadAllText(_world.PathOf("taken")).ShouldBe("a file");
    }

    [Theory]
    [InlineData("bit")]
    [InlineData("cut")]
    [InlineData("swapped")]
    [InlineData("gone")]
    public void A_shard_that_changed_is_named_and_it_alone_is_made_again(string fault)
    {
        _world.Features("run").ExitCode.ShouldBe(0);
        var whole = _world.Files("run");
        string Shard(int number) => _world.PathOf($"run/stages/pool-gradients/store/shard-0000{number}.safetensors");
        var (bytes, untouched) = (File.ReadAllBytes(Shard(1)), File.GetLastWriteTimeUtc(Shard(2)));
        switch (fault)
        {
            case "bit":
                bytes[^100] ^= 4;
                File.WriteAllBytes(Shard(1), bytes);
                break;
            case "cut":
                File.WriteAllBytes(Shard(1), bytes[..(bytes.Length / 2)]);
                break;
            case "swapped":
                File.Copy(Shard(0), Shard(1), overwrite: true);
                break;
            default:
                File.Delete(Shard(1));
                break;
        }

        var select = _world.Run(
            "select", "--pool", "pool.jsonl", "--features", "run", "--method", "grand", "--budget", "10", "--out", "chosen.jsonl");
        select.ExitCode.ShouldBe(2, "features that were lent are never changed");
        select.Error.ShouldContain("shard-00001");
        var mended = _world.Features("run");
        mended.ExitCode.ShouldBe(0, mended.Error);
        mended.Error.ShouldContain("shard-00001");
        mended.Error.ShouldNotContain("shard-00000");
        _world.Files("run").ShouldBe(whole);
        File.GetLastWriteTimeUtc(Shard(2)).ShouldBe(untouched);
    }

    [Fact]
    public void What_a_killed_process_had_half_written_is_gone_after_the_next_run()
    {
        _world.Features("run").ExitCode.ShouldBe(0);
        var half = _world.PathOf("run/stages/pool-gradients/store/shard-00000.safetensors.elsewhere-77.partial");
        File.WriteAllText(half, "half");
        using (Runs.RunDirectory.OpenShared(_world.PathOf("run")))
            File.Exists(half).ShouldBeTrue("another task may be writing it");
        _world.Features("run").ExitCode.ShouldBe(0);
        File.Exists(half).ShouldBeFalse();
    }

    /// <summary>A small file system in memory, where this process may mount one.</summary>
    private void Mount(string options)
    {
        var path = Directory.CreateDirectory(_world.PathOf("disk")).FullName;
        Assert.SkipWhen(
            !OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", options, "pursuit-test", path) != 0,
            "No file system can be mounted here (it takes Linux and root's rights).");
        _mounted = path;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
