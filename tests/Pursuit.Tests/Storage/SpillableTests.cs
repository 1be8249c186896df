using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>Memory that becomes a temporary file where it grows: it holds what an array would hold.</summary>
public sealed class SpillableTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<long> Limits => [0, 1, 100, 4096, SpillableMemory.UsualLimit];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_list_holds_what_was_added_wherever_it_lies(long limit)
    {
        SpillableMemory.Limit = limit;
        using var list = new SpillableList<(int, long)>(_directory.FullPath); // 16 bytes: items of any size may lie across pages
        for (var i = 0; i < 50_000; i++)
        {
            list.Add((i, -i));
            list[i / 2] = list[i / 2];
        }

        list.Count.ShouldBe(50_000);
        list.Select(item => item.Item1).ShouldBe(Enumerable.Range(0, 50_000));
        list.Span.Sort((a, b) => a.Item2.CompareTo(b.Item2));
        list[0].ShouldBe((49_999, -49_999L));
        Should.Throw<ArgumentOutOfRangeException>(() => list[50_000]);
        Should.Throw<ArgumentOutOfRangeException>(() => list[-1]);
        list.Truncate(3);
        list.Count.ShouldBe(3);
        Should.Throw<ArgumentOutOfRangeException>(() => list[3]);
        Should.Throw<ArgumentOutOfRangeException>(() => list.Truncate(4));
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_map_is_a_dictionary(long limit)
    {
        SpillableMemory.Limit = limit;
        using var map = new SpillableMap(_directory.FullPath);
        map.TryGetValue(0, out _).ShouldBeFalse();
        var stream = new SeededRandom(1, "test/map");
        var expected = new Dictionary<long, long>();
        while (expected.Count < 3000)
        {
            var key = ((long)stream.NextInt(3) << 32) | (uint)stream.NextInt(4000);
            if (!expected.TryAdd(key, expected.Count)) continue;
            map.Add(key, expected.Count - 1);
        }

        foreach (var file in Enumerable.Range(0, 3))
        {
            for (var row = 0L; row < 4000; row++)
            {
                var key = ((long)file << 32) | row;
                map.TryGetValue(key, out var value).ShouldBe(expected.ContainsKey(key));
                value.ShouldBe(expected.GetValueOrDefault(key));
            }
        }

        Should.Throw<ArgumentException>(() => map.Add(expected.Keys.First(), 1));
        Should.Throw<ArgumentException>(() => map.Add(-1, 1));
    }

    [Fact]
    public void What_is_new_is_zero_in_an_array_and_in_a_file()
    {
        SpillableMemory.Limit = 1000;
        using var memory = new SpillableMemory(_directory.FullPath);
        foreach (var length in new[] { 10, 999, 70_000, 1_000_000 })
        {
            var before = (int)memory.Length;
            memory.Grow(length);
            memory.Length.ShouldBeGreaterThanOrEqualTo(length);
            memory.Bytes(before, (int)memory.Length - before).ContainsAnyExcept((byte)0).ShouldBeFalse();
            memory.Bytes(0, before).ContainsAnyExcept((byte)7).ShouldBeFalse();
            memory.Bytes(0, (int)memory.Length).Fill(7);
        }

        Should.Throw<ArgumentOutOfRangeException>(() => _ = memory.Bytes(memory.Length, 1).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => _ = memory.Bytes(-1, 1).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SpillableMemory.UsualLimit)]
    public void What_is_given_back_can_not_be_read_and_leaves_no_file(long limit)
    {
        SpillableMemory.Limit = limit;
        var list = new SpillableList<int>(_directory.FullPath) { 1, 2 };
        var map = new SpillableMap(_directory.FullPath);
        map.Add(1, 2);
        if (OperatingSystem.IsLinux()) Mapped().ShouldBe(limit == 0 ? 2 : 0);
        list.Dispose();
        map.Dispose();
        list.Dispose();
        Should.Throw<ObjectDisposedException>(() => list[0]);
        Should.Throw<ObjectDisposedException>(() => list.Span.Length);
        Should.Throw<ObjectDisposedException>(() => list.Add(1));
        Should.Throw<ObjectDisposedException>(() => map.TryGetValue(1, out _));
        if (OperatingSystem.IsLinux()) Mapped().ShouldBe(0);
        Directory.EnumerateFileSystemEntries(_directory.FullPath).ShouldBeEmpty();

        int Mapped() => File.ReadLines("/proc/self/maps").Count(line => line.Contains(_directory.FullPath, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_directory_for_it_the_fault_says_what_to_do()
    {
        SpillableMemory.Limit = 0;
        using var list = new SpillableList<int>(_directory.PathOf("missing"));
        var fault = Should.Throw<PursuitException>(() => list.Add(1)).Message;
        fault.ShouldContain(_directory.PathOf("missing"));
        fault.ShouldContain("TMPDIR");
        list.Count.ShouldBe(0);
    }

    [Fact]
    public void A_full_disk_is_a_fault_where_the_file_grows_and_what_is_there_stays()
    {
        SpillableMemory.Limit = 0;
        using var list = new SpillableList<int>(_directory.FullPath);
        list.Add(5);
        Disk.Observer = path => throw new IOException($"No space left on device : '{path}'");
        try
        {
            var fault = Should.Throw<PursuitException>(() =>
            {
                while (true) list.Add(6);
            }).Message;
            fault.ShouldContain("No space left on device");
            fault.ShouldContain("131,072 bytes"); // half as much again as the first 64 KiB, in pieces of 64 KiB
        }
        finally
        {
            Disk.Observer = null;
        }

        list.Count.ShouldBe(16_384);
        list[0].ShouldBe(5);
        list[^1].ShouldBe(6);
        list.Add(7);
        list[^1].ShouldBe(7);
    }
}
