using System.Numerics;
using System.Runtime.Intrinsics;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// Finds the pairs whose squared distance can be within a limit from single-precision products: everything it passes over is
/// certainly farther, whatever the products' rounding.
/// </summary>
/// <remarks>
/// |fl(x.y) - x.y| is at most gamma ||x|| ||y|| with gamma = terms x 2^-24 (Higham, "Accuracy and stability of numerical
/// algorithms", 3.1), and 2 ||x|| ||y|| at most ||x||^2 + ||y||^2. So (1 - e) ||x||^2 - 2 fl(x.y) above limit - (1 - e) ||y||^2
/// puts the pair beyond the limit, with e a few times gamma to cover the norms' and this sum's own rounding.
/// </remarks>
internal readonly struct ProductBound
{
    private readonly float _keep;

    /// <summary>The bound for products of some length.</summary>
    /// <param name="terms">Numbers per vector.</param>
    /// <param name="extra">More relative error that the products have.</param>
    public ProductBound(int terms, double extra = 0)
    {
        // A product is summed in spans of at most 512 terms that are then added up.
        Slack = 4 * (Math.Min(terms, 512) + terms / 512 + 16) * Math.Pow(2, -24) + extra;
        _keep = (float)(1 - Slack);
    }

    /// <summary>e: the relative room for rounding.</summary>
    public double Slack { get; }

    /// <summary>What a right-hand side's product is compared with: limit - (1 - e) ||y||^2.</summary>
    public float Limit(double squaredDistance, double squaredNorm) =>
        double.IsPositiveInfinity(squaredDistance)
            ? float.PositiveInfinity
            : (float)(squaredDistance - (1 - Slack) * squaredNorm + Slack * 0.1 * (squaredDistance + squaredNorm));

    /// <summary>Writes the right-hand sides whose pair with one row can be within its limit.</summary>
    /// <param name="squaredNorm">The row's ||x||^2.</param>
    /// <param name="products">x.y for each right-hand side.</param>
    /// <param name="limits">Each one's <see cref="Limit"/>.</param>
    /// <param name="found">Room for all of them.</param>
    /// <returns>How many were found, ascending.</returns>
    public int Within(float squaredNorm, ReadOnlySpan<float> products, ReadOnlySpan<float> limits, Span<int> found)
    {
        var kept = _keep * squaredNorm;
        var norms = Vector512.Create(kept);
        var two = Vector512.Create(-2f);
        var count = 0;
        var j = 0;
        for (; j + 16 <= products.Length; j += 16)
        {
            var least = Vector512.FusedMultiplyAdd(two, Vector512.Create(products[j..]), norms);
            for (var mask = Vector512.LessThanOrEqual(
                least, Vector512.Create(limits[j..])).ExtractMostSignificantBits(); mask != 0; mask &= mask - 1)
                found[count++] = j + BitOperations.TrailingZeroCount(mask);
        }

        for (; j < products.Length; j++)
            if (MathF.FusedMultiplyAdd(-2, products[j], kept) <= limits[j]) found[count++] = j;
        return count;
    }
}
