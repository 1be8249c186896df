using System.Numerics.Tensors;
using Pursuit.Numerics;

namespace Pursuit.Selection.Dsdm;

/// <summary>
/// (c A^T A + lam I)^-1 of a sample's rows A, [rows, d], by the matrix inversion lemma on a [rows, rows] factor. With the whole pool as its
/// sample it is the inverse itself.
/// </summary>
internal sealed class SampledInverse
{
    private readonly List<double[]> _rows = [];
    private readonly CholeskyFactor _factor = new();
    private readonly double _share;
    private readonly double _ridge;

    /// <summary>Factors lam I + c A A^T.</summary>
    /// <param name="rows">A, [rows][d].</param>
    /// <param name="share">c.</param>
    /// <param name="ridge">lam, above 0.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    public SampledInverse(double[][] rows, double share, double ridge, int threads, CancellationToken cancellationToken)
    {
        (_share, _ridge) = (share, ridge);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        foreach (var row in rows)
        {
            var column = new double[_rows.Count];
            Parallel.For(0, column.Length, options, j => column[j] = share * DoubleKernels.Dot(row, _rows[j]));
            // A row that the factor can't tell from those before it adds nothing to the inverse.
            if (_factor.TryAppend(column, share * DoubleKernels.Dot(row, row) + ridge)) _rows.Add(row);
        }
    }

    /// <summary>The inverse times a vector.</summary>
    /// <param name="vector">[d].</param>
    /// <param name="destination">[d]; not the vector's memory.</param>
    public void Multiply(ReadOnlySpan<double> vector, Span<double> destination)
    {
        var products = new double[_rows.Count];
        for (var j = 0; j < products.Length; j++) products[j] = DoubleKernels.Dot(_rows[j], vector);
        _factor.Solve(products, products);
        vector.CopyTo(destination);
        for (var j = 0; j < products.Length; j++) DoubleKernels.Axpy(-_share * products[j], _rows[j], destination);
        TensorPrimitives.Divide(destination, _ridge, destination);
    }
}
