using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tagcos;

/// <summary>
/// Positive ridge orthogonal matching pursuit of one cluster's rows to its centroid, again and again on what is left, until the cluster's
/// share is full (OrthogonalMP_REG_Parallel of https://github.com/2003pro/TAGCOS, utils/omp.py).
/// </summary>
/// <param name="rows">The cluster's rows, by content id: equal products go to the lower index.</param>
/// <param name="centroid">b, [Dimension].</param>
/// <param name="options">Ridge and residual.</param>
/// <param name="cancellationToken">Stops between rows.</param>
internal sealed class ClusterPursuit(ClusterRows rows, float[] centroid, TagcosOptions options, CancellationToken cancellationToken)
{
    private readonly double _length = Math.Sqrt(GradientRows.Dot(centroid, centroid));
    private readonly float[] _start = new float[rows.Count];
    private readonly bool[] _taken = new bool[rows.Count];

    /// <summary>Each row's product with the centroid, [rows].</summary>
    public ReadOnlySpan<float> Products => _start;

    /// <summary>Pursuits begun.</summary>
    public int Pursuits { get; private set; }

    /// <summary>Takes rows.</summary>
    /// <param name="share">How many, at most the cluster's.</param>
    /// <returns>Their indices within the cluster, in the order taken.</returns>
    public List<int> Take(int share)
    {
        rows.Multiply(centroid, _start);
        var order = new List<int>(share);
        while (order.Count < share)
        {
            var found = share < rows.Count ? Pursue(share - order.Count) : [];
            // All are taken, or none that is left points the centroid's way: then those that point away from it least.
            if (found.Count == 0) found = Best(share - order.Count);
            foreach (var index in found) _taken[index] = true;
            order.AddRange(found);
        }

        return order;
    }

    private List<int> Pursue(int most)
    {
        Pursuits++;
        var support = new RidgeSupport(options.Ridge);
        var (residual, products) = (centroid, _start);
        for (var step = 0; step < most; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (step > 0)
            {
                residual = support.Residual(centroid);
                if (products == _start) products = new float[rows.Count];
                rows.Multiply(residual, products);
            }

            if (Math.Sqrt(GradientRows.Dot(residual, residual)) <= options.Residual * _length) break;
            var best = Best(products);
            // With a ridge a row of the support may be the one that points most toward the residual: nothing new is found.
            if (best < 0 || support.Indices.Contains(best)) break;
            support.Add(best, rows.Row(best), _start[best]);
            if (!support.Fit()) break;
        }

        return support.Indices;
    }

    /// <summary>The row of largest positive product that no pursuit before took; -1 for none.</summary>
    private int Best(float[] products)
    {
        var best = -1;
        for (var i = 0; i < products.Length; i++)
            if (!_taken[i] && products[i] > (best < 0 ? 0 : products[best])) best = i;
        return best;
    }

    private List<int> Best(int count) =>
        [.. Enumerable.Range(0, rows.Count).Where(i => !_taken[i]).OrderByDescending(i => _start[i]).ThenBy(i => i).Take(count)];
}
