using Pursuit.Numerics;

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
    public static IReadOnlyList<NeighbourHeaps> Pass(
        NearestRows nearest, ProbedCells probed, NeighbourLimits limits, CancellationToken cancellationToken)
    {
        var (pool, dimension) = (nearest.Pool, nearest.Pool.Dimension);
        var visited = VisitedCells.From(probed, nearest.Queries, dimension);
        var waiting = (int)Math.Clamp((long)WaitingNumbers / ((long)visited.Count * dimension), 1, MostWaiting);
        var workers = pool.ForEachTile(nearest.Threads, Open, Visit, cancellationToken);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, nearest.Threads), CancellationToken = cancellationToken };
        Parallel.ForEach(workers, parallel, worker =>
        {
            for (var k = 0; k < visited.Count; k++) Multiply(worker, k, visited, limits, nearest);
        });
        return [.. workers.Select(w => w.Heaps)];

        Worker Open()
        {
            var heaps = new NeighbourHeaps(nearest.Queries.Length / dimension, nearest.Length, nearest.ContentIds);
            return new Worker(heaps, visited.Count, waiting, dimension, visited.MostQueries);
        }

        void Visit(Worker worker, ReadOnlySpan<float> rows, int first, int rowCount)
        {
            var cells = probed.Cells.CellsOf(first, rowCount);
            for (var r = 0; r < rowCount; r++)
            {
                if (visited.PlaceOf(cells[r]) is not (>= 0 and var k)) continue;
                if (worker.Add(k, first + r, rows.Slice(r * dimension, dimension))) Multiply(worker, k, visited, limits, nearest);
            }
        }
    }

    /// <summary>Offers a cell's waiting rows to the queries that look at it: products rule out most, what is left is measured.</summary>
    private static void Multiply(Worker worker, int k, VisitedCells visited, NeighbourLimits limits, NearestRows nearest)
    {
        var (dimension, queries) = (nearest.Pool.Dimension, visited.Queries(k));
        var rows = worker.Rows(k);
        var positions = worker.Positions(k);
        Gemm.Multiply(
            false, false, positions.Length, queries.Length, dimension, 1, rows, dimension, visited.Columns(k), queries.Length, 0,
            worker.Products, queries.Length);
        for (var q = 0; q < queries.Length; q++) worker.Limits[q] = limits.LimitOf(worker.Heaps, queries[q]);
        for (var r = 0; r < positions.Length; r++)
        {
            var row = rows.Slice(r * dimension, dimension);
            var products = worker.Products.AsSpan(r * queries.Length, queries.Length);
            var found = limits.Bound.Within(DotProduct.SquaredNorm(row), products, worker.Limits.AsSpan(0, queries.Length), worker.Found);
            foreach (var q in worker.Found.AsSpan(0, found))
            {
                worker.Heaps.Offer(
                    queries[q], positions[r], SquaredDistance.Of(row, nearest.Queries.AsSpan(queries[q] * dimension, dimension)));
                worker.Limits[q] = limits.LimitOf(worker.Heaps, queries[q]);
            }
        }

        foreach (var query in queries) limits.Share(worker.Heaps, query);
        worker.Clear(k);
    }

    /// <summary>The cells that some query looks at, with those queries; other cells' rows are passed over.</summary>
    private sealed class VisitedCells
    {
        private readonly int[] _places;
        private readonly int[][] _queries;
        private readonly float[][] _columns;

        private VisitedCells(int[] places, int[][] queries, float[][] columns) =>
            (_places, _queries, _columns) = (places, queries, columns);

        /// <summary>How many.</summary>
        public int Count => _queries.Length;

        /// <summary>Queries of a cell at most.</summary>
        public int MostQueries => _queries.Max(q => q.Length);

        /// <summary>Turns each query's cells into each cell's queries, and puts those side by side as products read them.</summary>
        public static VisitedCells From(ProbedCells probed, float[] right, int dimension)
        {
            var visitors = new List<int>[probed.Cells.Centres.Count];
            for (var c = 0; c < visitors.Length; c++) visitors[c] = [];
            foreach (var (query, cells) in probed.Of.Index())
                foreach (var c in cells) visitors[c].Add(query);
            int[] visited = [.. Enumerable.Range(0, visitors.Length).Where(c => visitors[c].Count > 0)];
            var places = new int[visitors.Length];
            Array.Fill(places, -1);
            foreach (var (k, c) in visited.Index()) places[c] = k;
            var queries = Array.ConvertAll(visited, c => visitors[c].ToArray());
            return new VisitedCells(places, queries, Array.ConvertAll(queries, own => Transposed(own, right, dimension)));
        }

        /// <summary>A cell's place among these; -1 where no query looks at it.</summary>
        public int PlaceOf(int cell) => _places[cell];

        /// <summary>The queries that look at a cell, ascending.</summary>
        public int[] Queries(int place) => _queries[place];

        /// <summary>Those queries, [dimension, queries].</summary>
        public float[] Columns(int place) => _columns[place];

        private static float[] Transposed(int[] queries, float[] right, int dimension)
        {
            var columns = new float[dimension * queries.Length];
            foreach (var (q, query) in queries.Index())
                for (var p = 0; p < dimension; p++) columns[p * queries.Length + q] = right[query * dimension + p];
            return columns;
        }
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
