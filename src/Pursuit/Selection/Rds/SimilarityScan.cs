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
        var largest = new double[_pool.Count];
        Array.Fill(largest, double.NegativeInfinity);
        for (var first = 0; first < Targets; first += TargetsAtOnce)
        {
            Pass(first, Math.Min(TargetsAtOnce, Targets - first), () => 0, (_, row, similarities) =>
                largest[row] = Math.Max(largest[row], TensorPrimitives.Max(similarities) * Unit), cancellationToken);
        }

        return largest;
    }

    /// <summary>Each target example's most similar rows, most similar first, equal ones by content id.</summary>
    /// <param name="length">Rows per target example.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public NeighbourLists MostSimilar(int length, CancellationToken cancellationToken)
    {
        var lists = new NeighbourLists(new int[Targets][], new double[Targets][]);
        for (var first = 0; first < Targets; first += TargetsAtOnce)
        {
            var count = Math.Min(TargetsAtOnce, Targets - first);
            var heaps = Pass(first, count, () => new NeighbourHeaps(count, length, _problem.ContentIds), (heap, row, similarities) =>
            {
                for (var v = 0; v < similarities.Length; v++)
                    if (-similarities[v] <= heap.Worst(v)) heap.Offer(v, row, -similarities[v]);
            }, cancellationToken);
            NeighbourHeaps.Merge(heaps, lists, [.. Enumerable.Range(first, count)], length, _problem.ContentIds, key => -key * Unit, _problem.Threads);
        }

        return lists;
    }

    private IReadOnlyList<TState> Pass<TState>(int first, int count, Func<TState> open, RowVisitor<TState> visit, CancellationToken cancellationToken)
    {
        var dimension = _pool.Dimension;
        var workers = _pool.ForEachTile(_problem.Threads, () => (State: open(), Products: new float[EmbeddingRows.TileRows * count]), (worker, rows, firstRow, rowCount) =>
        {
            Gemm.Multiply(false, true, rowCount, count, dimension, 1, rows, dimension, _target.AsSpan(first * dimension), dimension, 0, worker.Products, count);
            for (var r = 0; r < rowCount; r++) visit(worker.State, firstRow + r, worker.Products.AsSpan(r * count, count));
        }, cancellationToken);
        return [.. workers.Select(w => w.State)];
    }

    private delegate void RowVisitor<in TState>(TState state, int row, ReadOnlySpan<float> similarities);
}
