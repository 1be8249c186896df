using Pursuit.Engine.Kernels;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    private void ForwardLayers(MicroBatch batch)
    {
        var a = _activations!;
        var (rows, hidden) = (batch.Tokens, _config.HiddenSize);
        _operations.GatherRows(Weight(_decoder.Layout.Embedding), batch.TokenIds, hidden, a.Input(0));
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));
            var (input, output) = (a.Input(layer), a.Input(layer + 1));
            _operations.RmsNorm(input, hidden, Weight(parameters.AttentionNorm), _config.NormEpsilon, rows, 1, hidden, a.Normed, hidden, kept.AttentionInverse);
            Linear(parameters.QueryKeyValue, rows, a.Normed, kept.QueryKeyValue);
            Attend(batch, layer, parameters, kept);
            AddLinear(parameters.AttentionOutput, rows, kept.Attended, input, kept.Middle);

            _operations.RmsNorm(kept.Middle, hidden, Weight(parameters.MlpNorm), _config.NormEpsilon, rows, 1, hidden, a.Normed, hidden, kept.MlpInverse);
            Linear(parameters.GateUp, rows, a.Normed, kept.GateUp);
            _operations.SiluGate(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            AddLinear(parameters.Down, rows, a.Gated, kept.Middle, output);
        }
    }

    /// <summary>From the raw queries, keys and values to the attention's output.</summary>
    private void Attend(MicroBatch batch, int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var (rows, size, stride) = (batch.Tokens, _config.HeadSize, parameters.QueryKeyValue.Outputs);
        var keys = kept.QueryKeyValue.From(_config.QuerySize);
        var values = kept.QueryKeyValue.From(_config.QuerySize + _config.KeyValueSize);
        if (_config.QueryKeyNorm)
        {
            _operations.Copy(kept.QueryKeyValue.Part(0, rows * stride), kept.QueryKeyValueRaw);
            _operations.RmsNorm(kept.QueryKeyValueRaw, stride, Weight(parameters.QueryNorm!), _config.NormEpsilon, rows, _config.QueryHeads, size, kept.QueryKeyValue, stride, kept.QueryInverse);
            _operations.RmsNorm(kept.QueryKeyValueRaw.From(_config.QuerySize), stride, Weight(parameters.KeyNorm!), _config.NormEpsilon, rows, _config.KeyValueHeads, size, keys, stride, kept.KeyInverse);
        }

        _operations.Rope(kept.QueryKeyValue, stride, _config.QueryHeads + _config.KeyValueHeads, size, _angles, batch.Positions, backward: false);
        _operations.Attention(Shape(layer), batch.Sequences, kept.QueryKeyValue, stride, keys, values, stride, _activations!.AttentionSpace, kept.Attended, _config.QuerySize, kept.LogSumExp);
    }

    private void BackwardLayers(MicroBatch batch, IGradientConsumer consumer)
    {
        var a = _activations!;
        var (rows, hidden) = (batch.Tokens, _config.HiddenSize);
        for (var layer = _config.Layers - 1; layer >= Math.Max(0, consumer.LowestLayer); layer--)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));

            LinearGradient(parameters.Down, rows, a.Residual, a.Gated);
            _operations.SiluGateBackward(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            consumer.OnLinear(new(batch, parameters.Down, a.Gated, a.Residual));
            LinearGradient(parameters.GateUp, rows, kept.GateUp, a.NormedGradient);
            _operations.RmsNormAgain(kept.Middle, Weight(parameters.MlpNorm), kept.MlpInverse, rows, hidden, a.Normed);
            consumer.OnLinear(new(batch, parameters.GateUp, a.Normed, kept.GateUp));
            NormGradient(batch, consumer, parameters.MlpNorm, kept.Middle, kept.MlpInverse, rows, a.NormedGradient, accumulate: true, a.Residual);

            LinearGradient(parameters.AttentionOutput, rows, a.Residual, a.AttendedGradient);
            consumer.OnLinear(new(batch, parameters.AttentionOutput, kept.Attended, a.Residual));
            AttendGradient(batch, consumer, layer, parameters, kept);
            LinearGradient(parameters.QueryKeyValue, rows, a.QueryKeyValueGradient, a.NormedGradient);
            _operations.RmsNormAgain(a.Input(layer), Weight(parameters.AttentionNorm), kept.AttentionInverse, rows, hidden, a.Normed);
            consumer.OnLinear(new(batch, parameters.QueryKeyValue, a.Normed, a.QueryKeyValueGradient));
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

    /// <summary>y = x W^T + b.</summary>
    private void Linear(LinearGroup group, int rows, BufferSlice x, BufferSlice y)
    {
        if (group.HasBias)
            _operations.SetRows(group.Biases(_decoder.Weights), rows, group.Outputs, y, group.Outputs);
        _operations.Multiply(false, true, rows, group.Outputs, group.Inputs, 1, x, group.Inputs, group.Weights(_decoder.Weights), group.Inputs, group.HasBias ? 1 : 0, y, group.Outputs);
    }

    /// <summary>y = residual + x W^T + b.</summary>
    private void AddLinear(LinearGroup group, int rows, BufferSlice x, BufferSlice residual, BufferSlice y)
    {
        _operations.Copy(residual.Part(0, rows * group.Outputs), y);
        if (group.HasBias)
            _operations.AddToRows(group.Biases(_decoder.Weights), rows, group.Outputs, y, group.Outputs);
        _operations.Multiply(false, true, rows, group.Outputs, group.Inputs, 1, x, group.Inputs, group.Weights(_decoder.Weights), group.Inputs, 1, y, group.Outputs);
    }

    /// <summary>dx = dy W.</summary>
    private void LinearGradient(LinearGroup group, int rows, BufferSlice dy, BufferSlice dx) =>
        _operations.Multiply(false, false, rows, group.Inputs, group.Outputs, 1, dy, group.Outputs, group.Weights(_decoder.Weights), group.Inputs, 0, dx, group.Inputs);
}
