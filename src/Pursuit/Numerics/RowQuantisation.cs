using System.Numerics.Tensors;

namespace Pursuit.Numerics;

/// <summary>Rows as signed bytes with one scale: a quarter of single precision's room, each number off by at most half the scale.</summary>
public static class RowQuantisation
{
    /// <summary>The largest byte; -128 isn't used, so that a row and its opposite differ in sign alone.</summary>
    public const int Largest = 127;

    /// <summary>bytes[k] = round(row[k] / scale), to nearest, ties to even, with scale = max |row| / 127.</summary>
    /// <param name="row">Finite numbers.</param>
    /// <param name="bytes">As long as the row.</param>
    /// <returns>The scale; 0 for a row of zeros, whose bytes are zeros.</returns>
    /// <exception cref="PursuitException">The lengths differ, or the row holds NaN or infinity.</exception>
    public static float ToInt8(ReadOnlySpan<float> row, Span<sbyte> bytes)
    {
        if (row.Length != bytes.Length)
            throw PursuitException.At("RowQuantisation", $"{row.Length} numbers for {bytes.Length} bytes", "as many");
        var largest = row.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(row));
        if (!float.IsFinite(largest))
            throw PursuitException.At("RowQuantisation", $"a row whose largest number is {largest}", "finite numbers");
        var scale = largest / Largest;
        if (!(scale > 0)) // also where the scale is too small for a single
        {
            bytes.Clear();
            return 0;
        }

        var inverse = 1.0 / scale;
        for (var k = 0; k < row.Length; k++) bytes[k] = (sbyte)Math.Clamp(Math.Round(row[k] * inverse), -Largest, Largest);
        return scale;
    }
}
