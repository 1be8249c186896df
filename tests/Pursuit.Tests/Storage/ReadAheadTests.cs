using System.Collections.Concurrent;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>Hints about what is read next change nothing that is read, and name every row of a pass once, before it is read.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Hints_at_any_place_leave_the_bytes_as_they_are()
    {
        var bytes = new byte[3 * Environment.SystemPageSize + 17];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(i * 7);
        var path = _directory.Write("some", bytes);
        using var file = MappedFile.Open(path);
        file.ReadSequentially();
        foreach (var (offset, count) in new[] { (0L, 1L), (1, 0), (4095, 2), (bytes.Length - 1L, 1L), (0, bytes.Length) })
            file.Prefetch(offset, count);
        file.Bytes(0, bytes.Length).SequenceEqual(bytes).ShouldBeTrue();

        using var empty = MappedFile.Open(_directory.Write("empty", ReadOnlySpan<byte>.Empty));
        empty.ReadSequentially();
        empty.Prefetch(0, 0);
        file.Dispose();
        Should.Throw<ObjectDisposedException>(() => file.Prefetch(0, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_pass_names_each_row_of_each_block_once_and_by_one_thread_before_it_reads_it(int threads)
    {
        using var features = new Told(new MemoryFeatures("told", 3, [new float[3000 * 3], new float[3000 * 3]], shardRows: 8));
        FeatureRows.ForEachTile(features, threads, () => 0, (_, _, _, _, _) => { }, _ => { }, CancellationToken.None);
        // A thread may stand still just before its hint while others overtake it by all that is fetched ahead: a hint, no promise.
        if (threads == 1) features.Early.ShouldBeEmpty();
        features.Named.Count.ShouldBe(2 * 3000);
        features.Named.ShouldAllBe(n => n.Value == 1);
    }

    private sealed class Told(IDenseFeatures inner) : ForwardedFeatures(inner)
    {
        public ConcurrentDictionary<(int Block, int Row), int> Named { get; } = [];

        public ConcurrentBag<(int Block, int Row)> Early { get; } = [];

        public override FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch)
        {
            for (var r = firstRow; r < firstRow + rows; r++)
                if (!Named.ContainsKey((block, r))) Early.Add((block, r));
            return base.Read(block, firstRow, rows, scratch);
        }

        public override void Prefetch(int block, int firstRow, int rows)
        {
            for (var r = firstRow; r < firstRow + rows; r++) Named.AddOrUpdate((block, r), 1, (_, n) => n + 1);
        }
    }
}
