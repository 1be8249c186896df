using System.Globalization;
using System.Runtime.InteropServices;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>What a shard's examples were, kept beside the store while it is made and after, so that a continued run counts them all.</summary>
/// <param name="stage">Whose shards.</param>
/// <param name="name">What its files are called.</param>
/// <param name="counts">Counts per shard.</param>
internal sealed class ShardFacts(RunStage stage, string name, int counts)
{
    /// <summary>True where a shard's facts are there.</summary>
    public bool Has(int shard) => File.Exists(PathOf(shard));

    /// <summary>Little-endian: the counts (int64), then the values (float32).</summary>
    public void Write(int shard, long[] totals, float[] values) => AtomicFile.Write(PathOf(shard), s =>
    {
        s.Write(MemoryMarshal.AsBytes<long>(totals));
        s.Write(MemoryMarshal.AsBytes<float>(values));
    });

    /// <summary>All shards' counts added up, and each shard's values.</summary>
    public (long[] Totals, float[][] Values) Read(int shards)
    {
        var (totals, values) = (new long[counts], new float[shards][]);
        for (var shard = 0; shard < shards; shard++)
        {
            var bytes = File.ReadAllBytes(PathOf(shard)).AsSpan();
            var head = MemoryMarshal.Cast<byte, long>(bytes[..(counts * sizeof(long))]);
            for (var i = 0; i < counts; i++) totals[i] += head[i];
            values[shard] = MemoryMarshal.Cast<byte, float>(bytes[(counts * sizeof(long))..]).ToArray();
        }

        return (totals, values);
    }

    private string PathOf(int shard) => stage.PathOf(string.Create(CultureInfo.InvariantCulture, $"{name}-{shard:D5}.bin"));
}
