namespace Pursuit.Fuzz.Mutation;

/// <summary>Changes an input a little, at random but by the stream alone.</summary>
internal abstract class Mutator
{
    /// <summary>Inputs beyond this length are cut: what matters shows in short ones, and long ones take the time of many.</summary>
    private const int LongestInput = 1 << 17;

    /// <summary>One change.</summary>
    /// <param name="random">Decides which.</param>
    /// <param name="input">What is changed; it stays as it is.</param>
    /// <param name="other">Another sound input, to take parts from.</param>
    public byte[] Mutate(SeededRandom random, byte[] input, byte[] other)
    {
        var changed = Change(random, input, other);
        return changed.Length <= LongestInput ? changed : changed[..LongestInput];
    }

    protected abstract byte[] Change(SeededRandom random, byte[] input, byte[] other);

    /// <summary>One item of a list.</summary>
    protected static T Any<T>(SeededRandom random, IReadOnlyList<T> items) => items[random.NextInt(items.Count)];
}

/// <summary>Takes one of two ways, by odds.</summary>
/// <param name="first">Taken in so many of ten cases.</param>
/// <param name="odds">0 to 10.</param>
/// <param name="second">Taken in the others.</param>
internal sealed class EitherMutator(Mutator first, int odds, Mutator second) : Mutator
{
    protected override byte[] Change(SeededRandom random, byte[] input, byte[] other) =>
        (random.NextInt(10) < odds ? first : second).Mutate(random, input, other);
}
