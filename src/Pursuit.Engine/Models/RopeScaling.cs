using System.Text.Json.Serialization;

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

    /// <summary>Texts longer than the original context get a larger base, by their length ("dynamic NTK").</summary>
    Dynamic,

    /// <summary>YaRN (Peng et al., 2023, arXiv 2309.00071): a ramp by turns within the original context, and a magnitude.</summary>
    Yarn,

    /// <summary>
    /// LongRoPE (Ding et al., 2024, arXiv 2402.13753): every frequency has a divisor of its own, another one in texts longer than the
    /// original context; and a magnitude.
    /// </summary>
    LongRope,
}

/// <summary>The scaling of rotary frequencies.</summary>
/// <param name="Kind">Which formula.</param>
/// <param name="Factor">Divides frequencies; at least 1.</param>
/// <param name="LowFrequencyFactor">Llama 3: wavelengths over original / this are divided by the factor.</param>
/// <param name="HighFrequencyFactor">Llama 3: wavelengths under original / this are kept.</param>
/// <param name="OriginalPositions">The context before the extension; not read by <see cref="RopeScalingKind.Linear"/>.</param>
internal sealed record RopeScaling(
    RopeScalingKind Kind, double Factor = 1, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalPositions = 8192)
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new(RopeScalingKind.None);

    /// <summary>YaRN and LongRoPE: the factor of every sine and cosine; null: 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double? Magnitude { get; init; }

    /// <summary>YaRN: turns within the original context from which a frequency is kept; null: 32.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double? FastTurns { get; init; }

    /// <summary>YaRN: turns within the original context up to which a frequency is divided; null: 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double? SlowTurns { get; init; }

    /// <summary>YaRN: whether the ramp begins and ends between frequencies instead of at whole ones.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RampsBetween { get; init; }

    /// <summary>LongRoPE: divisors of the frequencies up to the original context.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<double>? ShortFactors { get; init; }

    /// <summary>LongRoPE: divisors of the frequencies of longer texts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<double>? LongFactors { get; init; }

    /// <summary>Whether the angles of a text depend on its length.</summary>
    [JsonIgnore]
    public bool DependsOnLength => Kind is RopeScalingKind.Dynamic or RopeScalingKind.LongRope;

    /// <summary>Whether texts of one length have the angles of another's.</summary>
    public bool IsSame(int length, int other) => Kind switch
    {
        RopeScalingKind.Dynamic => Math.Max(length, OriginalPositions) == Math.Max(other, OriginalPositions),
        RopeScalingKind.LongRope => length > OriginalPositions == other > OriginalPositions,
        _ => true,
    };

    /// <summary>The angle per position of each pair [rotated / 2].</summary>
    /// <param name="rotated">Values per head that are rotated.</param>
    /// <param name="theta">Base of the angles.</param>
    /// <param name="length">Tokens of the text; read where <see cref="DependsOnLength"/>.</param>
    public double[] Frequencies(int rotated, double theta, int length = 0)
    {
        if (Kind == RopeScalingKind.Dynamic && length > OriginalPositions)
            theta *= Math.Pow(Factor * length / OriginalPositions - (Factor - 1), rotated / (rotated - 2.0));
        var frequencies = new double[rotated / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(theta, -2.0 * i / rotated);
        switch (Kind)
        {
            case RopeScalingKind.Linear:
                Divide(frequencies, _ => Factor);
                break;
            case RopeScalingKind.Llama3:
                for (var i = 0; i < frequencies.Length; i++)
                    frequencies[i] = Llama3(frequencies[i]);
                break;
            case RopeScalingKind.Yarn:
                Yarn(frequencies, rotated, theta);
                break;
            case RopeScalingKind.LongRope:
                Divide(frequencies, i => (length > OriginalPositions ? LongFactors! : ShortFactors!)[i]);
                break;
        }

        return frequencies;
    }

    /// <summary>Writes a row of cos [rotated / 2] then sin [rotated / 2] of one position.</summary>
    public void Write(int position, double[] frequencies, Span<float> row)
    {
        var (half, magnitude) = (frequencies.Length, Magnitude ?? 1);
        for (var i = 0; i < half; i++)
        {
            var (sin, cos) = Math.SinCos(position * frequencies[i]);
            row[i] = (float)(magnitude * cos);
            row[half + i] = (float)(magnitude * sin);
        }
    }

    internal void AddFaults(List<string> faults, int rotated)
    {
        if (Kind == RopeScalingKind.None)
            return;
        if (!(Factor >= 1) || !double.IsFinite(Factor))
            faults.Add(FormattableString.Invariant($"rope_scaling.factor is {Factor}, at least 1 is needed"));
        if (Kind == RopeScalingKind.Llama3 && (!(LowFrequencyFactor > 0) || !(HighFrequencyFactor > LowFrequencyFactor)))
            faults.Add(FormattableString.Invariant($"rope_scaling's low_freq_factor {LowFrequencyFactor} and ")
                + FormattableString.Invariant($"high_freq_factor {HighFrequencyFactor} must be positive and rising"));
        if (Kind != RopeScalingKind.Linear && OriginalPositions < 1)
            faults.Add($"rope_scaling.original_max_position_embeddings is {OriginalPositions}, at least 1 is needed");
        if (Magnitude is { } magnitude && (!(magnitude > 0) || !double.IsFinite(magnitude)))
            faults.Add(FormattableString.Invariant($"rope_scaling.attention_factor is {magnitude}, a positive number is needed"));
        if (Kind == RopeScalingKind.Dynamic && rotated < 4)
            faults.Add($"rope_scaling of type dynamic over {rotated} rotated values, at least 4 are needed");
        if (Kind == RopeScalingKind.Yarn && (!(SlowTurns is null or > 0) || !((FastTurns ?? 32) > (SlowTurns ?? 1))))
            faults.Add(FormattableString.Invariant($"rope_scaling's beta_slow {SlowTurns ?? 1} and beta_fast {FastTurns ?? 32} must be ")
                + "positive and rising");
        if (Kind != RopeScalingKind.LongRope)
            return;
        foreach (var (name, factors) in new[] { ("short_factor", ShortFactors), ("long_factor", LongFactors) })
        {
            if (factors?.Count != rotated / 2)
                faults.Add($"rope_scaling.{name} has {factors?.Count ?? 0} numbers, {rotated / 2} are needed for {rotated} rotated values");
            else if (factors.Any(f => !(f > 0) || !double.IsFinite(f)))
                faults.Add($"rope_scaling.{name} has a number that is not positive");
        }
    }

    private static void Divide(double[] frequencies, Func<int, double> divisor)
    {
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] /= divisor(i);
    }

    private double Llama3(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalPositions / HighFrequencyFactor)
            return frequency;
        if (wavelength > OriginalPositions / LowFrequencyFactor)
            return frequency / Factor;
        var smooth = (OriginalPositions / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - smooth) * frequency / Factor + smooth * frequency;
    }

    private void Yarn(double[] frequencies, int rotated, double theta)
    {
        var (low, high) = (PairOf(FastTurns ?? 32), PairOf(SlowTurns ?? 1));
        if (!RampsBetween)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, rotated - 1));
        if (low == high)
            high += 0.001; // the reference code's own way past a division by 0
        for (var i = 0; i < frequencies.Length; i++)
        {
            var divided = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = frequencies[i] / Factor * divided + frequencies[i] * (1 - divided);
        }

        // The pair whose frequency makes a number of turns within the original context.
        double PairOf(double turns) => rotated * Math.Log(OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
