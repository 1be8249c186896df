using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>AdamW's moments of a set of parameters, and its steps.</summary>
internal sealed class AdamWOptimizer : IDisposable
{
    private readonly IGradientSum _gradients;
    private readonly AdamWOptions _options;

    /// <summary>Allocates moments of zero.</summary>
    /// <param name="gradients">The parameters with their gradients.</param>
    /// <param name="options">Its constants.</param>
    /// <exception cref="PursuitException">A constant is out of range.</exception>
    public AdamWOptimizer(IGradientSum gradients, AdamWOptions options)
    {
        var faults = new List<string>();
        options.AddFaults(faults);
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"AdamW: {string.Join("; ", faults)}.");
        (_gradients, _options) = (gradients, options);
        FirstMoment = gradients.Operations.Allocate(gradients.Values.Length);
        SecondMoment = gradients.Operations.Allocate(gradients.Values.Length);
    }

    /// <summary>The parameters, in the order of their offsets.</summary>
    public IReadOnlyList<Parameter> Parameters => _gradients.Parameters;

    /// <summary>Mean of the gradients, flat, with the parameters' offsets.</summary>
    public DeviceBuffer FirstMoment { get; }

    /// <summary>Mean of the squared gradients, flat, with the parameters' offsets.</summary>
    public DeviceBuffer SecondMoment { get; }

    /// <summary>The device of the moments.</summary>
    public IDecoderOperations Operations => _gradients.Operations;

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Changes the weights by the gradients that stand in the sum.</summary>
    /// <param name="learningRate">The step's learning rate.</param>
    /// <returns>The gradient's norm before clipping. Where it isn't finite, nothing was changed.</returns>
    public double Step(double learningRate)
    {
        var norm = _gradients.Norm();
        if (!double.IsFinite(norm))
            return norm;
        var scale = _options.ClipNorm is { } limit && norm > limit ? limit / norm : 1;
        Steps++;
        foreach (var parameter in Parameters)
        {
            var decay = parameter.Shape.Count > 1 ? _options.WeightDecay : 0;
            var step = new AdamWStep((float)learningRate, _options.Beta1, _options.Beta2, _options.Epsilon, decay, Steps, (float)scale);
            _gradients.Operations.AdamW(
                step,
                parameter.In(_gradients.Values),
                parameter.In(_gradients.Weights),
                parameter.In(FirstMoment),
                parameter.In(SecondMoment));
        }

        return norm;
    }

    /// <summary>Frees the moments.</summary>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }
}
