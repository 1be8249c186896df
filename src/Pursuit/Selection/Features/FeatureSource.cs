using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>Opens features, gradients or embeddings, wherever they were made (docs/formats/features.md).</summary>
public static class FeatureSource
{
    private const string Forms = "a feature store (a directory with features.json), a .npy matrix [rows, dimension] or "
        + "[checkpoints, rows, dimension], a .safetensors file with one matrix [rows, dimension], or a directory with bergson's "
        + "gradients.bin and info.json";

    /// <summary>
    /// Opens features of which only the form is known, as a target's whose examples aren't at hand, or all that a program has.
    /// </summary>
    /// <param name="path">A file or directory in one of the documented forms.</param>
    /// <param name="cancellationToken">Stops the pass that computes norms.</param>
    /// <exception cref="PursuitException">The form isn't known, or some rows hold NaN or infinity.</exception>
    public static IDenseFeatures Open(string path, CancellationToken cancellationToken = default) =>
        Open(path, rows: null, cancellationToken);

    /// <summary>Opens features of a pool, or of a target read as one: a row per unique example, or per input row.</summary>
    /// <param name="path">A file or directory in one of the documented forms.</param>
    /// <param name="pool">Whose rows they must be.</param>
    /// <param name="cancellationToken">Stops the pass that computes norms.</param>
    /// <exception cref="PursuitException">The form isn't known, the rows aren't the pool's, or some hold NaN or infinity.</exception>
    public static IDenseFeatures Open(string path, Pool pool, CancellationToken cancellationToken = default) =>
        Open(path, ExpectedRows.Of(pool), cancellationToken);

    /// <summary>Opens features whose rows are known by number and fingerprint; null takes any.</summary>
    internal static IDenseFeatures Open(string path, ExpectedRows? rows, CancellationToken cancellationToken) =>
        Open(path, rows, _ => true, cancellationToken);

    /// <summary>Opens features of which several processes compare a part of the checksums each.</summary>
    /// <param name="path">A file or directory in one of the documented forms.</param>
    /// <param name="rows">Whose rows they must be; null takes any.</param>
    /// <param name="verifies">Whether a store's shard is compared with its checksum here.</param>
    /// <param name="cancellationToken">Stops the pass that computes norms.</param>
    /// <exception cref="PursuitException">The form isn't known, the rows aren't those, or some hold NaN or infinity.</exception>
    internal static IDenseFeatures Open(string path, ExpectedRows? rows, Func<int, bool> verifies, CancellationToken cancellationToken)
    {
        var features = OpenAny(path, rows, verifies, cancellationToken);
        return rows is null ? features : rows.Match(features);
    }

    /// <summary>True where a directory is a store of features, or bergson's.</summary>
    internal static bool IsStore(string path) =>
        File.Exists(Path.Combine(path, FeatureManifest.FileName)) || File.Exists(Path.Combine(path, BergsonFeatures.InfoName));

    private static IDenseFeatures OpenAny(string path, ExpectedRows? rows, Func<int, bool> verifies, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(path, FeatureManifest.FileName))) return OpenStore(path, rows, verifies);
        if (File.Exists(Path.Combine(path, BergsonFeatures.InfoName))) return BergsonFeatures.Open(path, cancellationToken);
        if (File.Exists(path) && path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            return NpyFeatures.Open(path, cancellationToken);
        if (File.Exists(path) && path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return SafetensorsFeatures.Open(path, cancellationToken);
        var found = Directory.Exists(path)
            ? "a directory without features.json or info.json"
            : File.Exists(path)
            ? "a file of unknown form"
            : "nothing there";
        throw PursuitException.At(path, found, Forms);
    }

    private static StoreFeatures OpenStore(string path, ExpectedRows? rows, Func<int, bool> verifies)
    {
        var store = FeatureStore.Open(path, verifies);
        try
        {
            rows?.CheckFingerprint(store);
            return new StoreFeatures(store);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }
}
