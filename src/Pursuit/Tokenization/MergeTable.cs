using System.Numerics;

namespace Pursuit.Tokenization;

/// <summary>The merges of a byte-pair encoding: which pair of token ids joins, how early, and into what.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue; // no pair: ids are never negative
    private readonly ulong[] _keys;
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _shift;

    /// <summary>Builds the table; of a pair that stands twice, the later rank counts (as in both references).</summary>
    /// <param name="merges">(left, right, result) ids in order of rank.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var bits = Math.Max(4, BitOperations.Log2((uint)Math.Max(1, merges.Count)) + 2);
        _shift = 64 - bits;
        _keys = new ulong[1 << bits];
        _ranks = new int[1 << bits];
        _results = new int[merges.Count];
        Array.Fill(_keys, Empty);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, result) = merges[rank];
            _results[rank] = result;
            var key = Key(left, right);
            var slot = SlotOf(key);
            while (_keys[slot] != Empty && _keys[slot] != key) slot = (slot + 1) & (_keys.Length - 1);
            _keys[slot] = key;
            _ranks[slot] = rank;
        }
    }

    /// <summary>What "no merge" reads as: after every rank.</summary>
    public const int NoRank = int.MaxValue;

    /// <summary>The rank of a pair, or <see cref="NoRank"/>.</summary>
    public int RankOf(int left, int right)
    {
        var key = Key(left, right);
        var slot = SlotOf(key);
        while (true)
        {
            var found = _keys[slot];
            if (found == key) return _ranks[slot];
            if (found == Empty) return NoRank;
            slot = (slot + 1) & (_keys.Length - 1);
        }
    }

    /// <summary>The id a merge makes.</summary>
    public int ResultOf(int rank) => _results[rank];

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // Fibonacci hashing after a mix: neighbouring ids must not land in neighbouring slots.
    private int SlotOf(ulong key) => (int)(((key ^ (key >> 29)) * 0x9E3779B97F4A7C15UL) >> _shift);
}
