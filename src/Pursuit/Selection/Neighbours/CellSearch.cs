using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Neighbours;

/// <summary>Cells that queries look at.</summary>
/// <param name="Cells">Of a process's rows.</param>
/// <param name="Of">Each query's cells, [V][probes].</param>
internal sealed record ProbedCells(RowCells Cells, int[][] Of);

/// <summary>
/// Nearest rows in some cells: one pass over the pool for all queries. Rows wait, per cell, until there are enough of them for a product
/// with the queries that look at it.
/// </summary>
internal static class CellSearch
{
    // Rows of all cells that wait for products, in numbers per thread: 64 MB.
    private const int WaitingNumbers = 1 << 24;

    private const int MostWaiting = 32;

    /// <summary>The best rows of each query in the cells it looks at, by squared distance.</summary>
    public static IReadOnlyList<NeighbourHeaps> Pass(EmbeddingRows pool, ProbedCells probed, IReadOnlyList<ContentId> contentIds, float[] right, NeighbourLimits limits, int length, int threads, CancellationToken cancellationToken)
    {
        var dimension = pool.Dimension;
        var count = right.Length / dimension;
        var visitors = Visitors(probed);
        int[] visited = [.. Enumerable.Range(0, visitors.Length).Where(c => visitors[c].Length > 0)];
        var place = new int[visitors.Length];
        Array.Fill(place, -1);
        var columns = new float[visited.Length][];
        foreach (var (k, c) in visited.Index())
        {
            place[c] = k;
            columns[k] = new float[dimension * visitors[c].Length];
            foreach (var (q, query) in visitors[c].Index())
                for (var p = 0; p < dimension; p++) columns[k][p * visitors[c].Length + q] = right[query * dimension + p];
        }

        var waiting = (int)Math.Clamp((long)WaitingNumbers / ((long)visited.Length * dimension), 1, MostWaiting);
        var workers = pool.ForEachTile(threads, () => new Worker(new NeighbourHeaps(count, length, contentIds), visited.Length, waiting, dimension, visitors.Max(v => v.Length)), (worker, rows, first, rowCount) =>
        {
            var cells = probed.Cells.Of(first, rowCount);
            for (var r = 0; r < rowCount; r++)
            {
                if (place[cells[r]] is not (>= 0 and var k)) continue;
                if (worker.Add(k, first + r, rows.Slice(r * dimension, dimension))) Multiply(worker, k);
            }
        }, cancellationToken);
        Parallel.ForEach(workers, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken }, worker =>
        {
            for (var k = 0; k < visited.Length; k++) Multiply(worker, k);
        });
        return [.. workers.Select(w => w.Heaps)];

        void Multiply(Worker worker, int k)
        {
            var queries = visitors[visited[k]];
            var rows = worker.Rows(k);
            var positions = worker.Positions(k);
            Gemm.Multiply(false, false, positions.Length, queries.Length, dimension, 1, rows, dimension, columns[k], queries.Length, 0, worker.Products, queries.Length);
            for (var q = 0; q < queries.Length; q++) worker.Limits[q] = limits.Of(worker.Heaps, queries[q]);
            for (var r = 0; r < positions.Length; r++)
            {
                var row = rows.Slice(r * dimension, dimension);
                var found = limits.Bound.Within(DotProduct.SquaredNorm(row), worker.Products.AsSpan(r * queries.Length, queries.Length), worker.Limits.AsSpan(0, queries.Length), worker.Found);
                foreach (var q in worker.Found.AsSpan(0, found))
                {
                    worker.Heaps.Offer(queries[q], positions[r], SquaredDistance.Of(row, right.AsSpan(queries[q] * dimension, dimension)));
                    worker.Limits[q] = limits.Of(worker.Heaps, queries[q]);
                }
            }

            foreach (var query in queries) limits.Share(worker.Heaps, query);
            worker.Clear(k);
        }
    }

    /// <summary>The queries that look at each cell, ascending.</summary>
    private static int[][] Visitors(ProbedCells probed)
    {
        var visitors = new List<int>[probed.Cells.Centres.Count];
        for (var c = 0; c < visitors.Length; c++) visitors[c] = [];
        foreach (var (query, cells) in probed.Of.Index())
            foreach (var c in cells) visitors[c].Add(query);
        return Array.ConvertAll(visitors, v => v.ToArray());
    }

    /// <summary>One worker's rows that wait, and what it found.</summary>
    private sealed class Worker(NeighbourHeaps heaps, int cells, int waiting, int dimension, int mostQueries)
    {
        private readonly float[] _rows = new float[checked(cells * waiting * dimension)];
        private readonly int[] _positions = new int[cells * waiting];
        private readonly int[] _counts = new int[cells];

        public NeighbourHeaps Heaps { get; } = heaps;

        public float[] Products { get; } = new float[waiting * mostQueries];

        public float[] Limits { get; } = new float[mostQueries];

        public int[] Found { get; } = new int[mostQueries];

        /// <summary>Adds a row to a cell: true where it is full.</summary>
        public bool Add(int cell, int position, ReadOnlySpan<float> row)
        {
            var place = cell * waiting + _counts[cell];
            row.CopyTo(_rows.AsSpan(place * dimension));
            _positions[place] = position;
            return ++_counts[cell] == waiting;
        }

        /// <summary>A cell's rows that wait, [n, dimension].</summary>
        public ReadOnlySpan<float> Rows(int cell) => _rows.AsSpan(cell * waiting * dimension, _counts[cell] * dimension);

        /// <summary>Which they are, [n].</summary>
        public ReadOnlySpan<int> Positions(int cell) => _positions.AsSpan(cell * waiting, _counts[cell]);

        /// <summary>They wait no more.</summary>
        public void Clear(int cell) => _counts[cell] = 0;
    }
}
