using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>The gradient of every weight of a decoder, summed over micro-batches in their order.</summary>
internal sealed class WeightGradients : IGradientSum, IDisposable
{
    /// <summary>
    /// The head's gradient of one micro-batch comes in blocks. Up to this many values (64 MiB) a worker sums them aside, so
    /// that workers don't wait for one another; above, they go into the sum, each block of the vocabulary in turn.
    /// </summary>
    private const long LargestHeadAside = 1 << 24;

    private readonly Decoder _decoder;
    private readonly DeviceBuffer? _embeddingInput;
    private readonly bool _sumsHeadAside;
    private readonly int _vocabularyBlock;
    private readonly int _headSlots;
    private readonly Turns _turns;

    /// <summary>Allocates the gradients of a decoder's weights.</summary>
    /// <exception cref="InvalidOperationException">
    /// Its weights are in bf16, which a step's changes would be rounded away from, or come from the host.
    /// </exception>
    public WeightGradients(Decoder decoder)
    {
        if (decoder.Weights.Type != ElementType.Float32 || decoder.Streamed is not null)
            throw new InvalidOperationException("weights loaded to be read were to be changed");
        _decoder = decoder;
        Values = decoder.Operations.Allocate(decoder.Layout.BufferLength);
        if (decoder.Config.TiedHead)
            _embeddingInput = decoder.Operations.Allocate(decoder.Layout.Embedding.Length);
        _vocabularyBlock = Activations.VocabularyBlockOf(decoder.Config);
        _sumsHeadAside = decoder.Layout.Head.Parts[0].Weight.Length <= LargestHeadAside;
        _headSlots = _sumsHeadAside ? 1 : (decoder.Config.VocabularySize + _vocabularyBlock - 1) / _vocabularyBlock;
        _turns = new Turns(decoder.Layout.All.Count + _headSlots);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters => _decoder.Layout.All;

    /// <inheritdoc/>
    public DeviceBuffer Weights => _decoder.Weights;

    /// <inheritdoc/>
    public IDecoderOperations Operations => _decoder.Operations;

    /// <summary>The gradients, laid out by the decoder's <see cref="ParameterLayout"/>; whole after <see cref="Complete"/>.</summary>
    public DeviceBuffer Values { get; }

    private int FirstHeadSlot => _decoder.Layout.All.Count;

    /// <inheritdoc/>
    public void Begin()
    {
        for (var i = 0; i < Parameters.Count; i++)
            Operations.Fill(0, Parameters[i].In(Values));
        if (_embeddingInput is not null)
            _decoder.Operations.Fill(0, _embeddingInput.Slice(0, _decoder.Layout.Embedding.Length));
        _turns.Reset();
    }

    /// <inheritdoc/>
    public IGradientConsumer CreateConsumer() => new Consumer(this);

    /// <summary>Ends the sum: a tied head's and the embedding's parts become one.</summary>
    public void Complete()
    {
        if (_embeddingInput is not null)
            _decoder.Operations.AddScaled(
                1, _embeddingInput.Slice(0, _decoder.Layout.Embedding.Length), _decoder.Layout.Embedding.In(Values));
    }

    /// <inheritdoc/>
    public void Abort() => _turns.Abort();

    /// <summary>Frees the memory; its consumers must be disposed of before.</summary>
    public void Dispose()
    {
        Values.Dispose();
        _embeddingInput?.Dispose();
    }

    private sealed class Consumer : GradientConsumer, IDisposable
    {
        private readonly WeightGradients _owner;
        private readonly DeviceBuffer _sum;
        private readonly DeviceBuffer? _head;
        private readonly DeviceBuffer _bias;

        public Consumer(WeightGradients owner)
        {
            _owner = owner;
            _sum = owner.Values;
            if (owner._sumsHeadAside)
                _head = owner.Operations.Allocate(owner._decoder.Layout.Head.Parts[0].Weight.Length);
            _bias = owner.Operations.Allocate(owner._decoder.Layout.LinearGroups.Max(g => g.Outputs));
        }

        public override int LowestLayer => -1;

        public override bool WantsVectors => true;

        public override void OnLinear(in LinearGradient gradient)
        {
            var group = gradient.Group;
            var slot = group.Parts[0].Weight.Index;
            _owner._turns.Wait(slot, gradient.Batch.Index);
            var operations = gradient.Batch.Operations;
            var (deltas, inputs) = (new MatrixSlice(gradient.Deltas, group.Outputs), new MatrixSlice(gradient.Inputs, group.Inputs));
            var sum = new MatrixSlice(group.Weights(_sum), group.Inputs);
            operations.Multiply(
                new(group.Outputs, group.Inputs, gradient.Rows, deltas, inputs, sum) { TransposeA = true, Beta = 1 });
            if (group.HasBias)
            {
                var bias = _bias.Slice(0, group.Outputs);
                operations.SumRows(deltas, gradient.Rows, group.Outputs, bias);
                operations.AddScaled(1, bias, group.Biases(_sum));
            }

            Pass(gradient.Batch, slot);
        }

        public override void OnHead(in HeadGradient gradient)
        {
            var (hidden, batch) = (gradient.Head.Inputs, gradient.Batch);
            var slot = _owner.FirstHeadSlot + (_head is null ? gradient.FirstOutput / _owner._vocabularyBlock : 0);
            if (_head is null && gradient.FirstLabel == 0)
                _owner._turns.Wait(slot, batch.Index);
            var target = _head is null ? gradient.Head.Weights(_sum) : _head.Slice(0, (int)_head.Length);
            var beta = _head is null || gradient.FirstLabel > 0 ? 1 : 0;
            var (deltas, inputs) = (new MatrixSlice(gradient.Deltas, gradient.Outputs), new MatrixSlice(gradient.Inputs, hidden));
            var part = new MatrixSlice(target.From(gradient.FirstOutput * hidden), hidden);
            batch.Operations.Multiply(
                new(gradient.Outputs, hidden, gradient.Labels, deltas, inputs, part) { TransposeA = true, Beta = beta });
            if (gradient.FirstLabel + gradient.Labels < batch.Labels)
                return;
            if (_head is not null)
            {
                if (gradient.FirstOutput + gradient.Outputs < gradient.Head.Outputs)
                    return;
                _owner._turns.Wait(slot, batch.Index);
                batch.Operations.AddScaled(1, target, gradient.Head.Weights(_sum));
            }

            Pass(batch, slot);
        }

        public override void OnVector(DeviceBatch batch, Parameter parameter, BufferSlice gradient)
        {
            _owner._turns.Wait(parameter.Index, batch.Index);
            batch.Operations.AddScaled(1, gradient, parameter.In(_sum));
            Pass(batch, parameter.Index);
        }

        public override void OnEmbedding(DeviceBatch batch, EmbeddingRows rows, BufferSlice deltas)
        {
            var table = rows.Table;
            _owner._turns.Wait(table.Index, batch.Index);
            var isShared = table == _owner._decoder.Layout.Embedding && _owner._embeddingInput is not null;
            var target = isShared ? _owner._embeddingInput!.Slice(0, table.Length) : table.In(_sum);
            batch.Operations.ScatterAddRows(deltas, rows.Indices, _owner._decoder.Config.HiddenSize, target);
            Pass(batch, table.Index);
        }

        public override void End(DeviceBatch batch)
        {
            if (batch.Labels > 0)
                return;
            for (var slot = _owner.FirstHeadSlot; slot < _owner.FirstHeadSlot + _owner._headSlots; slot++)
            {
                _owner._turns.Wait(slot, batch.Index);
                _owner._turns.Pass(slot);
            }
        }

        public void Dispose()
        {
            _head?.Dispose();
            _bias.Dispose();
        }

        /// <summary>Another worker goes on with the slot's sum, so what this one asked of it must be done.</summary>
        private void Pass(DeviceBatch batch, int slot)
        {
            batch.Operations.Finish();
            _owner._turns.Pass(slot);
        }
    }
}
