using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>
/// A backward pass's consumer that makes a feature of every example's own gradient. Only products over an example's own rows
/// enter its feature, so neither its neighbours in the micro-batch nor their number change a bit of it. At most one tensor's
/// values of some examples exist at a time.
/// </summary>
internal abstract class ExampleGradients : GradientConsumer, IDisposable
{
    private readonly int _segmentValues;
    private readonly TensorPreconditioner? _preconditioner;
    private DeviceBuffer? _rows;
    private DeviceBuffer? _formed;
    private IDecoderOperations? _operations;

    protected ExampleGradients(Device device, TensorPreconditioner? preconditioner, FeatureSpace space) =>
        (_segmentValues, _preconditioner, Space) = (device.SegmentValues, preconditioner, space);

    /// <summary>The layout of a feature.</summary>
    public FeatureSpace Space { get; }

    public override void Begin(DeviceBatch batch)
    {
        _operations = batch.Operations;
        Grow(ref _rows, (long)batch.Examples * Space.Room);
        for (var i = 0; i < batch.Examples; i++) _operations.Fill(0, Rows(i, 1).Values);
    }

    public override void End(DeviceBatch batch)
    {
        var most = int.MaxValue / Space.Room; // a slice counts its values in 31 bits
        for (var first = 0; first < batch.Examples; first += most)
        {
            var count = Math.Min(most, batch.Examples - first);
            Space.Complete(batch.Operations, count, Rows(first, count));
        }
    }

    /// <summary>Copies consecutive examples' features of the last micro-batch, [examples, Space.Dimension].</summary>
    public void Read(int first, int count, Span<float> destination) =>
        _operations!.ReadRows(Rows(first, count), count, Space.Dimension, destination);

    public virtual void Dispose()
    {
        _rows?.Dispose();
        _formed?.Dispose();
    }

    /// <summary>Forms a tensor of every example's gradient, of a few examples at a time, and puts them into their features.</summary>
    /// <param name="tensor">The tensor's number.</param>
    /// <param name="products">The tensor of each example; where the results go is settled here.</param>
    protected void AddEach(int tensor, SegmentProducts products)
    {
        var (length, examples) = (products.Rows * products.Columns, products.Segments.Count);
        var atOnce = Math.Clamp(_segmentValues / length, 1, examples);
        Grow(ref _formed, Math.Max(_segmentValues, length));
        for (var first = 0; first < examples; first += atOnce)
        {
            var count = Math.Min(atOnce, examples - first);
            var values = _formed!.Slice(0, count * length);
            _operations!.MultiplySegments(products with { Segments = products.Segments with { First = first, Count = count }, C = values });
            _preconditioner?.Apply(_operations, tensor, count, values);
            Space.Add(_operations, tensor, count, values, Rows(first, count));
        }
    }

    /// <summary>Memory that grows with the largest; what it held is lost.</summary>
    protected void Grow(ref DeviceBuffer? buffer, long length)
    {
        if (buffer is not null && buffer.Length >= length) return;
        buffer?.Dispose();
        buffer = null;
        buffer = _operations!.Allocate(length);
    }

    private MatrixSlice Rows(int first, int count) => new(_rows!.Slice((long)first * Space.Room, checked(count * Space.Room)), Space.Room);
}
