using System.Numerics;
using System.Security.Cryptography;

namespace Pursuit.Tokenization;

/// <summary>The merges of a byte-pair encoding: which pair of token ids joins, how early, and into what.</summary>
internal sealed class MergeTable
{
    /// <summary>Slots that placing a pair may look at before another multiplier is tried. At most half of them are taken.</summary>
    internal const int MostProbes = 256;

    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const ulong Empty = ulong.MaxValue; // no pair: ids are never negative
    private readonly ulong[] _keys;
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _shift;
    private readonly ulong _multiplier;

    /// <summary>Builds the table; of a pair that occurs twice, the later rank counts (as in both references).</summary>
    /// <param name="merges">(left, right, result) ids in order of rank.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var bits = Math.Max(4, BitOperations.Log2((uint)Math.Max(1, merges.Count)) + 2);
        _shift = 64 - bits;
        _keys = new ulong[1 << bits];
        _ranks = new int[1 << bits];
        _results = [.. merges.Select(merge => merge.Result)];
        _multiplier = Golden;
        // A file's author knows the first multiplier and can choose ids that crowd a few slots; nobody knows the next.
        for (var most = MostProbes; !TryFill(merges, most); most *= 2)
            _multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
    }

    /// <summary>Slots that were looked at for the pair that was the hardest to place.</summary>
    internal int LongestProbe { get; private set; }

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

    // False where a pair would stand more than so many slots from its own.
    private bool TryFill(IReadOnlyList<(int Left, int Right, int Result)> merges, int most)
    {
        Array.Fill(_keys, Empty);
        LongestProbe = 0;
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var key = Key(merges[rank].Left, merges[rank].Right);
            var slot = SlotOf(key);
            var probes = 1;
            for (; _keys[slot] != Empty && _keys[slot] != key; probes++) slot = (slot + 1) & (_keys.Length - 1);
            if (probes > most) return false;
            LongestProbe = Math.Max(LongestProbe, probes);
            _keys[slot] = key;
            _ranks[slot] = rank;
        }

        return true;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // Multiplicative hashing after a mix: neighboring ids must not land in neighboring slots.
    private int SlotOf(ulong key) => (int)(((key ^ (key >> 29)) * _multiplier) >> _shift);
}
