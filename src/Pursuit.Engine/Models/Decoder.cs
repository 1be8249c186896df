using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// A decoder's weights with its config and the device they lie on. It computes nothing itself: a
/// <see cref="DecoderWorker"/> runs micro-batches through it. Its weights may be
/// changed between runs, never during one.
/// </summary>
internal sealed partial class Decoder : IDisposable
{
    private readonly DeviceBuffer? _vectors;

    private Decoder(ModelConfig config, Device device, ElementType type)
    {
        config.Validate(config.ModelType);
        Config = config;
        Device = device;
        Layout = new ParameterLayout(config);
        var (needed, there) = (type.Bytes() * (Int128)Layout.BufferLength, device.TotalMemory());
        if (needed > there)
        {
            throw PursuitException.At(
                config.ModelType,
                $"a model of {Layout.Count:N0} parameters, which takes {needed:N0} bytes in "
                    + $"{(type == ElementType.Float32 ? "float32" : "bf16")}",
                $"at most the {there:N0} bytes of {(device == Device.Cpu ? "this machine" : device.Name)}'s memory",
                "Use a smaller model or a larger machine.");
        }

        Weights = Operations.Allocate(Layout.BufferLength, type);
        if (type != ElementType.Float32)
            _vectors = Operations.Allocate(Layout.VectorLength);
    }

    /// <summary>What the decoder is made of.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its parameters and their places.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Where it lies and computes.</summary>
    public Device Device { get; }

    /// <summary>The device's operations.</summary>
    public IDecoderOperations Operations => Device.Operations;

    /// <summary>
    /// All weights, laid out by <see cref="Layout"/>. In float32 they can be trained; in bf16 they can't, and vectors have their values
    /// elsewhere (<see cref="Weight"/>).
    /// </summary>
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
    /// A decoder with random weights in float32: matrices normal with the given deviation, norms 1, biases 0. A parameter's values
    /// depend on the seed and its name alone.
    /// </summary>
    /// <param name="config">What to make.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="deviation">Standard deviation of the matrices.</param>
    /// <param name="device">Where; the processor if null.</param>
    /// <exception cref="PursuitException">The config contradicts itself or the memory does not suffice.</exception>
    public static Decoder Create(ModelConfig config, ulong seed, float deviation = 0.02f, Device? device = null)
    {
        var decoder = new Decoder(config, device ?? Device.Cpu, ElementType.Float32);
        foreach (var parameter in decoder.Layout.All)
            decoder.Operations.Write(RandomValues(parameter, seed, deviation), parameter.In(decoder.Weights));
        return decoder;
    }

    /// <summary>A parameter's values on the device: matrices in the weights' type, vectors in float32.</summary>
    public BufferSlice Weight(Parameter parameter) =>
        _vectors is not null && parameter.IsVector ? _vectors.Slice(parameter.VectorOffset, parameter.Length) : parameter.In(Weights);

    /// <summary>All biases of a group with biases, as one vector [Outputs].</summary>
    public BufferSlice Biases(LinearGroup group) =>
        _vectors is not null ? _vectors.Slice(group.Parts[0].Bias!.VectorOffset, group.Outputs) : group.Biases(Weights);

    /// <summary>A parameter's values in float32, copied to the host.</summary>
    public float[] Read(Parameter parameter)
    {
        var values = new float[parameter.Length];
        Operations.Read(Weight(parameter), values);
        return values;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        Weights.Dispose();
        _vectors?.Dispose();
    }

    /// <summary>The values that a decoder made at random has.</summary>
    internal static float[] RandomValues(Parameter parameter, ulong seed, float deviation)
    {
        var values = new float[parameter.Length];
        if (!parameter.IsVector)
        {
            var random = new SeededRandom(seed, "weights/" + parameter.Name);
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(deviation * random.NextGaussian());
        }
        else
        {
            Array.Fill(values, parameter.Start);
        }

        return values;
    }
}
