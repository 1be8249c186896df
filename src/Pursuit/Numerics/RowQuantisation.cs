using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pursuit.Numerics;

/// <summary>Rows as signed bytes with one scale: a quarter of single precision's room, each number off by at most half the scale.</summary>
internal static class RowQuantisation
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

    /// <summary>As <see cref="ToInt8"/> but many times as fast: rounded in single precision, and with what it costs.</summary>
    /// <param name="row">Finite numbers.</param>
    /// <param name="bytes">As long as the row.</param>
    /// <returns>
    /// The scale; ||row - scale bytes||, right to a thousandth of itself and a millionth of the length; ||scale bytes||, right to a
    /// thousandth.
    /// </returns>
    internal static CoarseRow ToInt8Coarsely(ReadOnlySpan<float> row, Span<sbyte> bytes)
    {
        var largest = row.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(row));
        var (scale, inverse) = (largest / Largest, Largest / largest);
        if (!(largest > 0) || !float.IsNormal(scale) || !float.IsFinite(inverse))
        {
            bytes.Clear();
            // In double precision: a row so short has squares that singles don't hold.
            var square = 0.0;
            foreach (var number in row) square += (double)number * number;
            return new CoarseRow(0, Math.Sqrt(square), 0);
        }

        // In units of the scale, so that squares of small numbers don't vanish.
        Vector256<float> errors = default, lengths = default;
        var k = 0;
        ref var numbers = ref MemoryMarshal.GetReference(row);
        for (; k + 4 * Vector256<float>.Count <= row.Length; k += 4 * Vector256<float>.Count)
        {
            var a = Vector256.LoadUnsafe(ref numbers, (nuint)k) * inverse;
            var b = Vector256.LoadUnsafe(ref numbers, (nuint)k + 8) * inverse;
            var c = Vector256.LoadUnsafe(ref numbers, (nuint)k + 16) * inverse;
            var d = Vector256.LoadUnsafe(ref numbers, (nuint)k + 24) * inverse;
            var (ra, rb, rc, rd) = (Vector256.Round(a), Vector256.Round(b), Vector256.Round(c), Vector256.Round(d));
            var (ea, eb, ec, ed) = (a - ra, b - rb, c - rc, d - rd);
            errors += ea * ea + eb * eb + (ec * ec + ed * ed);
            lengths += ra * ra + rb * rb + (rc * rc + rd * rd);
            var low = Vector256.Narrow(Vector256.ConvertToInt32(ra), Vector256.ConvertToInt32(rb));
            Vector256.Narrow(low, Vector256.Narrow(Vector256.ConvertToInt32(rc), Vector256.ConvertToInt32(rd))).CopyTo(bytes[k..]);
        }

        var (error, length) = ((double)Vector256.Sum(errors), (double)Vector256.Sum(lengths));
        for (; k < row.Length; k++)
        {
            var number = row[k] * inverse;
            var rounded = MathF.Round(number);
            bytes[k] = (sbyte)rounded;
            error += (number - rounded) * (number - rounded);
            length += rounded * rounded;
        }

        return new CoarseRow(scale, Math.Sqrt(error) * scale, Math.Sqrt(length) * scale);
    }
}

/// <summary>What bytes are of a row.</summary>
/// <param name="Scale">What bytes are multiplied by.</param>
/// <param name="Error">||row - scale bytes||.</param>
/// <param name="Length">||scale bytes||.</param>
internal readonly record struct CoarseRow(float Scale, double Error, double Length);
