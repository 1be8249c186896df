using System.Numerics.Tensors;
using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Dsdm;

/// <summary>
/// The uncentred second moment F_t = (1/N) sum_i phi_i(t) phi_i(t)^T of every checkpoint, never formed: a product with vectors is one
/// pass over the store. Sums are in fixed point, so that no order of rows, shards, threads or processes changes a bit.
/// </summary>
internal sealed class SecondMoments
{
    private readonly GradientRows _rows;
    private readonly SelectionContext _context;
    private readonly double[] _largest;

    /// <summary>Reads the rows' norms.</summary>
    /// <param name="rows">The pool's, not centred.</param>
    /// <param name="context">Threads and cancellation.</param>
    public SecondMoments(GradientRows rows, SelectionContext context)
    {
        (_rows, _context) = (rows, context);
        _largest = new double[rows.Features.Checkpoints];
        MeanEigenvalues = new double[_largest.Length];
        for (var checkpoint = 0; checkpoint < _largest.Length; checkpoint++)
        {
            var squares = SquaredNorms(checkpoint);
            Array.Sort(squares); // the same sum in any order of rows
            _largest[checkpoint] = squares[^1];
            MeanEigenvalues[checkpoint] = squares.Sum() / rows.Count / rows.Features.Dimension;
        }
    }

    /// <summary>Each checkpoint's mean eigenvalue, mean_i ||phi_i(t)||^2 / d, [checkpoints]; 0 where all its rows are zero.</summary>
    public double[] MeanEigenvalues { get; }

    /// <summary>The rows.</summary>
    public GradientRows Rows => _rows;

    /// <summary>F_t p_t of every checkpoint: one pass.</summary>
    /// <param name="points">p, [checkpoints, d].</param>
    /// <returns>[checkpoints, d].</returns>
    public double[] Multiply(double[] points)
    {
        var width = _rows.Features.Dimension;
        var units = new double[_largest.Length];
        for (var checkpoint = 0; checkpoint < units.Length; checkpoint++)
        {
            // |phi_ik (phi_i . p)| <= ||phi_i||^2 ||p||, with room for stored numbers that were rounded to bf16.
            var most = 1.03 * _largest[checkpoint] * Norm(points.AsSpan(checkpoint * width, width));
            units[checkpoint] = most > 0 ? Math.ScaleB(1, 61 - (int)Math.Ceiling(Math.Log2(most) + Math.Log2(_rows.Count + 1.0))) : 1;
        }

        var sums = Sums(points, units);
        var product = new double[sums.Length];
        for (var k = 0; k < product.Length; k++) product[k] = sums[k] / units[k / width] / _rows.Count;
        return product;
    }

    /// <summary>sum_i phi_i(t) (phi_i(t) . p_t) of the rows that this process reads, in fixed point, [checkpoints, d].</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="points">p, [checkpoints, d].</param>
    /// <param name="units">What 1 is in the sums, [checkpoints].</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    internal static long[] SumsHere(GradientRows rows, double[] points, double[] units, int threads, CancellationToken cancellationToken)
    {
        var width = rows.Features.Dimension;
        var total = new long[points.Length];
        FeatureRows.ForEachTile(
            rows.Features,
            rows.Own,
            threads,
            () => (Row: new float[width], Wide: new double[width], Sums: new long[total.Length]),
            (state, tile, checkpoint, first, count) =>
            {
                var point = points.AsSpan(checkpoint * width, width);
                var sums = state.Sums.AsSpan(checkpoint * width, width);
                for (var r = 0; r < count; r++)
                {
                    double multiplier = rows.Multipliers(checkpoint)[first + r];
                    FeatureRows.CopyRow(tile, r, state.Row);
                    TensorPrimitives.ConvertTruncating<float, double>(state.Row, state.Wide);
                    var product = multiplier * DoubleKernels.Dot(state.Wide, point);
                    FixedPoint.Add(state.Row, multiplier * product * units[checkpoint], sums);
                }
            },
            state => TensorPrimitives.Add(total, state.Sums, total),
            cancellationToken);
        return total;
    }

    /// <summary>The Euclidean norm.</summary>
    internal static double Norm(ReadOnlySpan<double> vector) => Math.Sqrt(DoubleKernels.Dot(vector, vector));

    private long[] Sums(double[] points, double[] units)
    {
        var others = new List<long[]>();
        var sums = _rows.Source.Team.Ask(
            DsdmRequests.Multiply,
            w =>
            {
                w.Write(_rows.Source.Number);
                w.WriteArray<double>(points);
                w.WriteArray<double>(units);
            },
            () => SumsHere(_rows, points, units, _context.Threads, _context.CancellationToken),
            (_, reader) => others.Add(reader.ReadArray<long>()),
            isPass: true);
        foreach (var other in others) TensorPrimitives.Add(sums, other, sums);
        return sums;
    }

    private double[] SquaredNorms(int checkpoint)
    {
        var norms = _rows.Features.Norms(checkpoint);
        var scales = _rows.Features.Scales(checkpoint);
        var multipliers = _rows.Multipliers(checkpoint);
        var squares = new double[norms.Length];
        for (var i = 0; i < squares.Length; i++)
        {
            // A zero row has a scale of zero too.
            var norm = norms[i] > 0 ? (double)multipliers[i] * norms[i] / (scales.IsEmpty ? 1 : scales[i]) : 0;
            squares[i] = norm * norm;
        }

        return squares;
    }
}
