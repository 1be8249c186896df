
namespace Pursuit.Selection.Passes;

/// <summary>
/// The gains of screened passes, which see a few rows alone: what they would have been is computed at the end, in one pass over the rows
/// for all passes together, to the bits that the passes themselves would have given.
/// </summary>
internal static class LaterGains
{
    /// <summary>The gains of a pass, once they are asked for.</summary>
    /// <param name="residual">R, [J, D]; kept, not copied.</param>
    /// <param name="rule">What made scores of products.</param>
    /// <param name="support">Rows that were chosen already.</param>
    /// <param name="excluded">Rows that can't be chosen.</param>
    public static IPassGains Owe(float[] residual, IdentificationRule rule, ReadOnlySpan<int> support, ReadOnlySpan<int> excluded) =>
        new OfPass(residual, rule, support.ToArray(), excluded.ToArray());

    /// <summary>Computes the gains of passes that wait for it.</summary>
    /// <param name="gains">Those that were kept.</param>
    /// <param name="rows">phi.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <returns>True where a pass was made for it; false where nothing waited.</returns>
    public static bool Compute(PursuitGains gains, GradientRows rows, int threads, CancellationToken cancellationToken)
    {
        OfPass[] waiting = [.. gains.Kept.Select(k => k.Gains).Where(g => g.Owed).Cast<OfPass>()];
        if (waiting.Length == 0) return false;
        var columns = waiting[0].Rule.Columns;
        var length = columns * rows.Dimension;
        var rhs = new float[checked(waiting.Length * length)];
        foreach (var (k, pass) in waiting.Index())
        {
            pass.Residual.CopyTo(rhs, k * length);
            pass.Values = new float[rows.Count];
        }

        rows.ScanTiles(
            rhs,
            waiting.Length * columns,
            threads,
            (products, first, count) =>
            {
                for (var r = 0; r < count; r++)
                {
                    var norm = rows.Norms[first + r];
                    if (norm == 0) continue;
                    for (var k = 0; k < waiting.Length; k++)
                        waiting[k].Values![first + r] = waiting[k].Rule.Score(
                            products.Slice((r * waiting.Length + k) * columns, columns), norm);
                }
            },
            cancellationToken);
        foreach (var pass in waiting) pass.Mark();
        return true;
    }

    /// <summary>A pass whose gains are still to come.</summary>
    private sealed class OfPass(float[] residual, IdentificationRule rule, int[] support, int[] excluded) : IPassGains
    {
        public float[] Residual => residual;

        public IdentificationRule Rule => rule;

        public float[]? Values { get; set; }

        public bool Owed => Values is null;

        public float[] Read() => Values ?? throw new InvalidOperationException("The gains weren't computed.");

        public void Mark()
        {
            foreach (var position in excluded) Values![position] = PursuitGains.Excluded;
            foreach (var position in support) Values![position] = PursuitGains.Chosen;
        }
    }
}
