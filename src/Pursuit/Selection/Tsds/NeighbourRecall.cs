using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Tsds;

/// <summary>Compares an index's lists with exact ones, on a seeded sample of the targets.</summary>
internal static class NeighbourRecall
{
    private const int Most = 64;

    /// <summary>The targets to compare, ascending: all where there are at most 64.</summary>
    public static int[] Sample(ulong seed, int targets)
    {
        var order = new int[targets];
        for (var j = 0; j < targets; j++) order[j] = j;
        new SeededRandom(seed, "tsds/recall").Shuffle(order.AsSpan());
        return [.. order.Take(Most).Order()];
    }

    /// <summary>The mean share of each compared target's nearest rows that its list has.</summary>
    /// <param name="seed">The run's.</param>
    /// <param name="all">The targets and the rows.</param>
    /// <param name="lists">What the index found.</param>
    /// <param name="neighbours">How many of a target's neighbours count, [V].</param>
    /// <param name="cancellationToken">Stops within a pass.</param>
    public static (double Recall, int Compared) Measure(
        ulong seed, NearestRows all, NeighbourLists lists, int[] neighbours, CancellationToken cancellationToken)
    {
        var some = Sample(seed, lists.Queries);
        var exact = new NeighbourLists([.. lists.Rows], [.. lists.Distances]);
        NeighbourSearch.Lengthen(exact, all with { Length = some.Max(j => neighbours[j]) }, null, some, cancellationToken);
        return (some.Average(Share), some.Length);

        double Share(int j) =>
            (double)exact.Rows[j].Take(neighbours[j]).Intersect(lists.Rows[j].Take(neighbours[j])).Count() / neighbours[j];
    }
}
