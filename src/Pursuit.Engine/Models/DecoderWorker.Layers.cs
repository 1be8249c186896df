using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    /// <summary>The residual stream behind a number of layers, in that layer's <see cref="Activations.Input"/>.</summary>
    private void ForwardLayers(MicroBatch batch, int layers)
    {
        var a = _activations!;
        var (rows, hidden) = (batch.Tokens, _config.HiddenSize);
        _operations.GatherRows(Weight(_decoder.Layout.Embedding), batch.TokenIds, hidden, a.Input(0));
        for (var layer = 0; layer < layers; layer++)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));
            var (input, output) = (a.Input(layer), a.Input(layer + 1));
            _operations.RmsNorm(input, hidden, Weight(parameters.AttentionNorm), _config.NormEpsilon, rows, 1, hidden, a.Normed, hidden, kept.AttentionInverse);
            Linear(batch, parameters.QueryKeyValue, a.Normed, kept.QueryKeyValue);
            Attend(batch, layer, parameters, kept);
            AddLinear(batch, parameters.AttentionOutput, kept.Attended, input, kept.Middle);

            _operations.RmsNorm(kept.Middle, hidden, Weight(parameters.MlpNorm), _config.NormEpsilon, rows, 1, hidden, a.Normed, hidden, kept.MlpInverse);
            Linear(batch, parameters.GateUp, a.Normed, kept.GateUp);
            _operations.SiluGate(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            AddLinear(batch, parameters.Down, a.Gated, kept.Middle, output);
        }
    }

    /// <summary>From the raw queries, keys and values to the attention's output.</summary>
    private void Attend(MicroBatch batch, int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var (rows, size, stride) = (batch.Tokens, _config.HeadSize, parameters.QueryKeyValue.Outputs);
        var own = kept.QueryKeyValue;
        if (_config.QueryKeyNorm)
        {
            _operations.Copy(own.Part(0, rows * stride), kept.QueryKeyValueRaw);
            _operations.RmsNorm(kept.QueryKeyValueRaw, stride, Weight(parameters.QueryNorm!), _config.NormEpsilon, rows, _config.QueryHeads, size, own, stride, kept.QueryInverse);
            _operations.RmsNorm(kept.QueryKeyValueRaw.From(_config.QuerySize), stride, Weight(parameters.KeyNorm!), _config.NormEpsilon, rows, _config.KeyValueHeads, size, own.From(_config.QuerySize), stride, kept.KeyInverse);
        }

        _operations.Rope(own, stride, _config.QueryHeads + _config.KeyValueHeads, size, _angles, batch.Positions, backward: false);
        if (_activations!.CacheRows > 0)
            AttendToCache(batch, _activations.Cache(layer), Shape(layer), own, stride, kept);
        else
            _operations.Attention(Shape(layer), batch.Sequences, own, stride, own.From(_config.QuerySize), own.From(_config.QuerySize + _config.KeyValueSize), stride, _activations.AttentionSpace, kept.Attended, _config.QuerySize, kept.LogSumExp);
    }

    private void BackwardLayers(MicroBatch batch, IGradientConsumer consumer)
    {
        var a = _activations!;
        var (rows, hidden) = (batch.Tokens, _config.HiddenSize);
        for (var layer = _config.Layers - 1; layer >= Math.Max(0, consumer.LowestLayer); layer--)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));

            LinearGradient(batch, parameters.Down, a.Residual, a.Gated);
            _operations.SiluGateBackward(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            Show(batch, consumer, parameters.Down, a.Gated, a.Residual);
            LinearGradient(batch, parameters.GateUp, kept.GateUp, a.NormedGradient);
            _operations.RmsNormAgain(kept.Middle, Weight(parameters.MlpNorm), kept.MlpInverse, rows, hidden, a.Normed);
            Show(batch, consumer, parameters.GateUp, a.Normed, kept.GateUp);
            NormGradient(batch, consumer, parameters.MlpNorm, kept.Middle, kept.MlpInverse, rows, a.NormedGradient, accumulate: true, a.Residual);

            LinearGradient(batch, parameters.AttentionOutput, a.Residual, a.AttendedGradient);
            Show(batch, consumer, parameters.AttentionOutput, kept.Attended, a.Residual);
            AttendGradient(batch, consumer, layer, parameters, kept);
            // Below the lowest wanted layer nobody reads the residual stream's gradient.
            var goesOn = layer > consumer.LowestLayer || consumer.WantsVectors;
            LinearGradient(batch, parameters.QueryKeyValue, a.QueryKeyValueGradient, goesOn ? a.NormedGradient : null);
            _operations.RmsNormAgain(a.Input(layer), Weight(parameters.AttentionNorm), kept.AttentionInverse, rows, hidden, a.Normed);
            Show(batch, consumer, parameters.QueryKeyValue, a.Normed, a.QueryKeyValueGradient);
            if (goesOn)
                NormGradient(batch, consumer, parameters.AttentionNorm, a.Input(layer), kept.AttentionInverse, rows, a.NormedGradient, accumulate: true, a.Residual);
        }

        if (consumer.LowestLayer < 0)
            consumer.OnEmbedding(batch, a.Residual.Part(0, rows * hidden));
    }

    /// <summary>From the gradient of the attention's output to that of the raw queries, keys and values.</summary>
    private void AttendGradient(MicroBatch batch, IGradientConsumer consumer, int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var a = _activations!;
        var (rows, size, stride) = (batch.Tokens, _config.HeadSize, parameters.QueryKeyValue.Outputs);
        var (q, dQ) = (kept.QueryKeyValue, a.QueryKeyValueGradient);
        var (k, dK) = (q.From(_config.QuerySize), dQ.From(_config.QuerySize));
        var (v, dV) = (k.From(_config.KeyValueSize), dK.From(_config.KeyValueSize));
        _operations.AttentionBackward(Shape(layer), batch.Sequences, q, k, v, stride, kept.Attended, a.AttendedGradient, _config.QuerySize, kept.LogSumExp, a.AttentionSpace, dQ, dK, dV, stride);
        _operations.Rope(dQ, stride, _config.QueryHeads + _config.KeyValueHeads, size, _angles, batch.Positions, backward: true);
        if (!_config.QueryKeyNorm)
            return;
        HeadNormGradient(parameters.QueryNorm!, kept.QueryKeyValueRaw, kept.QueryInverse, _config.QueryHeads, dQ);
        HeadNormGradient(parameters.KeyNorm!, kept.QueryKeyValueRaw.From(_config.QuerySize), kept.KeyInverse, _config.KeyValueHeads, dK);

        void HeadNormGradient(Parameter norm, BufferSlice raw, BufferSlice inverse, int heads, BufferSlice gradient)
        {
            BufferSlice? weight = consumer.WantsVectors ? a.VectorGradient.Part(0, size) : null;
            _operations.RmsNormBackward(raw, stride, Weight(norm), inverse, gradient, stride, rows, heads, size, false, gradient, stride, weight);
            if (weight is { } formed)
                consumer.OnVector(batch, norm, formed);
        }
    }

    private void NormGradient(MicroBatch batch, IGradientConsumer consumer, Parameter norm, BufferSlice x, BufferSlice inverse, int rows, BufferSlice dy, bool accumulate, BufferSlice dx)
    {
        var hidden = _config.HiddenSize;
        BufferSlice? weight = consumer.WantsVectors ? _activations!.VectorGradient.Part(0, hidden) : null;
        _operations.RmsNormBackward(x, hidden, Weight(norm), inverse, dy, hidden, rows, 1, hidden, accumulate, dx, hidden, weight);
        if (weight is { } formed)
            consumer.OnVector(batch, norm, formed);
    }

    /// <summary>y = x W^T + b, with adapters.</summary>
    private void Linear(MicroBatch batch, LinearGroup group, BufferSlice x, BufferSlice y)
    {
        if (group.HasBias)
            _operations.SetRows(group.Biases(_decoder.Weights), batch.Tokens, group.Outputs, y, group.Outputs);
        Multiply(batch.Tokens, group, 0, group.Outputs, x, group.HasBias ? 1 : 0, y);
        AddAdapters(batch, group, x, y);
    }

    /// <summary>y = residual + x W^T + b, with adapters.</summary>
    private void AddLinear(MicroBatch batch, LinearGroup group, BufferSlice x, BufferSlice residual, BufferSlice y)
    {
        _operations.Copy(residual.Part(0, batch.Tokens * group.Outputs), y);
        if (group.HasBias)
            _operations.AddToRows(group.Biases(_decoder.Weights), batch.Tokens, group.Outputs, y, group.Outputs);
        Multiply(batch.Tokens, group, 0, group.Outputs, x, 1, y);
        AddAdapters(batch, group, x, y);
    }

    /// <summary>y[rows, columns] = x W^T + beta y for columns of a group's outputs from a first one on.</summary>
    private void Multiply(int rows, LinearGroup group, int first, int columns, BufferSlice x, float beta, BufferSlice y)
    {
        if (_activations!.CacheRows > 0 && _turned is not null && first % PanelColumns == 0)
            MultiplyPanels(rows, group, first, columns, x, beta, y);
        else
            _operations.Multiply(false, true, rows, columns, group.Inputs, 1, x, group.Inputs, group.Weights(_decoder.Weights).From(first * group.Inputs), group.Inputs, beta, y, columns);
    }

    /// <summary>dx = dy W, with adapters; without dx only what the consumer needs of the adapters.</summary>
    private void LinearGradient(MicroBatch batch, LinearGroup group, BufferSlice dy, BufferSlice? dx)
    {
        if (dx is { } target)
            _operations.Multiply(false, false, batch.Tokens, group.Inputs, group.Outputs, 1, dy, group.Outputs, group.Weights(_decoder.Weights), group.Inputs, 0, target, group.Inputs);
        AddAdapterGradients(batch, group, dy, dx);
    }
}
