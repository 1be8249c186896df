namespace Pursuit.TestKit;

/// <summary>Every numeric tolerance of the tests, relative unless it says otherwise, with its reason.</summary>
public static class Tolerances
{
    /// <summary>float sums of a few thousand terms in another order: about sqrt(n) roundings of 6e-8.</summary>
    public const double FloatReordered = 1e-5;

    /// <summary>double sums of a few thousand terms in another order.</summary>
    public const double DoubleReordered = 1e-12;
}
