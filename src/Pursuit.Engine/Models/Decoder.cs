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

    private Decoder(ModelConfig config, Device device, ElementType type, bool mayStream = false)
    {
        config.Validate(config.ModelType);
        Config = config;
        Device = device;
        Layout = new ParameterLayout(config);
        var (needed, there) = (type.Bytes() * (Int128)Layout.BufferLength, device.TotalMemory());
        if (needed > there && !(mayStream && device.FreeMemory is not null))
        {
            throw PursuitException.At(
                config.ModelType,
                $"a model of {Layout.Count:N0} parameters, which takes {needed:N0} bytes in "
                    + $"{(type == ElementType.Float32 ? "float32" : "bf16")}",
                $"at most the {there:N0} bytes of {(device == Device.Cpu ? "this machine" : device.Name)}'s memory",
                "Use a smaller model or a larger machine.");
        }

        Streamed = mayStream ? StreamedLayers.For(device, Layout, type) : null;
        try
        {
            Weights = Operations.Allocate(Layout.BufferLength - (Streamed?.Place.Length ?? 0), type);
            if (type != ElementType.Float32)
                _vectors = Operations.Allocate(Layout.VectorLength);
        }
        catch
        {
            Weights?.Dispose();
            Streamed?.Dispose();
            throw;
        }
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
    /// All weights, laid out by <see cref="Layout"/> without a gap where layers are <see cref="Streamed"/>. In float32 they can be trained;
    /// in bf16 they can't, and vectors have their values elsewhere (<see cref="Weight"/>).
    /// </summary>
    public DeviceBuffer Weights { get; }

    /// <summary>The layers whose weights lie on the host; null: none. Their weights don't change.</summary>
    public StreamedLayers? Streamed { get; }

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
        var decoder = new Decoder(config, device ?? Device.Cpu, ElementType.Float32); // it may be trained, so nothing is streamed
        foreach (var parameter in decoder.Layout.All)
            decoder.Operations.Write(RandomValues(parameter, seed, deviation), parameter.In(decoder.Weights));
        return decoder;
    }

    /// <summary>A decoder whose matrices repeat some values, made fast for measurements of large shapes; norms 1, biases 0.</summary>
    /// <param name="config">What to make.</param>
    /// <param name="device">Where.</param>
    /// <param name="type">The matrices' type; in bf16 the values' upper halves.</param>
    /// <param name="values">The values, at least one.</param>
    /// <exception cref="PursuitException">The memory does not suffice.</exception>
    public static Decoder Repeat(ModelConfig config, Device device, ElementType type, float[] values)
    {
        var decoder = new Decoder(config, device, type);
        var halves = type == ElementType.BFloat16 ? Array.ConvertAll(values, v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)) : [];
        foreach (var parameter in decoder.Layout.All)
        {
            var slice = decoder.Weight(parameter);
            if (parameter.IsVector)
            {
                decoder.Operations.Fill(parameter.Start, slice);
                continue;
            }

            for (var start = 0; start < slice.Length; start += values.Length)
            {
                var count = Math.Min(values.Length, slice.Length - start);
                if (type == ElementType.BFloat16) decoder.Operations.Write(halves.AsSpan(0, count), slice.Part(start, count));
                else decoder.Operations.Write(values.AsSpan(0, count), slice.Part(start, count));
            }
        }

        return decoder;
    }

    /// <summary>
    /// A parameter's values where they lie, on the device or, of a streamed layer, on the host: matrices in the weights' type, vectors in
    /// float32.
    /// </summary>
    public BufferSlice Weight(Parameter parameter) =>
        Vectors(parameter, parameter.Length) ?? Values(parameter.Offset, parameter.Length);

    /// <summary>Values of vectors from a parameter's on where they lie apart from the matrices, which is always on the device.</summary>
    public BufferSlice? Vectors(Parameter parameter, int length) =>
        _vectors is not null && parameter.IsVector ? _vectors.Slice(parameter.VectorOffset, length) : null;

    /// <summary>Values where they lie.</summary>
    /// <param name="first">The first, counted in a flat buffer of all parameters.</param>
    /// <param name="length">Number of values.</param>
    public BufferSlice Values(long first, int length)
    {
        if (Streamed is not { } streamed || first < streamed.Place.First) return Weights.Slice(first, length);
        return first < streamed.Place.End
            ? streamed.Values.Slice(first - streamed.Place.First, length)
            : Weights.Slice(first - streamed.Place.Length, length);
    }

    /// <summary>A parameter's values in float32, copied to the host.</summary>
    public float[] Read(Parameter parameter)
    {
        var (slice, values) = (Weight(parameter), new float[parameter.Length]);
        OperationsAt(slice).Read(slice, values);
        return values;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        Weights.Dispose();
        _vectors?.Dispose();
        Streamed?.Dispose();
    }

    /// <summary>Who reads and writes values where they lie.</summary>
    private IDecoderOperations OperationsAt(BufferSlice slice) => slice.Buffer is HostBuffer ? Device.Cpu.Operations : Operations;

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
