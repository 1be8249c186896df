using System.Numerics.Tensors;
using Pursuit.Numerics;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Rds;

/// <summary>
/// Similarities of all rows to all target examples, in blocked products over tiles of rows; none is kept that isn't needed.
/// </summary>
internal sealed class SimilarityScan
{
    /// <summary>Target examples of one pass at most.</summary>
    private const int TargetsAtOnce = 4096;

    /// <summary>Similarities held at once: 256 MiB.</summary>
    private const int MostSimilarities = 1 << 25;

    private readonly EmbeddingRows _pool;
    private readonly float[] _target;
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly SelectionContext _context;

    /// <summary>Opens pool and target in one space.</summary>
    /// <exception cref="PursuitException">Either is missing or doesn't fit.</exception>
    public SimilarityScan(SelectionProblem problem, string method, RdsSimilarity similarity, SelectionContext context)
    {
        var (pool, target) = EmbeddingRows.Open(
            problem.RequirePoolEmbeddings(method), problem.RequireTargetEmbeddings(method), similarity == RdsSimilarity.Cosine);
        (_pool, _target, _contentIds, _context) = (pool, target!.ToArray(), problem.ContentIds, context);
        Targets = target.Count;
    }

    /// <summary>Target examples, V.</summary>
    public int Targets { get; }

    // Rows were multiplied by the factor on both sides.
    private double Unit => 1 / (_pool.Factor * _pool.Factor);

    /// <summary>Each row's largest similarity to any target example, [pool].</summary>
    public double[] Largest() => _pool.AskEach(
        RdsRequests.Largest,
        w => w.WriteArray<float>(_target),
        () => LargestHere(_pool, _target, _context.Threads, _context.CancellationToken),
        isPass: true);

    /// <summary>Each target example's most similar rows, most similar first, equal ones by content id.</summary>
    /// <param name="length">Rows per target example.</param>
    public NeighbourLists MostSimilar(int length)
    {
        var nearest = new NearestRows(_pool, _contentIds, _target, length, _context.Threads);
        var lists = NeighbourRequests.AskLists(
            nearest,
            RdsRequests.MostSimilar,
            _ => { },
            () => MostSimilarHere(nearest, _context.CancellationToken));
        return lists with { Distances = Array.ConvertAll(lists.Distances, keys => Array.ConvertAll(keys, key => -key * Unit)) };
    }

    /// <summary>Shows each target example's similarities, [pool], under its row; the array is used again.</summary>
    public void ForEachTarget(Action<int, double[]> visit)
    {
        var atOnce = Math.Clamp(MostSimilarities / Math.Max(1, _pool.Count), 1, Targets);
        var similarities = new double[atOnce][];
        for (var v = 0; v < atOnce; v++) similarities[v] = new double[_pool.Count];
        for (var first = 0; first < Targets; first += atOnce)
        {
            var count = Math.Min(atOnce, Targets - first);
            Pass(_pool, _target.AsMemory(first * _pool.Dimension, count * _pool.Dimension), () => 0, (_, row, products) =>
            {
                for (var v = 0; v < count; v++) similarities[v][row] = products[v] * Unit;
            }, _context.Threads, _context.CancellationToken);
            for (var v = 0; v < count; v++) visit(first + v, similarities[v]);
        }
    }

    /// <summary>The largest similarity of each of this process's rows, [own rows].</summary>
    public static double[] LargestHere(EmbeddingRows pool, float[] target, int threads, CancellationToken cancellationToken)
    {
        var largest = new double[pool.Own.Count];
        Array.Fill(largest, double.NegativeInfinity);
        var unit = 1 / (pool.Factor * pool.Factor);
        foreach (var targets in Parts(target, pool.Dimension))
        {
            Pass(pool, targets, () => 0, (_, row, similarities) =>
            {
                ref var most = ref largest[row - pool.Own.First];
                most = Math.Max(most, TensorPrimitives.Max(similarities) * unit);
            }, threads, cancellationToken);
        }

        return largest;
    }

    /// <summary>The most similar of this process's rows, by similarity in the rows' own units, negative.</summary>
    public static NeighbourLists MostSimilarHere(NearestRows nearest, CancellationToken cancellationToken)
    {
        var (pool, threads) = (nearest.Pool, nearest.Threads);
        var length = Math.Clamp(nearest.Length, 1, Math.Max(1, pool.Own.Count));
        var all = nearest.Queries.Length / pool.Dimension;
        var lists = new NeighbourLists(new int[all][], new double[all][]);
        var first = 0;
        foreach (var targets in Parts(nearest.Queries, pool.Dimension))
        {
            var count = targets.Length / pool.Dimension;
            var part = NeighbourHeaps.Merge(Pass(pool, targets, () => new NeighbourHeaps(
                count, length, nearest.ContentIds), (heap, row, similarities) =>
            {
                for (var v = 0; v < similarities.Length; v++)
                    if (-similarities[v] <= heap.Worst(v)) heap.Offer(v, row, -similarities[v]);
            }, threads, cancellationToken), threads);
            part.Rows.CopyTo(lists.Rows, first);
            part.Distances.CopyTo(lists.Distances, first);
            first += count;
        }

        return lists;
    }

    /// <summary>The target examples of each pass, [count, dimension].</summary>
    private static IEnumerable<ReadOnlyMemory<float>> Parts(float[] target, int dimension)
    {
        for (var first = 0; first < target.Length; first += TargetsAtOnce * dimension)
            yield return target.AsMemory(first, Math.Min(TargetsAtOnce * dimension, target.Length - first));
    }

    private static IReadOnlyList<TState> Pass<TState>(
        EmbeddingRows pool,
        ReadOnlyMemory<float> targets,
        Func<TState> open,
        RowVisitor<TState> visit,
        int threads,
        CancellationToken cancellationToken)
    {
        var dimension = pool.Dimension;
        var count = targets.Length / dimension;
        var workers = pool.ForEachTile(threads, () => (
            State: open(), Products: new float[EmbeddingRows.TileRows * count]), (worker, rows, firstRow, rowCount) =>
        {
            Gemm.Multiply(false, true, rowCount, count, dimension, 1, rows, dimension, targets.Span, dimension, 0, worker.Products, count);
            for (var r = 0; r < rowCount; r++) visit(worker.State, firstRow + r, worker.Products.AsSpan(r * count, count));
        }, cancellationToken);
        return [.. workers.Select(w => w.State)];
    }

    private delegate void RowVisitor<in TState>(TState state, int row, ReadOnlySpan<float> similarities);
}
