using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Features;

/// <summary>
/// The second moments of both sides of some linear layers, as K-FAC takes them (Martens and Grosse, 2015, arXiv 1503.05671, section 3):
/// A = mean of a a^T [inputs, inputs] of the inputs and G = mean of delta delta^T [outputs, outputs] of the outputs' gradients, over the
/// tokens of examples whose objective is each one's mean loss. Micro-batches add in their order, so the bits don't depend on the workers.
/// </summary>
internal sealed class SideMoments : IDisposable
{
    private readonly IDecoderOperations _operations;
    private readonly DeviceBuffer _sums;
    private readonly Dictionary<LinearGroup, Place> _places = new(ReferenceEqualityComparer.Instance);
    private readonly Turns _turns;
    private long _tokens;

    /// <summary>Allocates the sums of some groups of layers.</summary>
    public SideMoments(IDecoderOperations operations, IReadOnlyList<LinearGroup> groups)
    {
        _operations = operations;
        _sums = operations.Allocate(groups.Sum(ValuesOf));
        _turns = new Turns(groups.Count);
        var offset = 0L;
        foreach (var group in groups)
        {
            var inputs = _sums.Slice(offset, checked(group.Inputs * group.Inputs));
            var outputs = _sums.Slice(offset + inputs.Length, checked(group.Outputs * group.Outputs));
            _places[group] = new Place(_places.Count, inputs, outputs);
            offset += ValuesOf(group);
        }
    }

    /// <summary>Numbers that a group's moments have.</summary>
    public static long ValuesOf(LinearGroup group) => (long)group.Inputs * group.Inputs + (long)group.Outputs * group.Outputs;

    /// <summary>Adds the tokens of a batch.</summary>
    /// <param name="pool">Workers of the decoder whose layers these are.</param>
    /// <param name="batch">The examples.</param>
    /// <param name="cancellationToken">Stops before the next micro-batch.</param>
    public void Add(DecoderPool pool, Batch batch, CancellationToken cancellationToken)
    {
        var consumer = new Consumer(this); // it keeps nothing, so that all workers may share it
        pool.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass { IsBackward = true, Begin = _turns.Reset, Abort = _turns.Abort, AddsUp = true },
            (worker, _, part) => worker.ForwardBackward(part, consumer, new double[part.Examples]),
            cancellationToken);
        _tokens += batch.Tokens.Length;
    }

    /// <summary>One side of a group: A [inputs, inputs], or G [outputs, outputs].</summary>
    public double[] Read(LinearGroup group, bool isInput)
    {
        var sum = isInput ? _places[group].Inputs : _places[group].Outputs;
        var values = new float[sum.Length];
        _operations.Read(sum, values);
        return Array.ConvertAll(values, v => v / (double)_tokens);
    }

    public void Dispose() => _sums.Dispose();

    /// <summary>Where a group's sums are, and whose turn it is there.</summary>
    private readonly record struct Place(int Slot, BufferSlice Inputs, BufferSlice Outputs);

    private sealed class Consumer(SideMoments owner) : GradientConsumer
    {
        public override int LowestLayer { get; } = owner._places.Keys.Min(g => g.Layer);

        public override void OnLinear(in LinearGradient gradient)
        {
            if (!owner._places.TryGetValue(gradient.Group, out var place)) return;
            owner._turns.Wait(place.Slot, gradient.Batch.Index);
            AddProducts(gradient, new(gradient.Inputs, gradient.Group.Inputs), place.Inputs);
            AddProducts(gradient, new(gradient.Deltas, gradient.Group.Outputs), place.Outputs);
            gradient.Batch.Operations.Finish();
            owner._turns.Pass(place.Slot);
        }

        private static void AddProducts(in LinearGradient gradient, MatrixSlice values, BufferSlice sum)
        {
            var size = values.Stride;
            gradient.Batch.Operations.Multiply(
                new(size, size, gradient.Rows, values, values, new MatrixSlice(sum, size)) { TransposeA = true, Beta = 1 });
        }
    }
}
