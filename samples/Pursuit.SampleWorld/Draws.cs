namespace Pursuit.SampleWorld;

/// <summary>The draws every skill needs.</summary>
internal static class Draws
{
    /// <summary>One of the options, each as likely as the others.</summary>
    public static T Pick<T>(this SeededRandom random, params ReadOnlySpan<T> options) => options[random.NextInt(options.Length)];

    /// <summary>An integer between the two, both included.</summary>
    public static int Between(this SeededRandom random, int lowest, int highest) => lowest + random.NextInt(highest - lowest + 1);

    /// <summary>True with the given probability.</summary>
    public static bool Chance(this SeededRandom random, double probability) => random.NextDouble() < probability;

    /// <summary>Several different options in random order.</summary>
    public static T[] Sample<T>(this SeededRandom random, ReadOnlySpan<T> options, int count)
    {
        var all = options.ToArray();
        random.Shuffle<T>(all);
        return all[..count];
    }
}
