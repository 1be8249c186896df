namespace Pursuit.Data.Deduplication;

/// <summary>N-grams of kept examples that were wanted lately, within a bound; what left is read again.</summary>
/// <param name="mostHashes">Hashes held at most, 8 bytes each; an example with more than a quarter of them isn't held.</param>
internal sealed class GramCache(long mostHashes)
{
    private Dictionary<int, GramSets> _recent = [];
    private Dictionary<int, GramSets> _earlier = [];
    private long _recentHashes;

    /// <summary>Finds an example's n-grams.</summary>
    public bool TryGet(int position, out GramSets grams)
    {
        if (_recent.TryGetValue(position, out grams)) return true;
        if (!_earlier.Remove(position, out grams)) return false;
        Add(position, grams);
        return true;
    }

    /// <summary>Keeps an example's n-grams for a while.</summary>
    public void Add(int position, GramSets grams)
    {
        if (grams.Length > mostHashes / 4) return;
        if (_recentHashes + grams.Length > mostHashes / 2)
        {
            // Half of the bound is always what was wanted last.
            (_earlier, _recent) = (_recent, []);
            _recentHashes = 0;
        }

        _recent[position] = grams;
        _recentHashes += grams.Length;
    }
}
