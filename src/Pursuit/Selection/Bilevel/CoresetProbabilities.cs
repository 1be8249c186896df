namespace Pursuit.Selection.Bilevel;

/// <summary>
/// The probabilities s of a coreset's members, moved by Adam along an estimated gradient and put back into {0 &lt;= s &lt;= 1, sum s &lt;=
/// K} (Zhou et al., 2022, algorithm 1).
/// </summary>
internal sealed class CoresetProbabilities
{
    private const double FirstDecay = 0.9, SecondDecay = 0.999, Epsilon = 1e-8;

    /// <summary>The gradient's norm is at most this.</summary>
    private const double LargestGradient = 3;

    private readonly double[] _first;
    private readonly double[] _second;
    private readonly double _most;
    private readonly double _learningRate;
    private int _steps;

    /// <summary>All equally likely.</summary>
    /// <param name="count">Candidates.</param>
    /// <param name="most">K.</param>
    /// <param name="learningRate">Adam's.</param>
    public CoresetProbabilities(int count, int most, double learningRate)
    {
        (_most, _learningRate) = (most, learningRate);
        Values = new double[count];
        Array.Fill(Values, Math.Min(1, (double)most / count));
        _first = new double[count];
        _second = new double[count];
    }

    /// <summary>s, [candidates].</summary>
    public double[] Values { get; }

    /// <summary>
    /// The policy gradient (1/(J-1)) sum_j (L_j - Lbar) (m_j - s) / (s (1 - s)) of the expected loss, unbiased for two coresets or more. A
    /// member that is certain, one way or the other, has none.
    /// </summary>
    /// <param name="probabilities">s, [candidates].</param>
    /// <param name="members">m, [coresets][candidates], drawn with probabilities s.</param>
    /// <param name="losses">L, [coresets].</param>
    public static double[] Gradient(double[] probabilities, bool[][] members, double[] losses)
    {
        var mean = losses.Average();
        var gradient = new double[probabilities.Length];
        for (var i = 0; i < gradient.Length; i++)
        {
            var s = probabilities[i];
            if (s is <= 0 or >= 1) continue;
            var sum = 0.0;
            for (var j = 0; j < losses.Length; j++) sum += (losses[j] - mean) * ((members[j][i] ? 1 : 0) - s);
            gradient[i] = sum / ((losses.Length - 1) * s * (1 - s));
        }

        return gradient;
    }

    /// <summary>The nearest point of {0 &lt;= s &lt;= 1, sum s &lt;= most}: clip(s - v, 0, 1) with the least v that suffices.</summary>
    public static void Project(double[] values, double most)
    {
        double Sum(double shift) => values.Sum(value => Math.Clamp(value - shift, 0, 1));
        var (low, high) = (0.0, Math.Max(0, values.Max()));
        if (Sum(0) <= most) high = 0;
        // Halved until no number lies between: the sum at the upper end is never above most.
        while (low + (high - low) / 2 is var middle && middle > low && middle < high)
        {
            if (Sum(middle) > most) low = middle;
            else high = middle;
        }

        for (var i = 0; i < values.Length; i++) values[i] = Math.Clamp(values[i] - high, 0, 1);
    }

    /// <summary>One step of Adam (Kingma and Ba, 2015) down a gradient, clipped to length 3, and back.</summary>
    public void Step(double[] gradient)
    {
        _steps++;
        var norm = Math.Sqrt(gradient.Sum(g => g * g));
        var factor = norm > LargestGradient ? LargestGradient / norm : 1;
        for (var i = 0; i < gradient.Length; i++)
        {
            var g = factor * gradient[i];
            _first[i] = FirstDecay * _first[i] + (1 - FirstDecay) * g;
            _second[i] = SecondDecay * _second[i] + (1 - SecondDecay) * g * g;
            var mean = _first[i] / (1 - Math.Pow(FirstDecay, _steps));
            var square = _second[i] / (1 - Math.Pow(SecondDecay, _steps));
            Values[i] -= _learningRate * mean / (Math.Sqrt(square) + Epsilon);
        }

        Project(Values, _most);
    }
}
