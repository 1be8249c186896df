using System.Numerics.Tensors;
using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tagcos;

/// <summary>
/// Rows s_i = sum_t etabar_t u_i(t) of unit gradients u_i(t), [Count, Dimension], never materialised: with phi_i = concat_t
/// sqrt(etabar_t) u_i(t), as passes make rows, s_i . c = phi_i . concat_t sqrt(etabar_t) c.
/// </summary>
internal sealed class SummedRows
{
    /// <summary>Centres that one pass compares rows with: their products with a shard stay small.</summary>
    private const int CentresAtOnce = 128;

    /// <summary>Rows read at once.</summary>
    private const int RowsAtOnce = 64;

    private readonly GradientRows _rows;
    private readonly float[] _roots;

    /// <summary>Opens a pool's gradients.</summary>
    /// <exception cref="PursuitException">A norm isn't finite, or every gradient is zero.</exception>
    public SummedRows(IDenseFeatures features)
    {
        _rows = GradientRows.OfPool(features, RowConstruction.ExactUnit, OwnRows.Instance, RowRange.All(features));
        _roots = [.. features.Etabar.Select(e => (float)Math.Sqrt(e))];
    }

    /// <summary>Rows.</summary>
    public int Count => _rows.Count;

    /// <summary>Numbers per row.</summary>
    public int Dimension => _rows.Features.Dimension;

    /// <summary>Bytes read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Copies rows, in the order asked, into [positions, Dimension].</summary>
    public void Gather(ReadOnlySpan<int> positions, Span<float> destination)
    {
        var whole = new float[Math.Min(RowsAtOnce, positions.Length) * _rows.Dimension];
        for (var first = 0; first < positions.Length; first += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, positions.Length - first);
            _rows.Gather(positions.Slice(first, count), whole);
            for (var r = 0; r < count; r++)
                Fold(whole.AsSpan(r * _rows.Dimension, _rows.Dimension), destination.Slice((first + r) * Dimension, Dimension));
        }

        BytesRead += positions.Length * _rows.RowBytes;
    }

    /// <summary>Each row's nearest centre, equally near ones by the lower number, [Count].</summary>
    public int[] Nearest(RowCentres centres, int threads, CancellationToken cancellationToken)
    {
        var nearest = new int[Count];
        var least = new double[Count];
        Array.Fill(least, double.PositiveInfinity);
        for (var begin = 0; begin < centres.Count; begin += CentresAtOnce)
        {
            var (from, count) = (begin, Math.Min(CentresAtOnce, centres.Count - begin));
            var right = new float[count * _rows.Dimension];
            var halves = new double[count];
            for (var c = 0; c < count; c++)
            {
                var centre = centres.Centre(from + c);
                halves[c] = 0.5 * GradientRows.Dot(centre, centre);
                for (var t = 0; t < _roots.Length; t++)
                    TensorPrimitives.Multiply(centre, _roots[t], right.AsSpan(c * _rows.Dimension + t * Dimension, Dimension));
            }

            _rows.ScanTiles(
                right,
                count,
                threads,
                (products, first, rows) =>
                {
                    for (var r = 0; r < rows; r++)
                        for (var c = 0; c < count; c++)
                        {
                            // Half the squared distance, less half the row's own square.
                            var distance = halves[c] - products[r * count + c];
                            if (distance < least[first + r]) (least[first + r], nearest[first + r]) = (distance, from + c);
                        }
                },
                cancellationToken);
            BytesRead += _rows.PassBytes;
        }

        return nearest;
    }

    /// <summary>The mean of each group's rows, [groups, Dimension]; zeros for a group without rows.</summary>
    /// <param name="group">Each row's group, [Count]; negative for none.</param>
    /// <param name="sizes">Rows of each group.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public float[] Means(int[] group, int[] sizes, int threads, CancellationToken cancellationToken)
    {
        var sums = RowSums.Compute(_rows, group, sizes.Length, threads, cancellationToken);
        BytesRead += _rows.PassBytes;
        var means = new float[sizes.Length * Dimension];
        for (var g = 0; g < sizes.Length; g++)
        {
            if (sizes[g] == 0) continue;
            for (var k = 0; k < Dimension; k++)
            {
                var sum = 0.0;
                for (var t = 0; t < _roots.Length; t++) sum += _roots[t] * sums[g * _rows.Dimension + t * Dimension + k];
                means[g * Dimension + k] = (float)(sum / sizes[g]);
            }
        }

        return means;
    }

    private void Fold(ReadOnlySpan<float> whole, Span<float> row)
    {
        row.Clear();
        for (var t = 0; t < _roots.Length; t++) Axpy.Add(_roots[t], whole.Slice(t * Dimension, Dimension), row);
    }
}
