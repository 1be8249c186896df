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
    private readonly BufferSlice _factored;
    private DeviceBuffer? _projected;

    public FactoredGradients(IDecoderOperations operations, FactorProjection projection, FeatureSpace space)
        : base(operations, space)
    {
        _projection = projection;
        _factored = Scratch(projection.Groups.Max(g => g.Length));
    }

    public override void Begin(MicroBatch batch)
    {
        base.Begin(batch);
        var length = (long)batch.Tokens * _projection.Groups.Max(g => g.Outputs + g.Inputs);
        if (_projected is not null && _projected.Length >= length) return;
        _projected?.Dispose();
        _projected = Operations.Allocate(length);
    }

    public override void OnLinear(in LinearGradient gradient)
    {
        var (batch, sides) = (gradient.Batch, _projection.Of(gradient.Group));
        var inputs = Project(gradient.Inputs, batch.Tokens, gradient.Group.Inputs, sides.In, sides.Inputs, 0);
        var deltas = Project(gradient.Deltas, batch.Tokens, gradient.Group.Outputs, sides.Out, sides.Outputs, batch.Tokens * sides.Inputs);
        var factored = _factored.Part(0, sides.Length);
        for (var i = 0; i < batch.Examples; i++)
        {
            var (first, rows) = (batch.Offsets[i], batch.Offsets[i + 1] - batch.Offsets[i]);
            Operations.Multiply(true, false, sides.Outputs, sides.Inputs, rows, 1, deltas.From(first * sides.Outputs), sides.Outputs, inputs.From(first * sides.Inputs), sides.Inputs, 0, factored, sides.Inputs);
            Add(i, sides.Index, factored);
        }
    }

    public override void Dispose()
    {
        _projected?.Dispose();
        base.Dispose();
    }

    private BufferSlice Project(BufferSlice values, int rows, int width, BufferSlice? matrix, int directions, int place)
    {
        if (matrix is not { } projection) return values;
        var result = _projected!.Slice(place, rows * directions);
        Operations.Multiply(false, false, rows, directions, width, 1, values, width, projection, directions, 0, result, directions);
        return result;
    }
}
