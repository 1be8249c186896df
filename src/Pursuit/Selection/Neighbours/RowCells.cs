using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Neighbours;

/// <summary>A pool's rows in cells about centres: what tells for a whole cell at once that it is far from something.</summary>
internal sealed class RowCells
{
    /// <summary>Cells at most: a row's cell is kept in two bytes.</summary>
    public const int MostCells = 1 << 16;

    /// <summary>Rows compared with all centres at once.</summary>
    private const int BlockRows = 256;

    private readonly ushort[] _cells;

    private RowCells(RowCentres centres, ushort[] cells)
    {
        (Centres, _cells) = (centres, cells);
    }

    /// <summary>The centres.</summary>
    public RowCentres Centres { get; }

    /// <summary>The cells of some rows.</summary>
    public ReadOnlySpan<ushort> CellsOf(int first, int count) => _cells.AsSpan(first, count);

    /// <summary>This process's rows in each cell.</summary>
    public int[] Counts(RowRange own)
    {
        var counts = new int[Centres.Count];
        foreach (var cell in CellsOf(own.First, own.Count)) counts[cell]++;
        return counts;
    }

    /// <summary>Finds centres by k-means over some rows and puts every row to the nearest, in one pass.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="sample">The rows that decide, in an order that decides too.</param>
    /// <param name="count">Cells, from 1 to the sample's rows.</param>
    /// <param name="random">Draws the first centres.</param>
    /// <param name="iterations">Of k-means.</param>
    /// <param name="threads">At most this many; they change nothing.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static RowCells Assign(
        EmbeddingRows pool, int[] sample, int count, SeededRandom random, int iterations, int threads, CancellationToken cancellationToken)
    {
        var values = new float[checked(sample.Length * pool.Dimension)];
        pool.Gather(sample, values);
        return Assign(
            pool,
            EuclideanKMeans.Cluster(values, sample.Length, pool.Dimension, count, random, iterations, threads, cancellationToken),
            threads,
            cancellationToken);
    }

    /// <summary>Puts this process's rows to the nearest of some centres, in one pass.</summary>
    public static RowCells Assign(EmbeddingRows pool, RowCentres centres, int threads, CancellationToken cancellationToken)
    {
        var count = centres.Count;
        var cells = new ushort[pool.Count];
        pool.ForEachTile(threads, () => (
            Products: new float[BlockRows * count], Nearest: new int[BlockRows]), (worker, rows, first, rowCount) =>
        {
            for (var block = 0; block < rowCount; block += BlockRows)
            {
                var some = Math.Min(BlockRows, rowCount - block);
                centres.Nearest(rows.Slice(block * pool.Dimension, some * pool.Dimension), some, worker.Products, worker.Nearest);
                for (var r = 0; r < some; r++) cells[first + block + r] = (ushort)worker.Nearest[r];
            }
        }, cancellationToken);
        return new RowCells(centres, cells);
    }
}
