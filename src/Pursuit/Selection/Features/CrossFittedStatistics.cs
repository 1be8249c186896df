namespace Pursuit.Selection.Features;

/// <summary>Statistics of several probes, each of the examples it may score.</summary>
internal sealed class CrossFittedStatistics : ITokenStatistics
{
    private readonly IReadOnlyList<ITokenStatistics> _stores;
    private readonly int[][] _rows;

    /// <summary>Joins the probes' stores.</summary>
    /// <param name="count">Examples of the pool.</param>
    /// <param name="stores">One store per probe.</param>
    /// <param name="positions">The pool positions of each store's rows, ascending.</param>
    public CrossFittedStatistics(int count, IReadOnlyList<ITokenStatistics> stores, IReadOnlyList<IReadOnlyList<int>> positions)
    {
        (Count, _stores) = (count, stores);
        _rows = new int[stores.Count][];
        for (var probe = 0; probe < stores.Count; probe++)
        {
            _rows[probe] = new int[count];
            Array.Fill(_rows[probe], -1);
            for (var row = 0; row < positions[probe].Count; row++) _rows[probe][positions[probe][row]] = row;
        }

        // The common slice stands in every store and counts once.
        var counts = new long[stores.Max(s => s.UnigramCounts.Count)];
        for (var i = 0; i < count; i++)
        {
            var probe = Array.FindIndex(_rows, r => r[i] >= 0);
            if (probe < 0) continue;
            foreach (var token in Read(probe, i).Tokens) counts[token]++;
        }

        UnigramCounts = counts;
    }

    /// <inheritdoc/>
    public string Name => string.Join(" and ", _stores.Select(s => s.Name));

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Probes => _stores.Count;

    /// <inheritdoc/>
    public IReadOnlyList<long> UnigramCounts { get; }

    /// <inheritdoc/>
    public bool Has(int probe, int position) => _rows[probe][position] >= 0;

    /// <inheritdoc/>
    public TokenStatisticsRow Read(int probe, int position) => _stores[probe].Read(0, _rows[probe][position]);

    /// <summary>Closes the stores.</summary>
    public void Dispose()
    {
        foreach (var store in _stores) store.Dispose();
    }
}
