using System.Globalization;

namespace Pursuit.Storage;

/// <summary>One shard of a feature store: where it is, what must be in it, and whether it is.</summary>
internal static class FeatureShard
{
    /// <summary>Header keys.</summary>
    public const string FirstRowKey = "first_row", DigestKey = "sha256", StoreKey = "store_id";

    /// <summary>The tensor of norms.</summary>
    public const string Norms = "norms";

    /// <summary>The tensor of what the bytes of a row are multiplied by, in a store of I8.</summary>
    public const string Scales = "scales";

    /// <summary>The tensor of a block.</summary>
    public static string Block(int index) => string.Create(CultureInfo.InvariantCulture, $"block.{index}");

    /// <summary>The shard's path.</summary>
    public static string PathOf(string directory, int shard) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"shard-{shard:D5}.safetensors"));

    /// <summary>The first shard that isn't there; <see cref="FeatureManifest.ShardCount"/> where all are.</summary>
    public static int FirstMissing(string directory, FeatureManifest manifest)
    {
        var shard = 0;
        while (shard < manifest.ShardCount && File.Exists(PathOf(directory, shard))) shard++;
        return shard;
    }

    /// <summary>The fault of a shard that isn't there.</summary>
    public static PursuitException Missing(string directory, FeatureManifest manifest, int shard) =>
        PursuitException.At(
            PathOf(directory, shard), $"shard {shard} of {manifest.ShardCount} is missing",
            $"rows {(long)shard * FeatureManifest.ShardRows} to {(long)shard * FeatureManifest.ShardRows + manifest.RowsIn(shard)} there",
            "Make the features again, or copy the whole store.");

    /// <summary>Opens a shard and checks its header against the manifest; the data only when asked.</summary>
    /// <exception cref="PursuitException">Names the shard and its fault.</exception>
    public static SafetensorsFile Open(string directory, FeatureManifest manifest, int shard, bool verifyDigest)
    {
        var path = PathOf(directory, shard);
        if (!File.Exists(path))
            throw Missing(directory, manifest, shard);
        var file = SafetensorsFile.Open(path);
        try
        {
            Check(file, manifest, shard);
            if (verifyDigest)
                CheckDigest(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Check(SafetensorsFile file, FeatureManifest manifest, int shard)
    {
        var firstRow = ((long)shard * FeatureManifest.ShardRows).ToString(CultureInfo.InvariantCulture);
        CheckText(file, FirstRowKey, firstRow);
        if (manifest.Id is not null)
            CheckText(file, StoreKey, manifest.Id);
        var rows = manifest.RowsIn(shard);
        CheckTensor(file, Norms, TensorType.Float32, rows, manifest.Blocks.Count);
        if (manifest.ElementType == TensorType.Int8)
            CheckTensor(file, Scales, TensorType.Float32, rows, manifest.Blocks.Count);
        for (var t = 0; t < manifest.Blocks.Count; t++)
            CheckTensor(file, Block(t), manifest.ElementType, rows, manifest.Blocks[t].Dim);
    }

    private static void CheckText(SafetensorsFile file, string key, string expected)
    {
        if (!file.Metadata.TryGetValue(key, out var found) || found != expected)
            throw PursuitException.At(
                file.Path, found is null ? $"no '{key}' in its header" : $"'{key}' is '{found}'", $"'{expected}'",
                "The shard belongs to another place or store.");
    }

    private static void CheckTensor(SafetensorsFile file, string name, TensorType type, long rows, long columns)
    {
        var info = file.Info(name);
        if (info.Type != type || info.Shape.Count != 2 || info.Shape[0] != rows || info.Shape[1] != columns)
            throw PursuitException.At(
                $"{file.Path}, tensor '{name}'", info.Describe(), $"[{rows}, {columns}] {type.FormatName()}",
                "The shard and the manifest don't belong together.");
    }

    private static void CheckDigest(SafetensorsFile file)
    {
        var found = file.DataDigest();
        if (!file.Metadata.TryGetValue(DigestKey, out var expected))
            throw PursuitException.At(file.Path, $"no '{DigestKey}' in its header", "the SHA-256 of its data");
        if (found != expected)
            throw PursuitException.At(
                file.Path, $"data with SHA-256 {found}", expected,
                "The shard is damaged: copy it again, or run the command that made it, which makes only this shard again.");
    }
}
