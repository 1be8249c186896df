using System.Runtime.InteropServices;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// What is known of a row of logits x after some blocks of the vocabulary, m being the largest so far. Sums are in float64, so
/// that they lose nothing over a large vocabulary. A device keeps them in a buffer of float32, row after row.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PredictionSums
{
    /// <summary>Float32 values that a row's sums take the room of: three floats, one left empty, and three doubles.</summary>
    public const int Floats = 10;

    /// <summary>Nothing seen yet.</summary>
    public static PredictionSums Start { get; } = new() { Maximum = float.NegativeInfinity, Second = float.NegativeInfinity };

    /// <summary>m.</summary>
    public float Maximum { get; set; }

    /// <summary>The second largest logit; m where it stands twice.</summary>
    public float Second { get; set; }

    /// <summary>The wanted token's logit.</summary>
    public float Target { get; set; }

    /// <summary>sum exp(x - m).</summary>
    public double Sum { get; set; }

    /// <summary>sum exp(x - m)^2.</summary>
    public double SquareSum { get; set; }

    /// <summary>sum (x - m) exp(x - m).</summary>
    public double WeightedSum { get; set; }

    /// <summary>Takes a block in whose sums were made with its own largest logit.</summary>
    public void Add(in PredictionSums block)
    {
        var maximum = MathF.Max(Maximum, block.Maximum);
        var (own, other) = (Shifted(this, maximum), Shifted(block, maximum));
        Second = MathF.Max(MathF.Max(Second, block.Second), MathF.Min(Maximum, block.Maximum));
        (Maximum, Sum, SquareSum, WeightedSum) = (
            maximum, own.Sum + other.Sum, own.SquareSum + other.SquareSum, own.WeightedSum + other.WeightedSum);
    }

    /// <summary>The sums with another m.</summary>
    private static (double Sum, double SquareSum, double WeightedSum) Shifted(in PredictionSums sums, float maximum)
    {
        if (sums.Sum == 0) return default;
        var down = (double)sums.Maximum - maximum;
        var factor = Math.Exp(down);
        return (sums.Sum * factor, sums.SquareSum * factor * factor, (sums.WeightedSum + down * sums.Sum) * factor);
    }
}
