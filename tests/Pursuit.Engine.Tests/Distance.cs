namespace Pursuit.Engine.Tests;

/// <summary>Norm-wise comparison of tensors.</summary>
internal static class Distance
{
    /// <summary>||actual - expected|| / ||expected||, in float64; the plain norm where nothing is expected.</summary>
    public static double Relative(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        actual.Length.ShouldBe(expected.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            difference += ((double)actual[i] - expected[i]) * ((double)actual[i] - expected[i]);
            norm += (double)expected[i] * expected[i];
        }

        return norm == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / norm);
    }
}
