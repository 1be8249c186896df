using System.Runtime.InteropServices;

namespace Pursuit.Selection.Features;

/// <summary>
/// Token statistics on disk, shard by shard of 1,024 examples; the shard last read stays in memory, so that methods read in order.
/// </summary>
internal sealed class TokenStatisticsStore : ITokenStatistics
{
    /// <summary>Examples of a shard.</summary>
    public const int ShardRows = 1024;

    private const string UnigramsName = "unigrams.bin";

    private readonly string _directory;
    private readonly Lock _gate = new();
    private readonly int _shards;
    private (int Number, TokenStatisticsShard Shard)? _last;

    /// <summary>Opens a store that is whole.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="count">Its examples.</param>
    /// <exception cref="PursuitException">A shard is missing.</exception>
    public TokenStatisticsStore(string directory, int count)
    {
        (_directory, Count, _shards) = (directory, count, ShardsOf(count));
        for (var shard = 0; shard < _shards; shard++)
            if (!File.Exists(TokenStatisticsShard.PathOf(directory, shard)))
                throw PursuitException.At(directory, $"no shard {shard} of {_shards}", "all of them", "Compute the statistics again.");
        UnigramCounts = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(Path.Combine(directory, UnigramsName))).ToArray();
    }

    /// <inheritdoc/>
    public string Name => _directory;

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Probes => 1;

    /// <inheritdoc/>
    public IReadOnlyList<long> UnigramCounts { get; }

    /// <summary>Shards of so many examples.</summary>
    public static int ShardsOf(int count) => (count + ShardRows - 1) / ShardRows;

    /// <summary>True for the name of a file that is a shard: it carries its own sum and what its statistics depend on.</summary>
    /// <param name="name">The file's name within the store's directory.</param>
    public static bool IsShard(string name) =>
        name.StartsWith(TokenStatisticsShard.Prefix, StringComparison.Ordinal)
            && name.EndsWith(TokenStatisticsShard.Ending, StringComparison.Ordinal);

    /// <summary>Writes the corpus counts beside the shards: a whole store has them.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="counts">[vocabulary].</param>
    public static void WriteUnigrams(string directory, ReadOnlySpan<long> counts)
    {
        var bytes = MemoryMarshal.AsBytes(counts).ToArray();
        Storage.AtomicFile.Write(Path.Combine(directory, UnigramsName), s => s.Write(bytes));
    }

    /// <inheritdoc/>
    public bool Has(int probe, int position) => probe == 0;

    /// <inheritdoc/>
    public TokenStatisticsRow Read(int probe, int position)
    {
        var (number, row) = Math.DivRem(position, ShardRows);
        lock (_gate)
        {
            if (_last is not { } last || last.Number != number) _last = last = (number, TokenStatisticsShard.Read(_directory, number));
            return last.Shard.Row(row);
        }
    }

    /// <summary>Forgets the shard in memory.</summary>
    public void Dispose() => _last = null;
}
