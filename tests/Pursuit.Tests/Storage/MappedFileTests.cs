using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>Files mapped into memory.</summary>
public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_mapped_file_keeps_no_file_open_so_a_store_may_have_more_shards_than_a_process_may_have_files()
    {
        Assert.SkipWhen(!Directory.Exists("/proc/self/fd"), "Only Linux lists a process's open files.");
        var path = _directory.Write("mapped.bin", "some bytes"u8);
        using var file = MappedFile.Open(path);
        Directory.EnumerateFiles("/proc/self/fd").Select(f => File.ResolveLinkTarget(f, returnFinalTarget: false)?.FullName)
            .ShouldNotContain(path);
        File.Delete(path);
        file.Bytes(0, 10).SequenceEqual("some bytes"u8).ShouldBeTrue("the map outlives its file's name");
    }
}
