namespace Pursuit.Selection.Features;

/// <summary>Consecutive rows, a span of whole shards.</summary>
/// <param name="First">The first row.</param>
/// <param name="End">The row after the last.</param>
internal readonly record struct RowRange(int First, int End)
{
    /// <summary>Rows.</summary>
    public int Count => End - First;

    /// <summary>All rows.</summary>
    public static RowRange All(IDenseFeatures features) => new(0, features.Rows);

    /// <summary>The rows of one process among several: consecutive whole shards, as many for each as can be.</summary>
    public static RowRange Share(IDenseFeatures features, int rank, int processes)
    {
        var shards = ((long)features.Rows + features.ShardRows - 1) / features.ShardRows;
        return new RowRange(RowOf(shards * rank / processes), RowOf(shards * (rank + 1) / processes));

        int RowOf(long shard) => (int)Math.Min(features.Rows, shard * features.ShardRows);
    }

    /// <summary>True where a row is one of these.</summary>
    public bool Contains(int row) => row >= First && row < End;
}
