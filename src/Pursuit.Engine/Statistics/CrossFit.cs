using Pursuit.Data;
using Pursuit.Proof;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// A pool in two halves and a common slice, by groups of copies: each probe trains on one half and scores the other and the
/// slice, so that none scores what it saw or a copy of it.
/// </summary>
/// <param name="Halves">The pool positions of each half, ascending, [2].</param>
/// <param name="Common">Those of the slice, ascending.</param>
/// <param name="Groups">Groups of copies in the pool.</param>
internal sealed record CrossFit(IReadOnlyList<int>[] Halves, IReadOnlyList<int> Common, int Groups)
{
    private const int LeastGroups = 8;
    private const int LeastCommon = 3;

    /// <summary>Whom a probe scores: the other half and the slice.</summary>
    public IReadOnlyList<int> ScoredBy(int probe) => [.. Halves[1 - probe].Concat(Common).Order()];

    /// <summary>Splits a pool; which group goes where depends on the seed and the group's content alone.</summary>
    /// <exception cref="PursuitException">The pool is too small.</exception>
    public static CrossFit Split(
        Pool pool, double commonShare, ulong seed, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var groups = DuplicateGroups.Of(
            pool.Read(cancellationToken),
            threads,
            done => progress?.Report(new WorkProgress("looking for copies", done, pool.Count, "examples")),
            cancellationToken);
        var names = new Dictionary<int, ContentId>();
        for (var i = 0; i < groups.Length; i++)
        {
            var id = pool.ContentIds[i];
            if (!names.TryGetValue(groups[i], out var least) || id.CompareTo(least) < 0) names[groups[i]] = id;
        }

        var parts = names.ToDictionary(g => g.Key, g => Part(SeededRandom.ForExample(seed, "probe/half", g.Value), commonShare));
        var counts = parts.Values.CountBy(p => p).ToDictionary();
        if (counts.GetValueOrDefault(0) < LeastGroups || counts.GetValueOrDefault(1) < LeastGroups
            || counts.GetValueOrDefault(2) < LeastCommon)
            throw PursuitException.At(
                ApiName.Pool,
                $"{pool.Count:N0} examples, {names.Count:N0} of them not copies: halves of {counts.GetValueOrDefault(0)} and "
                    + $"{counts.GetValueOrDefault(1)} and a common slice of {counts.GetValueOrDefault(2)}",
                $"at least {LeastGroups} a half and {LeastCommon} in the slice to train two probes that score what they haven't seen",
                $"Give a larger pool, a larger probe.common-slice, or a {ApiName.Model}.");
        var where = groups.Select(g => parts[g]).ToArray();
        return new CrossFit([Positions(where, 0), Positions(where, 1)], Positions(where, 2), names.Count);
    }

    private static int Part(ulong bits, double commonShare)
    {
        var place = (bits >> 11) * (1.0 / (1UL << 53));
        return place < commonShare ? 2 : place < commonShare + (1 - commonShare) / 2 ? 0 : 1;
    }

    private static int[] Positions(int[] where, int part) => [.. Enumerable.Range(0, where.Length).Where(i => where[i] == part)];
}
