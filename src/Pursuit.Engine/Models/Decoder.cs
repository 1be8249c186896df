using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// A decoder's weights with its config and the device they lie on. It computes nothing itself: a
/// <see cref="DecoderWorker"/> runs micro-batches through it. Its weights may be
/// changed between runs, never during one.
/// </summary>
public sealed partial class Decoder : IDisposable
{
    private Decoder(ModelConfig config, IDecoderOperations operations)
    {
        config.Validate(config.ModelType);
        Config = config;
        Operations = operations;
        Layout = new ParameterLayout(config);
        var (needed, there) = (sizeof(float) * (Int128)Layout.BufferLength, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (needed > there)
            throw PursuitException.At(config.ModelType, $"a model of {Layout.Count:N0} parameters, which takes {needed:N0} bytes in float32", $"at most the {there:N0} bytes of this machine's memory", "Use a smaller model or a larger machine.");
        Weights = operations.Allocate(Layout.BufferLength);
    }

    /// <summary>What the decoder is made of.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its parameters and their places.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The device.</summary>
    public IDecoderOperations Operations { get; }

    /// <summary>All weights in float32, laid out by <see cref="Layout"/>.</summary>
    public DeviceBuffer Weights { get; }

    /// <summary>Low-rank adapters that every run adds, changed between runs only; whoever sets them owns them. Null: none.</summary>
    /// <exception cref="PursuitException">The adapters belong to a decoder with other layers.</exception>
    public LoraAdapters? Adapters
    {
        get;
        set
        {
            value?.CheckBelongs(this);
            field = value;
        }
    }

    /// <summary>
    /// A decoder with random weights: matrices normal with the given deviation, norms 1, biases 0. A parameter's values
    /// depend on the seed and its name alone.
    /// </summary>
    /// <param name="config">What to make.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="deviation">Standard deviation of the matrices.</param>
    /// <param name="operations">The device; the processor if null.</param>
    /// <exception cref="PursuitException">The config contradicts itself or the memory does not suffice.</exception>
    public static Decoder Create(ModelConfig config, ulong seed, float deviation = 0.02f, IDecoderOperations? operations = null)
    {
        var decoder = new Decoder(config, operations ?? CpuOperations.Best);
        foreach (var parameter in decoder.Layout.All)
        {
            var values = new float[parameter.Length];
            if (parameter.Shape.Count == 2)
            {
                var random = new SeededRandom(seed, "weights/" + parameter.Name);
                for (var i = 0; i < values.Length; i++)
                    values[i] = (float)(deviation * random.NextGaussian());
            }
            else if (parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal))
            {
                Array.Fill(values, 1f);
            }

            decoder.Operations.Write(values, parameter.In(decoder.Weights));
        }

        return decoder;
    }

    /// <summary>A parameter's values, copied to the host.</summary>
    public float[] Read(Parameter parameter)
    {
        var values = new float[parameter.Length];
        Operations.Read(parameter.In(Weights), values);
        return values;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Weights.Dispose();
}
