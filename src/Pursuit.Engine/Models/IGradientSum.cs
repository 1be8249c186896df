using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The gradient of a set of parameters, summed over the micro-batches of a batch by any number of workers. Every
/// tensor takes the micro-batches in their order, so the sum's bits don't depend on the number of workers.
/// </summary>
internal interface IGradientSum
{
    /// <summary>The parameters, in the order of their offsets.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Their weights, flat.</summary>
    DeviceBuffer Weights { get; }

    /// <summary>Their gradients, flat, with the same offsets; whole after <see cref="Complete"/>.</summary>
    DeviceBuffer Values { get; }

    /// <summary>The device of both.</summary>
    IDecoderOperations Operations { get; }

    /// <summary>Starts a new sum at zero.</summary>
    void Begin();

    /// <summary>
    /// A consumer for one worker. It must see its micro-batches in ascending order, and the workers together all of them.
    /// </summary>
    IGradientConsumer CreateConsumer();

    /// <summary>Ends the sum.</summary>
    void Complete();

    /// <summary>Makes workers that wait for their turn give up, because another one failed.</summary>
    void Abort();
}

/// <summary>What every gradient sum can tell.</summary>
internal static class GradientSums
{
    /// <summary>The Euclidean norm over all tensors.</summary>
    public static double Norm(this IGradientSum sum)
    {
        var values = new BufferSlice[sum.Parameters.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = sum.Parameters[i].In(sum.Values);
        return Math.Sqrt(sum.Operations.SumOfSquares(values));
    }

    /// <summary>A parameter's gradient, copied to the host.</summary>
    public static float[] Read(this IGradientSum sum, Parameter parameter)
    {
        var values = new float[parameter.Length];
        sum.Operations.Read(parameter.In(sum.Values), values);
        return values;
    }
}
