namespace Pursuit.Engine.Statistics;

/// <summary>The variance of each of many numbers over a few states, a state at a time (Welford, 1962).</summary>
/// <param name="count">Numbers.</param>
internal sealed class RunningVariance(int count)
{
    private readonly float[] _means = new float[count];
    private readonly float[] _squares = new float[count];

    /// <summary>Takes some of the numbers at one more state.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="values">Their values.</param>
    /// <param name="state">Which state, counted from 1; each number comes once a state, in their order.</param>
    public void Add(int first, ReadOnlySpan<float> values, int state)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var off = values[i] - _means[first + i];
            _means[first + i] += off / state;
            _squares[first + i] += off * (values[i] - _means[first + i]);
        }
    }

    /// <summary>The mean over some of the numbers of their variance, the mean squared distance from their mean.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <param name="states">States that were taken.</param>
    public double Mean(int first, int length, int states)
    {
        var sum = 0.0;
        foreach (var square in _squares.AsSpan(first, length)) sum += square;
        return sum / states / length;
    }
}
