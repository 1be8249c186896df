using System.Numerics.Tensors;
using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Rds;

/// <summary>Similarities of all rows to all target examples, in blocked products over tiles of rows; none is kept that isn't needed.</summary>
internal sealed class SimilarityScan
{
    /// <summary>Target examples of one pass at most.</summary>
    private const int TargetsAtOnce = 4096;

    private readonly EmbeddingRows _pool;
    private readonly float[] _target;
    private readonly SelectionProblem _problem;

    /// <summary>Opens pool and target in one space.</summary>
    /// <exception cref="PursuitException">Either is missing or doesn't fit.</exception>
    public SimilarityScan(SelectionProblem problem, string method, RdsSimilarity similarity)
    {
        var (pool, target) = EmbeddingRows.Of(EmbeddingProblem.Pool(problem, method), EmbeddingProblem.Target(problem, method), similarity == RdsSimilarity.Cosine);
        (_pool, _target, _problem) = (pool, target!.ToArray(), problem);
        Targets = target.Count;
    }

    /// <summary>Target examples, V.</summary>
    public int Targets { get; }

    // Rows were multiplied by the factor on both sides.
    private double Unit => 1 / (_pool.Factor * _pool.Factor);

    /// <summary>Each row's largest similarity to any target example, [pool].</summary>
    public double[] Largest(CancellationToken cancellationToken)
    {
        double[] Here() => LargestHere(_pool, _target, _problem.Threads, cancellationToken);
        return _pool.Team?.Largest(Here, _target) ?? Here();
    }

    /// <summary>Each target example's most similar rows, most similar first, equal ones by content id.</summary>
    /// <param name="length">Rows per target example.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public NeighbourLists MostSimilar(int length, CancellationToken cancellationToken)
    {
        NeighbourLists Here() => MostSimilarHere(_pool, _problem.ContentIds, _target, length, _problem.Threads, cancellationToken);
        var lists = _pool.Team?.MostSimilar(Here, _problem.ContentIds, _target, length) ?? Here();
        return lists with { Distances = Array.ConvertAll(lists.Distances, keys => Array.ConvertAll(keys, key => -key * Unit)) };
    }

    /// <summary>The largest similarity of each of this process's rows, [own rows].</summary>
    public static double[] LargestHere(EmbeddingRows pool, float[] target, int threads, CancellationToken cancellationToken)
    {
        var largest = new double[pool.Own.Count];
        Array.Fill(largest, double.NegativeInfinity);
        var unit = 1 / (pool.Factor * pool.Factor);
        for (var (first, targets) = (0, target.Length / pool.Dimension); first < targets; first += TargetsAtOnce)
        {
            Pass(pool, target, first, Math.Min(TargetsAtOnce, targets - first), () => 0, (_, row, similarities) =>
                largest[row - pool.Own.First] = Math.Max(largest[row - pool.Own.First], TensorPrimitives.Max(similarities) * unit), threads, cancellationToken);
        }

        return largest;
    }

    /// <summary>The most similar of this process's rows, by similarity in the rows' own units, negative.</summary>
    public static NeighbourLists MostSimilarHere(EmbeddingRows pool, IReadOnlyList<ContentId> contentIds, float[] target, int length, int threads, CancellationToken cancellationToken)
    {
        length = Math.Clamp(length, 1, Math.Max(1, pool.Own.Count));
        var targets = target.Length / pool.Dimension;
        var lists = new NeighbourLists(new int[targets][], new double[targets][]);
        for (var first = 0; first < targets; first += TargetsAtOnce)
        {
            var count = Math.Min(TargetsAtOnce, targets - first);
            var part = NeighbourHeaps.Merge(Pass(pool, target, first, count, () => new NeighbourHeaps(count, length, contentIds), (heap, row, similarities) =>
            {
                for (var v = 0; v < similarities.Length; v++)
                    if (-similarities[v] <= heap.Worst(v)) heap.Offer(v, row, -similarities[v]);
            }, threads, cancellationToken), threads);
            part.Rows.CopyTo(lists.Rows, first);
            part.Distances.CopyTo(lists.Distances, first);
        }

        return lists;
    }

    private static IReadOnlyList<TState> Pass<TState>(EmbeddingRows pool, float[] target, int first, int count, Func<TState> open, RowVisitor<TState> visit, int threads, CancellationToken cancellationToken)
    {
        var dimension = pool.Dimension;
        var workers = pool.ForEachTile(threads, () => (State: open(), Products: new float[EmbeddingRows.TileRows * count]), (worker, rows, firstRow, rowCount) =>
        {
            Gemm.Multiply(false, true, rowCount, count, dimension, 1, rows, dimension, target.AsSpan(first * dimension), dimension, 0, worker.Products, count);
            for (var r = 0; r < rowCount; r++) visit(worker.State, firstRow + r, worker.Products.AsSpan(r * count, count));
        }, cancellationToken);
        return [.. workers.Select(w => w.State)];
    }

    private delegate void RowVisitor<in TState>(TState state, int row, ReadOnlySpan<float> similarities);
}
