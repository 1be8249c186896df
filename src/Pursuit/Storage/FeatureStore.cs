using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Pursuit.Storage;

/// <summary>
/// Features of a pool on disk: shards of 1,024 rows, mapped into memory, with a manifest. Opening checks every shard's
/// header against the manifest; reading is safe from several threads.
/// </summary>
public sealed class FeatureStore : IDisposable
{
    private readonly SafetensorsFile[] _shards;
    private readonly string[] _names;
    private readonly TensorType _type;

    private FeatureStore(string path, FeatureManifest manifest, SafetensorsFile[] shards)
    {
        Path = path;
        Manifest = manifest;
        _type = manifest.ElementType;
        _shards = shards;
        _names = [.. Enumerable.Range(0, manifest.Blocks.Count).Select(FeatureShard.Block)];
        foreach (var shard in shards) shard.ReadSequentially();
    }

    /// <summary>The store's directory.</summary>
    public string Path { get; }

    /// <summary>What the store holds.</summary>
    public FeatureManifest Manifest { get; }

    /// <summary>Opens a finished store.</summary>
    /// <param name="directory">The directory with `features.json`.</param>
    /// <param name="verifyChecksums">
    /// True (default) reads all data once and compares SHA-256 sums, about as fast as the disk; false checks headers and
    /// lengths alone, which finds missing, cut and foreign shards but no flipped bit.
    /// </param>
    /// <exception cref="PursuitException">There is no finished store, or a shard is missing, cut short, damaged or foreign; names
    /// it.</exception>
    public static FeatureStore Open(string directory, bool verifyChecksums = true) => Open(directory, _ => verifyChecksums);

    /// <summary>Opens a finished store and reads the data of some shards, where several processes share that.</summary>
    /// <param name="directory">The directory with `features.json`.</param>
    /// <param name="verifies">Whether a shard's checksum is compared here; headers and lengths always are.</param>
    /// <exception cref="PursuitException">As above.</exception>
    public static FeatureStore Open(string directory, Func<int, bool> verifies)
    {
        var path = System.IO.Path.GetFullPath(directory);
        var manifest = FeatureManifest.Read(System.IO.Path.Combine(path, FeatureManifest.FileName));
        // A manifest of a hundred bytes can declare 2^31 shards: those that are there bound the work.
        if (!File.Exists(FeatureShard.PathOf(path, manifest.ShardCount - 1)) && manifest.ShardCount > 0)
            throw FeatureShard.Missing(path, manifest, FeatureShard.FirstMissing(path, manifest));
        var shards = new SafetensorsFile[manifest.ShardCount];
        try
        {
            for (var shard = 0; shard < shards.Length; shard++)
                shards[shard] = FeatureShard.Open(path, manifest, shard, verifies(shard));
            return new FeatureStore(path, manifest, shards);
        }
        catch
        {
            foreach (var shard in shards)
                shard?.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of all shards.</summary>
    public long ByteLength => Enumerable.Range(0, _shards.Length).Sum(shard => new FileInfo(FeatureShard.PathOf(Path, shard)).Length);

    /// <summary>A block's rows of one shard as bf16, straight from the mapped file: what <see cref="Numerics.RowScan"/> takes.</summary>
    /// <param name="shard">0 to ShardCount - 1.</param>
    /// <param name="block">0 to Blocks.Count - 1.</param>
    /// <returns>[rows in the shard, dim]; valid until the store is disposed.</returns>
    /// <exception cref="PursuitException">An index is out of range, or the store isn't BF16.</exception>
    public ReadOnlySpan<ushort> BFloat16Rows(int shard, int block)
    {
        if (_type != TensorType.BFloat16)
            throw PursuitException.At(Path, $"dtype {Manifest.Dtype}", "BF16 for direct access", "Read such a store with ReadRows.");
        return MemoryMarshal.Cast<byte, ushort>(Raw(shard, block));
    }

    /// <summary>
    /// A block's rows of one shard as signed bytes, straight from the mapped file; each row times its scale is the vector.
    /// </summary>
    /// <param name="shard">0 to ShardCount - 1.</param>
    /// <param name="block">0 to Blocks.Count - 1.</param>
    /// <returns>[rows in the shard, dim]; valid until the store is disposed.</returns>
    /// <exception cref="PursuitException">An index is out of range, or the store isn't I8.</exception>
    public ReadOnlySpan<sbyte> Int8Rows(int shard, int block)
    {
        if (_type != TensorType.Int8)
            throw PursuitException.At(Path, $"dtype {Manifest.Dtype}", "I8 for direct access to bytes", "Read such a store with ReadRows.");
        return MemoryMarshal.Cast<byte, sbyte>(Raw(shard, block));
    }

    /// <summary>What one shard's bytes are multiplied by, straight from the mapped file.</summary>
    /// <param name="shard">0 to ShardCount - 1.</param>
    /// <returns>[rows in the shard, blocks]; valid until the store is disposed.</returns>
    /// <exception cref="PursuitException">The index is out of range, or the store isn't I8.</exception>
    public ReadOnlySpan<float> Scales(int shard) => _type == TensorType.Int8
        ? MemoryMarshal.Cast<byte, float>(Named(shard, FeatureShard.Scales))
        : throw PursuitException.At(Path, $"dtype {Manifest.Dtype}", "I8, whose rows have scales");

    /// <summary>The norms of one shard's rows before scaling, straight from the mapped file.</summary>
    /// <param name="shard">0 to ShardCount - 1.</param>
    /// <returns>[rows in the shard, blocks]; valid until the store is disposed.</returns>
    /// <exception cref="PursuitException">The index is out of range.</exception>
    public ReadOnlySpan<float> Norms(int shard) => MemoryMarshal.Cast<byte, float>(Named(shard, FeatureShard.Norms));

    /// <summary>Reads rows of a block as floats, across shards where need be.</summary>
    /// <param name="block">0 to Blocks.Count - 1.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="destination">[count, dim].</param>
    /// <exception cref="PursuitException">The rows aren't all there, or the destination has another length.</exception>
    public void ReadRows(int block, long firstRow, int count, Span<float> destination)
    {
        CheckBlock(block);
        var dim = Manifest.Blocks[block].Dim;
        if (firstRow < 0 || count < 0 || firstRow > Manifest.Rows - count || destination.Length != (long)count * dim)
            throw PursuitException.At(
                Path, $"rows {firstRow} to {firstRow + count} of block {block} were asked for with room for {destination.Length} numbers",
                $"a range within its {Manifest.Rows} rows of {dim} numbers and room for just those");
        while (!destination.IsEmpty)
        {
            var (shard, row) = Math.DivRem(firstRow, FeatureManifest.ShardRows);
            var rows = (int)Math.Min(destination.Length / dim, FeatureManifest.ShardRows - row);
            if (_type == TensorType.Int8) ReadBytes((int)shard, block, (int)row, rows, destination[..(rows * dim)]);
            else _shards[shard].ReadSingle(_names[block], row * dim, destination[..(rows * dim)]);
            destination = destination[(rows * dim)..];
            firstRow += rows;
        }
    }

    /// <summary>Begins to fetch rows of a block within one shard, without waiting for them; a hint.</summary>
    /// <param name="block">0 to Blocks.Count - 1.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="count">Rows.</param>
    public void Prefetch(int block, long firstRow, int count)
    {
        var (shard, row) = Math.DivRem(firstRow, FeatureManifest.ShardRows);
        var bytes = Manifest.Blocks[block].Dim * (long)_type.Bits() / 8;
        _shards[shard].Prefetch(_names[block], row * bytes, count * bytes);
    }

    /// <summary>Unmaps the shards; spans of them must not be used any more.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }

    private void ReadBytes(int shard, int block, int firstRow, int rows, Span<float> destination)
    {
        var dim = Manifest.Blocks[block].Dim;
        TensorPrimitives.ConvertTruncating(Int8Rows(shard, block).Slice(firstRow * dim, rows * dim), destination);
        var scales = Scales(shard);
        for (var r = 0; r < rows; r++)
        {
            var row = destination.Slice(r * dim, dim);
            TensorPrimitives.Multiply(row, scales[(firstRow + r) * Manifest.Blocks.Count + block], row);
        }
    }

    private ReadOnlySpan<byte> Raw(int shard, int block)
    {
        CheckBlock(block);
        return Named(shard, _names[block]);
    }

    private ReadOnlySpan<byte> Named(int shard, string tensor)
    {
        if ((uint)shard >= (uint)_shards.Length)
            throw PursuitException.At(Path, $"shard {shard} was asked for", $"0 to {_shards.Length - 1}");
        return _shards[shard].ReadRaw(tensor, 0, (int)_shards[shard].Tensors[tensor].ByteLength);
    }

    private void CheckBlock(int block)
    {
        if ((uint)block >= (uint)Manifest.Blocks.Count)
            throw PursuitException.At(Path, $"block {block} was asked for", $"0 to {Manifest.Blocks.Count - 1}");
    }
}
