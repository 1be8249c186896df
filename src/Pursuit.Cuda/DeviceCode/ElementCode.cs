using ILGPU;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>Vectors, value by value. Every thread takes each value that is a multiple of all threads behind its first.</summary>
internal static class ElementCode
{
    public static void Fill(ArrayView<float> values, float value)
    {
        for (var i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX) values[i] = value;
    }

    public static void Multiply(ArrayView<float> values, float factor)
    {
        for (var i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX) values[i] *= factor;
    }

    public static void AddScaled(ArrayView<float> source, ArrayView<float> destination, float alpha)
    {
        for (var i = Grid.GlobalIndex.X; i < source.IntLength; i += Grid.DimX * Group.DimX) destination[i] += alpha * source[i];
    }

    /// <summary>bf16 to float32, exactly.</summary>
    public static void Widen(ArrayView<ushort> source, ArrayView<float> destination)
    {
        for (var i = Grid.GlobalIndex.X; i < source.IntLength; i += Grid.DimX * Group.DimX)
            destination[i] = Interop.IntAsFloat((uint)source[i] << 16);
    }

    /// <summary>The sum of squares of each group's stretch of the values, in float64.</summary>
    public static void SumOfSquares(ArrayView<float> values, int stretch, ArrayView<double> sums)
    {
        var shared = SharedMemory.Allocate<double>(Lanes.Most);
        var first = Grid.IdxX * stretch;
        var end = values.IntLength - first < stretch ? values.IntLength : first + stretch;
        var sum = 0.0;
        for (var i = first + Group.IdxX; i < end; i += Group.DimX) sum += (double)values[i] * values[i];
        sum = Lanes.Sum(sum, shared);
        if (Group.IdxX == 0) sums[Grid.IdxX] = sum;
    }

    public static void AdamW(
        ArrayView<float> gradient,
        ArrayView<float> weights,
        ArrayView<float> firstMoment,
        ArrayView<float> secondMoment,
        AdamWFactors factors)
    {
        for (var i = Grid.GlobalIndex.X; i < weights.IntLength; i += Grid.DimX * Group.DimX)
        {
            var g = gradient[i] * factors.GradientScale;
            var first = factors.Beta1 * firstMoment[i] + factors.Rest1 * g;
            var second = factors.Beta2 * secondMoment[i] + factors.Rest2 * g * g;
            firstMoment[i] = first;
            secondMoment[i] = second;
            var denominator = MathF.Sqrt(second) * factors.RootFactor + factors.Epsilon;
            weights[i] = factors.StepSize * (first / denominator) + weights[i] * factors.Decay;
        }
    }

    /// <summary>Each row of values[rows, n] times the n factors.</summary>
    public static void Scale(ArrayView<float> factors, ArrayView<float> values)
    {
        for (var i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX) values[i] *= factors[i % factors.IntLength];
    }

    public static void AdamDirection(
        ArrayView<float> firstMoment, ArrayView<float> secondMoment, ArrayView<float> gradients, AdamDirectionFactors adam)
    {
        for (var i = Grid.GlobalIndex.X; i < gradients.IntLength; i += Grid.DimX * Group.DimX)
        {
            var at = i % firstMoment.IntLength;
            var first = adam.Beta1 * firstMoment[at] + (1 - adam.Beta1) * gradients[i];
            var second = adam.Beta2 * secondMoment[at] + (1 - adam.Beta2) * (gradients[i] * gradients[i]);
            gradients[i] = first / (MathF.Sqrt(second + adam.Inside) + adam.Outside);
        }
    }
}

/// <summary>An AdamW step's constants, as its kernel takes them.</summary>
internal struct AdamWFactors
{
    public float GradientScale;
    public float Beta1;
    public float Rest1;
    public float Beta2;
    public float Rest2;
    public float RootFactor;
    public float Epsilon;
    public float StepSize;
    public float Decay;

    /// <summary>The constants of a step; formula at <see cref="IDecoderOperations.AdamW"/>.</summary>
    public static AdamWFactors Of(in AdamWStep step) => new()
    {
        GradientScale = step.GradientScale,
        Beta1 = step.Beta1,
        Rest1 = (float)(1 - (double)step.Beta1),
        Beta2 = step.Beta2,
        Rest2 = (float)(1 - (double)step.Beta2),
        RootFactor = (float)(1 / Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step))),
        Epsilon = step.Epsilon,
        StepSize = (float)(-step.LearningRate / (1 - Math.Pow(step.Beta1, step.Step))),
        Decay = (float)(1 - (double)step.LearningRate * step.WeightDecay),
    };
}

/// <summary>An Adam direction's constants, as its kernel takes them.</summary>
internal struct AdamDirectionFactors
{
    public float Beta1;
    public float Beta2;
    public float Inside;
    public float Outside;

    /// <summary>The constants of a direction; epsilon under the root or beside it.</summary>
    public static AdamDirectionFactors Of(in AdamDirection adam) => new()
    {
        Beta1 = adam.Beta1,
        Beta2 = adam.Beta2,
        Inside = adam.EpsilonOutside ? 0 : adam.Epsilon,
        Outside = adam.EpsilonOutside ? adam.Epsilon : 0,
    };
}
