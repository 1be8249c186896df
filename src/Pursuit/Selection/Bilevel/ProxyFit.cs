using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Bilevel;

/// <summary>
/// The proxy of training: the linearized model, in which example i's loss falls by phi_i . theta. A coreset m is fitted by theta(m) =
/// argmin mean over i in m of (1 - phi_i . theta)^2 + ridge ||theta||^2 (every chosen example's loss shall fall by one), and judged by the
/// mean over outer examples v of (1 - phi_v . theta)^2. Fits work on inner products, so that the dimension doesn't matter.
/// </summary>
internal sealed class ProxyFit
{
    private const int BlockRows = 256;

    private readonly double _ridge;
    private readonly float[] _inner;
    private readonly float[] _outer;
    private readonly int _count;
    private readonly int _outerCount;

    /// <summary>Computes the products.</summary>
    /// <param name="rows">The pool's rows.</param>
    /// <param name="candidates">Positions of the rows a coreset may have, in an order that doesn't depend on the pool's.</param>
    /// <param name="target">The outer examples; null for the candidates themselves.</param>
    /// <param name="ridge">The ridge as a multiple of the candidates' mean squared norm.</param>
    /// <param name="context">Threads and cancellation.</param>
    public ProxyFit(GradientRows rows, int[] candidates, GradientRows? target, double ridge, SelectionContext context)
    {
        _count = candidates.Length;
        _inner = Products(rows, candidates, rows, candidates, context);
        int[] all = target is null ? candidates : [.. Enumerable.Range(0, target.Count)];
        _outer = target is null ? _inner : Products(target, all, rows, candidates, context);
        _outerCount = all.Length;
        var squares = 0.0;
        for (var i = 0; i < _count; i++) squares += _inner[(long)i * _count + i];
        _ridge = ridge * squares / _count;
    }

    /// <summary>The outer loss of a coreset; 1 for an empty one.</summary>
    /// <param name="chosen">Its members, as indices of candidates, each once.</param>
    public double Loss(IReadOnlyList<int> chosen)
    {
        var factor = new CholeskyFactor();
        var members = new List<int>();
        foreach (var i in chosen)
        {
            var column = new double[members.Count];
            for (var j = 0; j < column.Length; j++) column[j] = _inner[(long)i * _count + members[j]];
            // A row that the ridge can't tell from those before it adds nothing to the fit.
            if (factor.TryAppend(column, _inner[(long)i * _count + i] + chosen.Count * _ridge)) members.Add(i);
        }

        var weights = new double[members.Count];
        Array.Fill(weights, 1);
        factor.Solve(weights, weights);
        var sum = 0.0;
        for (var v = 0; v < _outerCount; v++)
        {
            var fall = 0.0;
            for (var j = 0; j < weights.Length; j++) fall += weights[j] * _outer[(long)v * _count + members[j]];
            sum += (1 - fall) * (1 - fall);
        }

        return sum / _outerCount;
    }

    /// <summary>left_i . right_j, [left, right], in single precision; each depends on its two rows alone.</summary>
    private static float[] Products(GradientRows left, int[] leftRows, GradientRows right, int[] rightRows, SelectionContext context)
    {
        const int Part = 32;
        var dimension = left.Dimension;
        var products = new float[(long)leftRows.Length * rightRows.Length];
        var a = new float[Math.Min(BlockRows, leftRows.Length) * dimension];
        var b = new float[Math.Min(BlockRows, rightRows.Length) * dimension];
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, context.Threads),
            CancellationToken = context.CancellationToken,
        };
        for (var i = 0; i < leftRows.Length; i += BlockRows)
        {
            var rows = Math.Min(BlockRows, leftRows.Length - i);
            left.Gather(leftRows.AsSpan(i, rows), a);
            for (var j = 0; j < rightRows.Length; j += BlockRows)
            {
                var (columns, row, column) = (Math.Min(BlockRows, rightRows.Length - j), i, j);
                right.Gather(rightRows.AsSpan(j, columns), b);
                Parallel.For(0, (rows + Part - 1) / Part, options, part =>
                {
                    var first = part * Part;
                    var count = Math.Min(Part, rows - first);
                    var at = (long)(row + first) * rightRows.Length + column;
                    Gemm.Multiply(
                        false, true, count, columns, dimension, 1, a.AsSpan(first * dimension, count * dimension), dimension,
                        b.AsSpan(0, columns * dimension), dimension, 0,
                        products.AsSpan(checked((int)at), (count - 1) * rightRows.Length + columns), rightRows.Length);
                });
            }
        }

        return products;
    }
}
