using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Features;

/// <summary>
/// Features of kind factored: per group of linear layers F = sum over t of (P_out^T delta_t)(a_t^T P_in), which is P_out^T G P_in
/// for the example's gradient G without ever forming it; then the sketch.
/// </summary>
internal sealed class FactoredGradients : ExampleGradients
{
    private readonly FactorProjection _projection;
    private DeviceBuffer? _projected;

    public FactoredGradients(Device device, FactorProjection projection, FeatureSpace space)
        : base(device, null, space) => _projection = projection;

    public override void Begin(DeviceBatch batch)
    {
        base.Begin(batch);
        Grow(ref _projected, (long)batch.Tokens * _projection.Groups.Max(g => g.Outputs + g.Inputs));
    }

    public override void OnLinear(in LinearGradient gradient)
    {
        var (group, sides) = (gradient.Group, _projection.Sides(gradient.Group));
        var inputs = Project(gradient, new(gradient.Inputs, group.Inputs), sides.In, sides.Inputs, 0);
        var deltas = Project(gradient, new(gradient.Deltas, group.Outputs), sides.Out, sides.Outputs, gradient.Rows * sides.Inputs);
        AddEach(sides.Index, new(gradient.Segments, sides.Outputs, sides.Inputs, deltas, inputs, default));
    }

    public override void Dispose()
    {
        _projected?.Dispose();
        base.Dispose();
    }

    private MatrixSlice Project(in LinearGradient gradient, MatrixSlice values, BufferSlice? matrix, int directions, int place)
    {
        if (matrix is not { } projection) return values;
        var result = new MatrixSlice(_projected!.Slice(place, gradient.Rows * directions), directions);
        gradient.Batch.Operations.Multiply(new(gradient.Rows, directions, values.Stride, values, new(projection, directions), result));
        return result;
    }
}
