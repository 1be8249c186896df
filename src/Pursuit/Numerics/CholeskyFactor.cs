using System.Runtime.InteropServices;

namespace Pursuit.Numerics;

/// <summary>
/// The Cholesky factor L of a symmetric positive definite matrix, G = L L^T, in double precision, that grows by one row
/// and column at a time, as orthogonal matching pursuit adds one column per step (Rubinstein et al., 2008, section 3).
/// </summary>
internal sealed class CholeskyFactor
{
    /// <summary>Row i holds i + 1 numbers; rows stand one after the other.</summary>
    private readonly List<double> _lower = [];

    /// <summary>Rows and columns so far.</summary>
    public int Size { get; private set; }

    /// <summary>Appends a row and column; costs Size^2 operations.</summary>
    /// <param name="column">G[new, 0..Size-1].</param>
    /// <param name="diagonal">G[new, new], ridge included.</param>
    /// <param name="tolerance">Smallest squared pivot accepted, relative to the diagonal; default 1e-12.</param>
    /// <returns>
    /// False, with nothing changed, when the new column depends on those before: its squared pivot isn't above the tolerance.
    /// </returns>
    /// <exception cref="PursuitException">The column has another length than <see cref="Size"/>.</exception>
    public bool TryAppend(ReadOnlySpan<double> column, double diagonal, double tolerance = 1e-12)
    {
        if (column.Length != Size)
            throw PursuitException.At(
                "CholeskyFactor", $"a column of {column.Length} numbers for a factor of size {Size}", $"{Size} numbers");
        var start = _lower.Count;
        CollectionsMarshal.SetCount(_lower, start + Size + 1);
        var row = CollectionsMarshal.AsSpan(_lower)[start..];
        SolveLower(column, row[..Size]);
        var pivot = diagonal - Dot(row[..Size], row[..Size]);
        if (!(pivot > tolerance * diagonal)) // false for NaN as well
        {
            CollectionsMarshal.SetCount(_lower, start);
            return false;
        }

        row[Size] = Math.Sqrt(pivot);
        Size++;
        return true;
    }

    /// <summary>
    /// Removes a row and column: what is right of the diagonal afterwards is rotated away (Golub and Van Loan, Matrix
    /// Computations, section 6.5.2); costs at most 3 Size^2 operations.
    /// </summary>
    /// <param name="index">Its place, 0 to Size - 1.</param>
    /// <exception cref="PursuitException">There is no such row.</exception>
    public void RemoveAt(int index)
    {
        if (index < 0 || index >= Size)
            throw PursuitException.At("CholeskyFactor", $"row {index} of a factor of size {Size}", $"0 to {Size - 1}");
        var lower = CollectionsMarshal.AsSpan(_lower);
        for (var c = index; c + 1 < Size; c++)
        {
            var diagonal = lower.Slice(RowStart(c + 1), c + 2);
            var length = Math.Sqrt(diagonal[c] * diagonal[c] + diagonal[c + 1] * diagonal[c + 1]);
            var cosine = diagonal[c] / length;
            var sine = diagonal[c + 1] / length;
            for (var i = c + 1; i < Size; i++)
            {
                var row = lower.Slice(RowStart(i), i + 1);
                (row[c], row[c + 1]) = (cosine * row[c] + sine * row[c + 1], cosine * row[c + 1] - sine * row[c]);
            }
        }

        for (var i = index + 1; i < Size; i++)
            lower.Slice(RowStart(i), i).CopyTo(lower[RowStart(i - 1)..]);
        Size--;
        CollectionsMarshal.SetCount(_lower, RowStart(Size));
    }

    /// <summary>Solves G x = right; costs 2 Size^2 operations.</summary>
    /// <param name="right">[Size].</param>
    /// <param name="destination">[Size], x; may be the same memory as <paramref name="right"/>.</param>
    /// <exception cref="PursuitException">A span has another length than <see cref="Size"/>.</exception>
    public void Solve(ReadOnlySpan<double> right, Span<double> destination)
    {
        if (right.Length != Size || destination.Length != Size)
            throw PursuitException.At("CholeskyFactor", $"spans of {right.Length} and {destination.Length} numbers", $"{Size} each");
        SolveLower(right, destination);
        SolveTransposed(destination);
    }

    /// <summary>Solves L^T x = values in place; costs Size^2 operations.</summary>
    /// <param name="values">[Size].</param>
    public void SolveTransposed(Span<double> values)
    {
        var lower = CollectionsMarshal.AsSpan(_lower);
        for (var i = Size - 1; i >= 0; i--)
        {
            var row = lower.Slice(RowStart(i), i + 1);
            values[i] /= row[i];
            DoubleKernels.Axpy(-values[i], row[..i], values[..i]);
        }
    }

    /// <summary>Forgets everything; the memory stays for reuse.</summary>
    public void Clear()
    {
        _lower.Clear();
        Size = 0;
    }

    private static int RowStart(int row) => checked((int)((long)row * (row + 1) / 2));

    private void SolveLower(ReadOnlySpan<double> right, Span<double> destination)
    {
        var lower = CollectionsMarshal.AsSpan(_lower);
        for (var i = 0; i < Size; i++)
        {
            var row = lower.Slice(RowStart(i), i + 1);
            destination[i] = (right[i] - Dot(row[..i], destination[..i])) / row[i];
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => DoubleKernels.Dot(a, b);
}
