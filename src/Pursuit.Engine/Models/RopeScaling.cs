namespace Pursuit.Engine.Models;

/// <summary>How rotary frequencies are changed for longer contexts.</summary>
internal enum RopeScalingKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All divided by the factor.</summary>
    Linear,

    /// <summary>Llama 3: low frequencies divided by the factor, high ones kept, a ramp between.</summary>
    Llama3,
}

/// <summary>The scaling of rotary frequencies.</summary>
/// <param name="Kind">Which formula.</param>
/// <param name="Factor">Divides frequencies; at least 1.</param>
/// <param name="LowFrequencyFactor">Llama 3: wavelengths over original / this are divided by the factor.</param>
/// <param name="HighFrequencyFactor">Llama 3: wavelengths under original / this are kept.</param>
/// <param name="OriginalPositions">Llama 3: the context before the extension.</param>
internal sealed record RopeScaling(
    RopeScalingKind Kind, double Factor = 1, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalPositions = 8192)
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new(RopeScalingKind.None);

    /// <summary>The angle per position of each pair [headSize / 2].</summary>
    /// <param name="headSize">Values per head.</param>
    /// <param name="theta">Base of the angles.</param>
    public double[] Frequencies(int headSize, double theta)
    {
        var frequencies = new double[headSize / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = Scale(Math.Pow(theta, -2.0 * i / headSize));
        return frequencies;
    }

    /// <summary>Rows of cos [headSize / 2] then sin [headSize / 2] for positions 0 to positions - 1.</summary>
    public float[] Table(int positions, int headSize, double theta)
    {
        var frequencies = Frequencies(headSize, theta);
        var half = headSize / 2;
        var table = new float[checked(positions * headSize)];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = Math.SinCos(position * frequencies[i]);
                table[position * headSize + i] = (float)cos;
                table[position * headSize + half + i] = (float)sin;
            }
        }

        return table;
    }

    internal void AddFaults(List<string> faults)
    {
        if (Kind == RopeScalingKind.None)
            return;
        if (!(Factor >= 1) || !double.IsFinite(Factor))
            faults.Add(FormattableString.Invariant($"rope_scaling.factor is {Factor}, at least 1 is needed"));
        if (Kind != RopeScalingKind.Llama3)
            return;
        if (!(LowFrequencyFactor > 0) || !(HighFrequencyFactor > LowFrequencyFactor))
            faults.Add(FormattableString.Invariant($"rope_scaling's low_freq_factor {LowFrequencyFactor} and ")
                + FormattableString.Invariant($"high_freq_factor {HighFrequencyFactor} must be positive and rising"));
        if (OriginalPositions < 1)
            faults.Add($"rope_scaling.original_max_position_embeddings is {OriginalPositions}, at least 1 is needed");
    }

    private double Scale(double frequency)
    {
        if (Kind == RopeScalingKind.None)
            return frequency;
        if (Kind == RopeScalingKind.Linear)
            return frequency / Factor;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalPositions / HighFrequencyFactor)
            return frequency;
        if (wavelength > OriginalPositions / LowFrequencyFactor)
            return frequency / Factor;
        var smooth = (OriginalPositions / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - smooth) * frequency / Factor + smooth * frequency;
    }
}
