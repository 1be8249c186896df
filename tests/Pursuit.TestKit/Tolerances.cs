namespace Pursuit.TestKit;

/// <summary>Every numeric tolerance of the tests, relative unless it says otherwise, with its reason.</summary>
internal static class Tolerances
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

    /// <summary>A number of a tiny encoder's vector by ONNX Runtime in float32 against float64, absolute; measured below 2e-7.</summary>
    public const double EncoderStates = 2e-6;

    /// <summary>One operation in float32 against its plain twin with float64 sums, norm-wise.</summary>
    public const double OperationAgainstTwin = 2e-6;

    /// <summary>sqrt(1 - cosine^2) where the cosine is 1 but for the rounding of rows to single: the root of a few 1e-8.</summary>
    public const double UniformResidualOfZero = 1e-3;

    /// <summary>
    /// A non-negative fit run to its optimality conditions with single-precision products, as a share of the target's energy: the
    /// contract's figure.
    /// </summary>
    public const double NonNegativeObjective = 1e-6;

    /// <summary>An objective of single-precision residuals against itself from another support.</summary>
    public const double Objective = 1e-6;

    /// <summary>
    /// Weights of a non-negative fit with a ridge, as a share of the largest: the solver's 1e-6 times a condition number of some hundreds.
    /// </summary>
    public const double NonNegativeWeights = 1e-3;

    /// <summary>Final objectives of two pursuits of which one fits loosely while it grows: supports differ in a row or two.</summary>
    public const double LooselyFittedGrowth = 0.03;
}
