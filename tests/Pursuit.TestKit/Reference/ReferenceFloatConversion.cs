using Pursuit.Numerics;

namespace Pursuit.TestKit.Reference;

/// <summary>The plain twins of <see cref="FloatConversion"/>.</summary>
internal static class ReferenceFloatConversion
{
    /// <summary>The bf16 number nearest to <paramref name="value"/>: of its two neighbours the nearer, on a tie the even one.</summary>
    public static ushort SingleToBFloat16(float value)
    {
        var upper = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        if (float.IsNaN(value))
            return (ushort)(upper | 0x40);
        if (float.IsInfinity(value))
            return upper;

        // The upper half is the neighbour nearer to 0; one more is the neighbour away from 0, at the end "infinity",
        // which rounding treats as the next power of two.
        var below = (double)FloatConversion.ToSingle(upper);
        var above = (upper & 0x7FFF) == 0x7F7F ? Math.CopySign(Math.ScaleB(1, 128), value) : FloatConversion.ToSingle((ushort)(upper + 1));
        var toBelow = Math.Abs(value - below);
        var toAbove = Math.Abs(above - value);
        return toBelow < toAbove || (toBelow == toAbove && (upper & 1) == 0) ? upper : (ushort)(upper + 1);
    }

    /// <summary>A bf16 number by its definition: sign, exponent, fraction.</summary>
    public static float BFloat16ToSingle(ushort value)
    {
        var sign = (value & 0x8000) != 0 ? -1.0 : 1.0;
        var exponent = (value >> 7) & 0xFF;
        var fraction = value & 0x7F;
        return exponent switch
        {
            255 => fraction == 0 ? (float)(sign * double.PositiveInfinity) : float.NaN,
            0 => (float)(sign * Math.ScaleB(fraction, -133)),
            _ => (float)(sign * Math.ScaleB(fraction + 128, exponent - 134)),
        };
    }

    /// <summary>An fp16 number by its definition: sign, exponent, fraction.</summary>
    public static float HalfToSingle(ushort value)
    {
        var sign = (value & 0x8000) != 0 ? -1.0 : 1.0;
        var exponent = (value >> 10) & 0x1F;
        var fraction = value & 0x3FF;
        return exponent switch
        {
            31 => fraction == 0 ? (float)(sign * double.PositiveInfinity) : float.NaN,
            0 => (float)(sign * Math.ScaleB(fraction, -24)),
            _ => (float)(sign * Math.ScaleB(fraction + 1024, exponent - 25)),
        };
    }
}
