using System.Text;
using Pursuit.Data;
using Pursuit.Data.Deduplication;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Tests.Data;

/// <summary>A pool whose index is in temporary files is the pool whose index is in memory.</summary>
public sealed class SpilledPoolTests : PoolTestBase
{
    private const int Rows = 9000;

    public SpilledPoolTests()
    {
        var stream = new SeededRandom(5, "test/spilled");
        foreach (var name in new[] { "a.jsonl", "b.jsonl", "c.jsonl" })
        {
            var lines = new StringBuilder();
            for (var i = 0; i < Rows / 3; i++)
            {
                var text = stream.NextInt(3000);
                var id = stream.NextInt(4) switch
                {
                    0 => "",
                    1 => $"\"id\":\"{new string('é', stream.NextInt(300))}{i}\",",
                    _ => $"\"id\":{i},",
                };
                // Some are no records, some the same as others, and some nearly.
                var words = string.Join(' ', "abcdefg".Select(letter => $"{letter}{text}"));
                lines.Append(stream.NextInt(20) == 0
                    ? $$"""{{{id}}"text":{{i % 5}}}"""
                    : $$"""{{{id}}"text":"{{words}}{{(stream.NextInt(2) == 0 ? " more" : "")}}"}""");
                lines.Append('\n');
            }

            Files.Write("pool/" + name, lines.ToString());
        }
    }

    public static TheoryData<long> Limits => [0, 1000, 30_000];

    [Theory]
    [MemberData(nameof(Limits))]
    public void Every_row_is_the_same(long limit)
    {
        using var expected = Open(Options());
        SpillableMemory.Limit = limit;
        using var pool = Open(Options());
        Compare(pool, expected);
    }

    [Fact]
    public void Without_near_duplicates_too()
    {
        var options = Options() with { NearDuplicates = new NearDuplicateOptions { Threshold = 0.8, GramSize = 2 } };
        using var expected = Open(options);
        expected.Ledger.NearDuplicateCount.ShouldBeGreaterThan(100);
        SpillableMemory.Limit = 100;
        using var pool = Open(options);
        Compare(pool, expected);
    }

    [Fact]
    public void A_random_selection_is_byte_for_byte_the_same()
    {
        var expected = Select("memory.jsonl");
        SpillableMemory.Limit = 0;
        Select("spilled.jsonl").ShouldBe(expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SpillableMemory.UsualLimit)]
    public void A_pool_that_is_disposed_keeps_no_file_and_is_not_read(long limit)
    {
        SpillableMemory.Limit = limit;
        var pool = Open(Options());
        pool.Dispose();
        pool.Count.ShouldBeGreaterThan(0);
        Should.Throw<ObjectDisposedException>(() => pool.ContentIds.Length);
        Should.Throw<ObjectDisposedException>(() => pool.InputRow(0));
        Should.Throw<ObjectDisposedException>(() => pool.UserId(0));
        Should.Throw<ObjectDisposedException>(() => pool.Ledger[0]);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists a process's maps");
        File.ReadLines("/proc/self/maps").ShouldAllBe(line => !line.Contains(Files.FullPath, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_room_for_the_index_no_pool_is_opened_and_no_file_stays()
    {
        SpillableMemory.Limit = 10_000;
        var left = 5; // files or growths for which there is room
        Disk.Observer = path =>
        {
            if (path.EndsWith(".index", StringComparison.Ordinal) && left-- == 0) throw new IOException("No space left on device");
        };
        try
        {
            Fails(Options()).ShouldContain("TMPDIR");
        }
        finally
        {
            Disk.Observer = null;
        }

        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists a process's maps");
        File.ReadLines("/proc/self/maps").ShouldAllBe(line => !line.Contains(Files.FullPath, StringComparison.Ordinal));
    }

    private PoolOptions Options() => new() { Paths = [Files.PathOf("pool")], SpoolDirectory = Files.FullPath, Threads = 2 };

    private static void Compare(Pool pool, Pool expected)
    {
        pool.Count.ShouldBe(expected.Count);
        pool.Fingerprint.ShouldBe(expected.Fingerprint);
        pool.ContentIds.SequenceEqual(expected.ContentIds).ShouldBeTrue();
        pool.Ledger.RepeatedUserIdCount.ShouldBe(expected.Ledger.RepeatedUserIdCount);
        pool.Ledger.RepeatedUserIdCount.ShouldBeGreaterThan(100);
        pool.Ledger.DuplicateCount.ShouldBe(expected.Ledger.DuplicateCount);
        pool.Ledger.DuplicateCount.ShouldBeGreaterThan(100);
        pool.Ledger.Rows().SequenceEqual(expected.Ledger.Rows()).ShouldBeTrue();
        for (var i = 0; i < pool.Count; i++)
        {
            (pool.InputRow(i), pool.UserId(i), pool.Locator(i))
                .ShouldBe((expected.InputRow(i), expected.UserId(i), expected.Locator(i)));
        }

        int[] order = [.. Enumerable.Range(0, pool.Count).Select(i => (int)(i * 7919L % pool.Count))];
        Copy(pool, order).ShouldBe(Copy(expected, order));
        pool.Read(10, 500).Select(e => e.Text).ShouldBe(expected.Read(10, 500).Select(e => e.Text));
    }

    private static byte[] Copy(Pool pool, int[] positions)
    {
        using var copy = new MemoryStream();
        pool.CopyRecords(positions, copy);
        return copy.ToArray();
    }

    /// <summary>Selects a third, and returns what is written but for names and times.</summary>
    private string[] Select(string name)
    {
        var options = new SelectJobOptions
        {
            Pool = Options(),
            Method = "random",
            Budget = Budget.Parse("33%"),
            Quotas = [SourceQuota.Parse(Files.PathOf("pool/b.jsonl") + "=20%..25%")],
            Out = Files.PathOf(name),
            Indices = Files.PathOf(name + ".npy"),
        };
        using (var run = RunDirectory.Open(options.RunPath)) new SelectJob(options).Run(run);
        string[] files =
        [
            options.Out, Files.PathOf(name + ".npy"), Path.ChangeExtension(options.Out, ".selection.jsonl"),
            Path.Combine(options.RunPath, "ledger.jsonl"), Path.Combine(options.RunPath, "stages", "selection", "selection.json"),
        ];
        return [.. files.Select(f => Convert.ToBase64String(File.ReadAllBytes(f)))];
    }
}
