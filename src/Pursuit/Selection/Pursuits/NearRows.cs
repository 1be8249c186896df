using Pursuit.Numerics;
using Pursuit.Selection.Features;

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
