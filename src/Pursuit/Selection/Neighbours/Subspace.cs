using Pursuit.Numerics;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// A few orthonormal directions in which some rows lie most, found by subspace iteration. For any x and y,
/// x.y is at most Px.Py + ||x - Px|| ||y - Py||: products in the subspace bound products in the whole space.
/// </summary>
internal sealed class Subspace
{
    private const int Iterations = 6;

    // What rounding the directions to single leaves of ||PP' - I||, with room: part of every bound that uses them.
    private const double Orthogonality = 2e-5;

    private readonly float[] _directions;
    private readonly int _dimension;

    private Subspace(float[] directions, int size, int dimension)
    {
        _directions = directions;
        Size = size;
        _dimension = dimension;
    }

    /// <summary>Directions, r.</summary>
    public int Size { get; }

    /// <summary>Numbers of a reduced row: r products and the length of what they leave.</summary>
    public int Width => Size + 1;

    /// <summary>The bound for products of reduced rows.</summary>
    public ProductBound Bound => new(Width, 2 * new ProductBound(_dimension).Slack + Orthogonality);

    /// <summary>The first few of the directions.</summary>
    public Subspace First(int size) => new(_directions, size, _dimension);

    /// <summary>The directions of largest second moment of some rows, most important first as a rule.</summary>
    /// <param name="rows">[count, dimension].</param>
    /// <param name="count">Rows, 1 or more.</param>
    /// <param name="dimension">Numbers per row.</param>
    /// <param name="size">Directions, at most the dimension.</param>
    public static Subspace Find(ReadOnlySpan<float> rows, int count, int dimension, int size)
    {
        var random = new SeededRandom(0, "subspace");
        var directions = new float[size * dimension];
        foreach (ref var value in directions.AsSpan()) value = (float)random.NextGaussian();
        Orthonormalize(directions, size, dimension, random);
        var products = new float[count * size];
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            Gemm.Multiply(false, true, count, size, dimension, 1, rows, dimension, directions, dimension, 0, products, size);
            Gemm.Multiply(true, false, size, dimension, count, 1, products, size, rows, dimension, 0, directions, dimension);
            Orthonormalize(directions, size, dimension, random);
        }

        return new Subspace(directions, size, dimension);
    }

    /// <summary>Writes each row's products with the directions and a bound on the length of what they leave.</summary>
    /// <param name="rows">[count, dimension].</param>
    /// <param name="count">Rows.</param>
    /// <param name="squaredNorms">Each row's ||x||^2, [count].</param>
    /// <param name="reduced">[count, Width], overwritten.</param>
    public void Reduce(ReadOnlySpan<float> rows, int count, ReadOnlySpan<float> squaredNorms, Span<float> reduced)
    {
        Gemm.Multiply(false, true, count, Size, _dimension, 1, rows, _dimension, _directions, _dimension, 0, reduced, Width);
        var slack = 2 * new ProductBound(_dimension).Slack + Orthogonality;
        for (var i = 0; i < count; i++)
        {
            var row = reduced.Slice(i * Width, Width);
            var inside = Size == 0 ? 0 : DotProduct.SquaredNorm(row[..Size]);
            row[Size] = (float)Math.Sqrt(Math.Max(0, squaredNorms[i] - inside) + slack * squaredNorms[i]);
        }
    }

    /// <summary>Gram and Schmidt, twice, in double precision; a direction that vanishes is drawn anew.</summary>
    private static void Orthonormalize(float[] directions, int size, int dimension, SeededRandom random)
    {
        var basis = Array.ConvertAll(directions, x => (double)x);
        for (var a = 0; a < size; a++)
        {
            var row = basis.AsSpan(a * dimension, dimension);
            while (!Isolate(basis, a, row))
                foreach (ref var value in row) value = random.NextGaussian();
        }

        for (var k = 0; k < directions.Length; k++) directions[k] = (float)basis[k];
    }

    private static bool Isolate(double[] basis, int a, Span<double> row)
    {
        for (var time = 0; time < 2; time++)
        {
            var before = Math.Sqrt(DoubleKernels.Dot(row, row));
            for (var b = 0; b < a; b++)
            {
                ReadOnlySpan<double> other = basis.AsSpan(b * row.Length, row.Length);
                DoubleKernels.Axpy(-DoubleKernels.Dot(row, other), other, row);
            }

            var norm = Math.Sqrt(DoubleKernels.Dot(row, row));
            // What is left of a direction among the others is rounding: double keeps 1e-16 of it, and 1e-9 leaves seven digits.
            if (!(norm > 1e-9 * before) || !double.IsFinite(norm)) return false;
            foreach (ref var value in row) value /= norm;
        }

        return true;
    }
}
