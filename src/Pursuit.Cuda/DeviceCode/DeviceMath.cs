using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// Functions in plain arithmetic, as <see cref="Pursuit.Numerics.SimdMath"/> has them for vectors: a card's own are approximate, and those
/// of NVIDIA's library need a toolkit.
/// </summary>
internal static class DeviceMath
{
    private const float Log2E = 1.44269504088896341f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>The larger of two; NaN if one is.</summary>
    public static float Larger(float x, float y) => x > y || float.IsNaN(x) ? x : y;

    /// <summary>The smaller of two; NaN if one is.</summary>
    public static float Smaller(float x, float y) => x < y || float.IsNaN(x) ? x : y;

    /// <summary>exp(x) to about 1 unit in the last place (Cephes' expf); x is clamped to [-87.3, 88.3], NaN stays NaN.</summary>
    public static float Exp(float x)
    {
        if (x > 88.3f) x = 88.3f;
        if (x < -87.3f) x = -87.3f;
        var n = (int)(x * Log2E + (x < 0 ? -0.5f : 0.5f));
        var r = x - n * Ln2High - n * Ln2Low;
        var p = 1.9875691500e-4f * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * (r * r) + (r + 1f);
        return p * Interop.IntAsFloat((uint)(n + 127) << 23);
    }

    /// <summary>log(x) of a positive normal number to about 1 unit in the last place (Cephes' logf); NaN stays NaN.</summary>
    public static float Log(float x)
    {
        var bits = Interop.FloatAsInt(x);
        var exponent = (int)(bits >> 23) - 126;
        var m = Interop.IntAsFloat((bits & 0x7FFFFFu) | 0x3F000000u); // in [0.5, 1)
        if (m < 0.70710678118654752f)
        {
            exponent--;
            m += m;
        }

        m -= 1f;
        var square = m * m;
        var p = 7.0376836292e-2f * m - 1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m - 1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m - 1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m - 2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        p = p * m * square + exponent * Ln2Low - 0.5f * square;
        var log = m + p + exponent * Ln2High;
        return float.IsNaN(x) ? x : log;
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static float Sigmoid(float x) => 1f / (1f + Exp(-x));

    /// <summary>tanh(x) to a few units in the last place: an odd polynomial over an even one (Eigen's).</summary>
    public static float Tanh(float x)
    {
        if (x > 7.90531110763549805f) x = 7.90531110763549805f;
        if (x < -7.90531110763549805f) x = -7.90531110763549805f;
        var square = x * x;
        var p = square * -2.76076847742355e-16f + 2.00018790482477e-13f;
        p = square * p + -8.60467152213735e-11f;
        p = square * p + 5.12229709037114e-08f;
        p = square * p + 1.48572235717979e-05f;
        p = square * p + 6.37261928875436e-04f;
        p = square * p + 4.89352455891786e-03f;
        var q = square * 1.19825839466702e-06f + 1.18534705686654e-04f;
        q = square * q + 2.26843463243900e-03f;
        q = square * q + 4.89352518554385e-03f;
        return x * p / q;
    }

    /// <summary>The normal distribution's Phi(x), to about 2e-7 of the smaller tail (Numerical Recipes, section 6.2).</summary>
    public static float NormalProbability(float x)
    {
        var z = 0.70710678118654752f * (x < 0 ? x : -x); // -|x| / sqrt(2)
        var t = 1f / (-0.5f * z + 1f);
        var p = t * 0.17087277f + -0.82215223f;
        p = t * p + 1.48851587f;
        p = t * p + -1.13520398f;
        p = t * p + 0.27886807f;
        p = t * p + -0.18628806f;
        p = t * p + 0.09678418f;
        p = t * p + 0.37409196f;
        p = t * p + 1.00002368f;
        p = t * p + -1.26551223f;
        var tail = 0.5f * t * Exp(p - z * z);
        return x < 0 ? tail : 1f - tail;
    }
}
