using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>
/// A backward pass's consumer that makes a feature of every example's own gradient. Only products over an example's own rows
/// enter its feature, so neither its neighbours in the micro-batch nor their number change a bit of it. At most one layer's
/// values exist at a time.
/// </summary>
internal abstract class ExampleGradients : GradientConsumer, IDisposable
{
    private readonly List<DeviceBuffer> _owned = [];
    private DeviceBuffer? _rows;

    protected ExampleGradients(IDecoderOperations operations, FeatureSpace space) => (Operations, Space) = (operations, space);

    /// <summary>The layout of a feature.</summary>
    public FeatureSpace Space { get; }

    protected IDecoderOperations Operations { get; }

    public override void Begin(MicroBatch batch)
    {
        var length = (long)batch.Examples * Space.Room;
        if (_rows is null || _rows.Length < length)
        {
            _rows?.Dispose();
            _rows = Operations.Allocate(length);
        }

        for (var i = 0; i < batch.Examples; i++) Operations.Fill(0, Row(i));
    }

    public override void End(MicroBatch batch)
    {
        for (var i = 0; i < batch.Examples; i++) Space.Complete(Operations, Row(i));
    }

    /// <summary>Copies an example's feature of the last micro-batch, [Space.Dimension].</summary>
    public void Read(int example, Span<float> destination) => Operations.Read(Row(example).Part(0, Space.Dimension), destination);

    public virtual void Dispose()
    {
        _rows?.Dispose();
        foreach (var buffer in _owned) buffer.Dispose();
    }

    /// <summary>Puts a tensor of an example's gradient into its feature.</summary>
    protected void Add(int example, int tensor, BufferSlice values) => Space.Add(Operations, tensor, values, Row(example));

    /// <summary>Memory that lives as long as this.</summary>
    protected BufferSlice Scratch(int length)
    {
        _owned.Add(Operations.Allocate(length));
        return _owned[^1].Slice(0, length);
    }

    private BufferSlice Row(int example) => _rows!.Slice((long)example * Space.Room, Space.Room);
}
