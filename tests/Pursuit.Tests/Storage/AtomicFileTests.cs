using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_name_appears_only_when_the_file_is_whole()
    {
        var path = _directory.PathOf("sub/out.txt");
        using (var file = new AtomicFile(path))
        {
            file.Stream.Write("half"u8);
            file.Stream.Flush();
            File.Exists(path).ShouldBeFalse();
            file.Commit();
        }

        File.ReadAllText(path).ShouldBe("half");
        Directory.GetFiles(_directory.PathOf("sub")).Length.ShouldBe(1);
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        var path = _directory.Write("out.txt", "old");
        Should.Throw<InvalidOperationException>(() => AtomicFile.Write(path, s =>
        {
            s.Write("new"u8);
            throw new InvalidOperationException();
        }));
        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(_directory.FullPath).ShouldBe([path]);
    }

    [Fact]
    public void A_full_disk_is_said_and_leaves_nothing_half_written()
    {
        var path = _directory.PathOf("out.txt");
        var error = Should.Throw<PursuitException>(() => AtomicFile.Write(path, s =>
        {
            s.Write(new byte[1 << 20]);
            throw new IOException("No space left on device"); // as a stream says it; DiskFaultTests fill a disk
        }));
        error.Message.ShouldContain("free space");
        Directory.GetFiles(_directory.FullPath).ShouldBeEmpty();
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_said()
    {
        var file = _directory.Write("file", "");
        Should.Throw<PursuitException>(() => AtomicFile.Write(Path.Combine(file, "out.txt"), _ => { })).Message
            .ShouldContain("can't be written");
    }
}
