using Pursuit.Numerics;

namespace Pursuit.Selection.Pursuits;

/// <summary>G + lam I of some rows.</summary>
/// <param name="Values">G, [n, n] with rows <paramref name="Stride"/> apart; symmetric.</param>
/// <param name="Stride">Numbers from one row of G to the next.</param>
/// <param name="Count">n.</param>
/// <param name="Lambda">The ridge.</param>
internal readonly record struct GramMatrix(float[] Values, int Stride, int Count, double Lambda);

/// <summary>Products U (G + lam I) U x for several x at once, U = diag(units): each row of G is read once for all of them.</summary>
/// <param name="matrix">G + lam I.</param>
/// <param name="units">U, [n].</param>
/// <param name="threads">At most this many.</param>
internal sealed class GramProduct(GramMatrix matrix, double[] units, int threads)
{
    private const int RowsPerTask = 64;

    /// <summary>product = U (G + lam I) U x for every pair.</summary>
    public void Apply(List<(double[] X, double[] Product)> columns)
    {
        var (gram, stride, n, lambda) = matrix;
        // Padded with zeros to the stride, so that rows of G can be taken several at a time; what stands behind them is finite.
        var right = new float[columns.Count * stride];
        for (var j = 0; j < columns.Count; j++)
            for (var i = 0; i < n; i++) right[j * stride + i] = (float)(units[i] * columns[j].X[i]);
        var packed = new PackedRights(right, columns.Count, stride, stride);
        var tasks = (n + RowsPerTask - 1) / RowsPerTask;
        // So few products are done before other threads would start.
        var options = new ParallelOptions { MaxDegreeOfParallelism = (long)n * n * columns.Count < 1 << 18 ? 1 : Math.Max(1, threads) };
        Parallel.For(0, tasks, options, task =>
        {
            var first = task * RowsPerTask;
            var rows = Math.Min(RowsPerTask, n - first);
            var dots = new float[rows * columns.Count];
            RowScan.Dots(gram.AsSpan(first * stride, rows * stride), rows, packed, dots);
            for (var i = 0; i < rows; i++)
            {
                var unit = units[first + i];
                for (var j = 0; j < columns.Count; j++)
                    columns[j].Product[first + i] = unit * (dots[i * columns.Count + j] + lambda * unit * columns[j].X[first + i]);
            }
        });
    }
}
