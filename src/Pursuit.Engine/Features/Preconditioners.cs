using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>
/// Multiplies gradients coordinate by coordinate with what a checkpoint's AdamW moments say: (v + eps)^(-1/4) on both sides
/// (symmetric), or the direction Adam would step in (pool side of adam).
/// </summary>
internal sealed class TensorPreconditioner : IDisposable
{
    private readonly AdamDirection? _adam;
    private readonly DeviceBuffer _first;
    private readonly DeviceBuffer? _second;
    private readonly (long Offset, int Length)[] _places;

    private TensorPreconditioner(AdamDirection? adam, DeviceBuffer first, DeviceBuffer? second, (long, int)[] places, double masked) =>
        (_adam, _first, _second, _places, EpsilonShare) = (adam, first, second, places, masked);

    /// <summary>Share of the coordinates where eps exceeds v, so that it decides.</summary>
    public double EpsilonShare { get; }

    /// <summary>(v + eps)^(-1/4).</summary>
    public static TensorPreconditioner Symmetric(
        IDecoderOperations operations, IReadOnlyList<Parameter> tensors, CheckpointMoments moments, Func<double, double> epsilonOf)
    {
        var places = Places(tensors);
        var factors = operations.Allocate(places.Sum(p => (long)p.Length));
        var below = 0L;
        for (var t = 0; t < tensors.Count; t++)
        {
            var values = moments.Second(tensors[t]);
            var epsilon = epsilonOf(values.Average(v => (double)v));
            for (var i = 0; i < values.Length; i++)
            {
                below += values[i] < epsilon ? 1 : 0;
                values[i] = (float)(1 / Math.Sqrt(Math.Sqrt(values[i] + epsilon)));
            }

            operations.Write(values, factors.Slice(places[t].Offset, places[t].Length));
        }

        return new TensorPreconditioner(null, factors, null, places, (double)below / factors.Length);
    }

    /// <summary>(b1 m + (1-b1) g) / sqrt(b2 v + (1-b2) g^2 + eps).</summary>
    public static TensorPreconditioner Adam(
        IDecoderOperations operations, IReadOnlyList<Parameter> tensors, CheckpointMoments moments, AdamDirection adam)
    {
        var places = Places(tensors);
        var total = places.Sum(p => (long)p.Length);
        var (first, second) = (operations.Allocate(total), operations.Allocate(total));
        var below = 0L;
        for (var t = 0; t < tensors.Count; t++)
        {
            var squares = moments.Second(tensors[t]);
            below += squares.LongCount(v => v < adam.Epsilon);
            operations.Write(moments.First(tensors[t]), first.Slice(places[t].Offset, places[t].Length));
            operations.Write(squares, second.Slice(places[t].Offset, places[t].Length));
        }

        return new TensorPreconditioner(adam, first, second, places, (double)below / total);
    }

    /// <summary>Preconditions several examples' gradients of a tensor in place, [rows, the tensor's values].</summary>
    public void Apply(IDecoderOperations operations, int tensor, int rows, BufferSlice gradients)
    {
        var (offset, length) = _places[tensor];
        if (_adam is { } adam)
            operations.AdamDirection(adam, _first.Slice(offset, length), _second!.Slice(offset, length), rows, gradients);
        else
            operations.Scale(_first.Slice(offset, length), rows, gradients);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second?.Dispose();
    }

    private static (long Offset, int Length)[] Places(IReadOnlyList<Parameter> tensors)
    {
        var places = new (long, int)[tensors.Count];
        var offset = 0L;
        for (var t = 0; t < places.Length; t++)
        {
            places[t] = (offset, tensors[t].Length);
            offset += tensors[t].Length;
        }

        return places;
    }
}

/// <summary>
/// The symmetric preconditioning of a layer that factors: v_ij is taken as r_i c_j / mean(v) with the means r of its rows and c of
/// its columns (as Adafactor does; Shazeer and Stern, 2018), so that (v + eps)^(-1/4) is a diagonal on each side.
/// </summary>
internal sealed class SidePreconditioner
{
    private readonly Dictionary<LinearGroup, (float[] In, float[] Out)> _byGroup = new(ReferenceEqualityComparer.Instance);

    /// <summary>Takes a checkpoint's second moments.</summary>
    /// <param name="decoder">Whose layers.</param>
    /// <param name="moments">The moments.</param>
    /// <param name="epsilonOf">eps for a layer's mean second moment.</param>
    public SidePreconditioner(Decoder decoder, CheckpointMoments moments, Func<double, double> epsilonOf)
    {
        var (below, total) = (0L, 0L);
        foreach (var group in decoder.Layout.LinearGroups)
        {
            var values = group.Parts.SelectMany(p => moments.Second(p.Weight)).ToArray();
            var rows = new double[group.Outputs];
            var columns = new double[group.Inputs];
            for (var i = 0; i < group.Outputs; i++)
                for (var j = 0; j < group.Inputs; j++)
                {
                    double v = values[i * group.Inputs + j];
                    rows[i] += v / group.Inputs;
                    columns[j] += v / group.Outputs;
                }

            var mean = columns.Average();
            var epsilon = epsilonOf(mean);
            below += values.LongCount(v => v < epsilon);
            total += values.Length;
            _byGroup[group] = (Diagonal(columns), Diagonal(rows));

            // Each side takes the root of eps, so that where v is nothing the product is eps^(-1/4).
            float[] Diagonal(double[] means) =>
                [.. means.Select(m => (float)(1 / Math.Sqrt(Math.Sqrt((mean > 0 ? m / Math.Sqrt(mean) : 0) + Math.Sqrt(epsilon)))))];
        }

        EpsilonShare = (double)below / total;
    }

    /// <summary>Share of the coordinates where eps exceeds v.</summary>
    public double EpsilonShare { get; }

    /// <summary>The diagonals of a group: [inputs] and [outputs].</summary>
    public (float[] In, float[] Out) Diagonals(LinearGroup group) => _byGroup[group];
}

/// <summary>AdamW's moments in a checkpoint's directory.</summary>
internal sealed class CheckpointMoments : IDisposable
{
    private readonly SafetensorsFile _file;

    /// <summary>Opens them.</summary>
    /// <exception cref="PursuitException">The file is missing or faulty.</exception>
    public CheckpointMoments(string checkpoint) =>
        _file = SafetensorsFile.Open(Path.Combine(checkpoint, TrainingCheckpoint.OptimizerFileName));

    /// <summary>The mean of the gradients of a tensor.</summary>
    public float[] First(Parameter parameter) => Read(TrainingCheckpoint.FirstMomentPrefix, parameter);

    /// <summary>The mean of the squared gradients of a tensor.</summary>
    public float[] Second(Parameter parameter) => Read(TrainingCheckpoint.SecondMomentPrefix, parameter);

    public void Dispose() => _file.Dispose();

    private float[] Read(string prefix, Parameter parameter)
    {
        var values = new float[parameter.Length];
        _file.ReadSingle(prefix + parameter.Name, values);
        return values;
    }
}
