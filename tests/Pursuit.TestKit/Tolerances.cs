namespace Pursuit.TestKit;

/// <summary>Every numeric tolerance of the tests, relative unless it says otherwise, with its reason.</summary>
public static class Tolerances
{
    /// <summary>float sums of a few thousand terms in another order: about sqrt(n) roundings of 6e-8.</summary>
    public const double FloatReordered = 1e-5;

    /// <summary>double sums of a few thousand terms in another order.</summary>
    public const double DoubleReordered = 1e-12;

    /// <summary>
    /// A decoder's logits or one tensor's gradient in float32 against float64, norm-wise: a few dozen chained operations of
    /// about 1e-7 each, amplified by norms and softmax. The mission's bound; measured 1e-7 to 1e-6.
    /// </summary>
    public const double ModelAgainstFloat64 = 1e-5;

    /// <summary>One operation in float32 against its plain twin with float64 sums, norm-wise.</summary>
    public const double OperationAgainstTwin = 2e-6;
}
