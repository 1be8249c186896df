using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>What a feature file's rows must be: one per unique example, or one per input row.</summary>
/// <param name="What">Whose rows, for messages: "the pool".</param>
/// <param name="Examples">Unique valid examples.</param>
/// <param name="InputRows">Input rows, duplicates and quarantined ones included.</param>
/// <param name="InputRowOf">Each example's input row, [examples].</param>
/// <param name="Fingerprint">The examples' fingerprint, which a feature store of ours must carry.</param>
internal sealed record ExpectedRows(string What, int Examples, int InputRows, IReadOnlyList<int> InputRowOf, string Fingerprint)
{
    private const string FingerprintName = "pool";

    /// <summary>The rows of a pool (or of a target read as one).</summary>
    /// <param name="pool">Whose rows.</param>
    /// <param name="what">What messages call it.</param>
    public static ExpectedRows Of(Pool pool, string what = "the pool") => new(
        what,
        pool.Count,
        checked((int)pool.Ledger.RowCount),
        [.. Enumerable.Range(0, pool.Count).Select(i => checked((int)pool.InputRow(i)))],
        pool.Fingerprint);

    /// <summary>Refuses a store that was made of other examples.</summary>
    /// <exception cref="PursuitException">The store names another fingerprint.</exception>
    internal void CheckFingerprint(FeatureStore store)
    {
        if (store.Manifest.Fingerprints.TryGetValue(FingerprintName, out var found) && found != Fingerprint)
            throw PursuitException.At(
                store.Path,
                $"features of examples with fingerprint {Short(found)}",
                $"{Short(Fingerprint)}, that of {What}",
                "The examples or their order have changed since: compute the features again.");
    }

    /// <summary>Features whose rows are examples in order.</summary>
    /// <exception cref="PursuitException">The number of rows is neither.</exception>
    internal IDenseFeatures Match(IDenseFeatures features)
    {
        if (features.Rows == Examples) return features;
        if (features.Rows == InputRows) return new RemappedFeatures(features, [.. InputRowOf]);
        using (features)
        {
            var either = Examples == InputRows ? $"{Examples:N0}" : $"{Examples:N0} (unique valid examples) or {InputRows:N0} (input rows)";
            throw PursuitException.At(
                features.Name,
                $"{features.Rows:N0} rows",
                $"{either}, as {What} has",
                "Compute the features for these very files, one row per line and in their order.");
        }
    }

    private static string Short(string fingerprint) => fingerprint.Length > 16 ? fingerprint[..16] + "..." : fingerprint;
}
