using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>Chosen rows that others are compared with: fills pass over what is already there in other words.</summary>
internal sealed class NearRows(int dimension, double cosine)
{
    /// <summary>Above this cosine to a chosen row a fill is passed over.</summary>
    public const double FillCosine = 0.99;

    private readonly List<float[]> _directions = [];

    /// <summary>The cosine above which a row is near.</summary>
    public double Cosine => cosine;

    /// <summary>Adds a row.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        var norm = Math.Sqrt(GradientRows.Dot(row, row));
        var direction = new float[dimension];
        for (var k = 0; k < dimension; k++) direction[k] = (float)(row[k] / norm);
        _directions.Add(direction);
    }

    /// <summary>True where the row's cosine to some added row is above the limit.</summary>
    public bool IsNear(ReadOnlySpan<float> row)
    {
        var limit = cosine * Math.Sqrt(GradientRows.Dot(row, row));
        foreach (var direction in _directions)
            if (DotProduct.Of(row, direction) > limit) return true;
        return false;
    }
}

/// <summary>Two chosen rows that point the same way.</summary>
/// <param name="First">The better-ranked one's position in the pool.</param>
/// <param name="Second">The other's.</param>
/// <param name="Cosine">Their cosine.</param>
internal readonly record struct NearDuplicate(int First, int Second, double Cosine);

/// <summary>Finds chosen rows that say nearly the same.</summary>
internal static class NearDuplicates
{
    /// <summary>Above this cosine two chosen rows are reported.</summary>
    public const double ReportCosine = 0.95;

    // Two blocks of a few thousand numbers a row stay in the caches.
    private const int BlockRows = 256;

    /// <summary>All pairs above the cosine, by rank.</summary>
    /// <param name="rows">Where the chosen rows are.</param>
    /// <param name="positions">Chosen positions in rank order.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public static List<NearDuplicate> Among(GradientRows rows, int[] positions, CancellationToken cancellationToken)
    {
        var pairs = new List<NearDuplicate>();
        var dimension = rows.Dimension;
        var left = new float[BlockRows * dimension];
        var right = new float[BlockRows * dimension];
        var products = new float[BlockRows * BlockRows];
        for (var a = 0; a < positions.Length; a += BlockRows)
        {
            var first = positions.AsSpan(a, Math.Min(BlockRows, positions.Length - a));
            rows.Gather(first, left);
            for (var b = a; b < positions.Length; b += BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var second = positions.AsSpan(b, Math.Min(BlockRows, positions.Length - b));
                rows.Gather(second, right);
                Gemm.Multiply(
                    false, true, first.Length, second.Length, dimension, 1, left, dimension, right, dimension, 0, products, BlockRows);
                for (var i = 0; i < first.Length; i++)
                {
                    for (var k = a == b ? i + 1 : 0; k < second.Length; k++)
                    {
                        var lengths = rows.Norms[first[i]] * rows.Norms[second[k]];
                        var cosine = lengths > 0 ? products[i * BlockRows + k] / lengths : 0;
                        if (cosine > ReportCosine) pairs.Add(new NearDuplicate(first[i], second[k], Math.Min(1, cosine)));
                    }
                }
            }
        }

        var rank = positions.Index().ToDictionary(x => x.Item, x => x.Index);
        return [.. pairs.OrderBy(p => rank[p.First]).ThenBy(p => rank[p.Second])];
    }
}
