using System.Globalization;
using System.Runtime.InteropServices;
using Pursuit.Numerics;

namespace Pursuit.Storage;

/// <summary>
/// Writes a feature store shard by shard, in any order and from several threads or processes, each shard under its
/// final name only when whole; the manifest comes last. A job that was killed asks <see cref="HasShard"/> and continues.
/// </summary>
public sealed class FeatureStoreWriter
{
    private readonly FeatureManifest _manifest;

    /// <summary>Prepares a directory; nothing in it is deleted.</summary>
    /// <param name="directory">The store's directory; created.</param>
    /// <param name="manifest">What the store will be.</param>
    /// <exception cref="PursuitException">The manifest is invalid, or the directory holds a finished store of another one.</exception>
    public FeatureStoreWriter(string directory, FeatureManifest manifest)
    {
        manifest.Validate("the feature manifest");
        Directory = Path.GetFullPath(directory);
        _manifest = manifest;
        var path = Path.Combine(Directory, FeatureManifest.FileName);
        if (File.Exists(path) && FeatureManifest.Read(path) is var there && (there.Id != manifest.Id || there.Rows != manifest.Rows))
            throw PursuitException.At(
                path, $"a finished store of {there.Rows} rows with id '{there.Id}'",
                $"an empty directory or the store of {manifest.Rows} rows with id '{manifest.Id}'",
                "Choose another directory, or delete this one.");
    }

    /// <summary>The store's directory.</summary>
    public string Directory { get; }

    /// <summary>True when a shard is there, whole and of this store; a faulty one may be written again.</summary>
    public bool HasShard(int shard) => CanOpen(shard, verifyDigest: true);

    /// <summary>True when a shard is there with the header and length it should have; its data aren't read.</summary>
    public bool IsThere(int shard) => CanOpen(shard, verifyDigest: false);

    private bool CanOpen(int shard, bool verifyDigest)
    {
        CheckIndex(shard);
        try
        {
            FeatureShard.Open(Directory, _manifest, shard, verifyDigest).Dispose();
            return true;
        }
        catch (PursuitException)
        {
            return false; // missing, cut short, damaged or foreign: all mean "not done"
        }
    }

    /// <summary>Writes one shard. The same input gives the same bytes.</summary>
    /// <param name="shard">Its number.</param>
    /// <param name="blocks">One matrix per block, [rows in the shard, dim], already scaled; rounded to the store's type.</param>
    /// <param name="norms">[rows in the shard, blocks]: the norm of each feature before scaling; 0 marks a zero row.</param>
    /// <exception cref="PursuitException">A length doesn't match, or the file can't be written.</exception>
    public void WriteShard(int shard, IReadOnlyList<ReadOnlyMemory<float>> blocks, ReadOnlyMemory<float> norms)
    {
        CheckIndex(shard);
        var path = FeatureShard.PathOf(Directory, shard);
        if (blocks.Count != _manifest.Blocks.Count)
            throw PursuitException.At(path, $"{blocks.Count} matrices", $"{_manifest.Blocks.Count}, one per block");
        var rows = _manifest.RowsIn(shard);
        var tensors = new List<TensorToWrite> { TensorToWrite.FromSingle(FeatureShard.Norms, [rows, blocks.Count], norms) };
        if (_manifest.ElementType == TensorType.Int8)
            AddBytes(tensors, shard, blocks);
        for (var t = 0; t < blocks.Count && _manifest.ElementType != TensorType.Int8; t++)
            tensors.Add(
                TensorToWrite.FromSingleAs(_manifest.ElementType, FeatureShard.Block(t), [rows, _manifest.Blocks[t].Dim], blocks[t]));

        var metadata = new Dictionary<string, string>
        {
            [FeatureShard.FirstRowKey] = ((long)shard * FeatureManifest.ShardRows).ToString(CultureInfo.InvariantCulture),
            [FeatureShard.DigestKey] = SafetensorsWriter.DataDigest(path, tensors),
        };
        if (_manifest.Id is not null)
            metadata[FeatureShard.StoreKey] = _manifest.Id;
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    /// <summary>Checks that every shard is there and writes the manifest: from then on the store is whole.</summary>
    /// <exception cref="PursuitException">A shard is missing or doesn't match.</exception>
    public void Complete()
    {
        for (var shard = 0; shard < _manifest.ShardCount; shard++)
            FeatureShard.Open(Directory, _manifest, shard, verifyDigest: false).Dispose();
        _manifest.Write(Path.Combine(Directory, FeatureManifest.FileName));
    }

    /// <summary>The blocks as signed bytes, each row with the scale that its largest number needs.</summary>
    private void AddBytes(List<TensorToWrite> tensors, int shard, IReadOnlyList<ReadOnlyMemory<float>> blocks)
    {
        var rows = _manifest.RowsIn(shard);
        var scales = new float[rows * blocks.Count];
        tensors.Add(TensorToWrite.FromSingle(FeatureShard.Scales, [rows, blocks.Count], scales));
        for (var t = 0; t < blocks.Count; t++)
        {
            var dim = _manifest.Blocks[t].Dim;
            if (blocks[t].Length != rows * dim)
                throw PursuitException.At(
                    $"{FeatureShard.PathOf(Directory, shard)}, {FeatureShard.Block(t)}", $"{blocks[t].Length} numbers",
                    $"{rows} rows of {dim}");
            var bytes = new sbyte[rows * dim];
            for (var r = 0; r < rows; r++)
                scales[r * blocks.Count + t] = RowQuantisation.ToInt8(blocks[t].Span.Slice(r * dim, dim), bytes.AsSpan(r * dim, dim));
            tensors.Add(TensorToWrite.FromBytes(
                FeatureShard.Block(t), TensorType.Int8, [rows, dim], MemoryMarshal.AsBytes(bytes.AsSpan()).ToArray()));
        }
    }

    private void CheckIndex(int shard)
    {
        if ((uint)shard >= (uint)_manifest.ShardCount)
            throw PursuitException.At(Directory, $"shard {shard}", $"0 to {_manifest.ShardCount - 1} for {_manifest.Rows} rows");
    }
}
