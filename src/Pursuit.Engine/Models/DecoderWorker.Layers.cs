using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>The residual stream behind a number of layers, in that layer's <see cref="Activations.Input"/>.</summary>
    private void ForwardLayers(int layers)
    {
        var a = _activations!;
        var rows = _batch.Tokens;
        _operations.GatherRows(Weight(_decoder.Layout.Embedding), _batch.TokenIds, _config.HiddenSize, a.Input(0));
        for (var layer = 0; layer < layers; layer++)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));
            var (input, output) = (a.Input(layer), a.Input(layer + 1));
            NormHidden(rows, input, parameters.AttentionNorm, a.Normed, kept.AttentionInverse);
            Linear(parameters.QueryKeyValue, a.Normed, kept.QueryKeyValue);
            Attend(layer, parameters, kept);
            AddLinear(parameters.AttentionOutput, kept.Attended, input, kept.Middle);

            NormHidden(rows, kept.Middle, parameters.MlpNorm, a.Normed, kept.MlpInverse);
            Linear(parameters.GateUp, a.Normed, kept.GateUp);
            _operations.SiluGate(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            AddLinear(parameters.Down, a.Gated, kept.Middle, output);
        }
    }

    /// <summary>From the raw queries, keys and values to the attention's output.</summary>
    private void Attend(int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var (rows, stride) = (_batch.Tokens, parameters.QueryKeyValue.Outputs);
        var own = new MatrixSlice(kept.QueryKeyValue, stride);
        if (_config.QueryKeyNorm)
        {
            _operations.Copy(own.Values.Part(0, rows * stride), kept.QueryKeyValueRaw);
            var (raw, epsilon) = (new MatrixSlice(kept.QueryKeyValueRaw, stride), _config.NormEpsilon);
            _operations.RmsNorm(HeadShape(_config.QueryHeads), raw, Weight(parameters.QueryNorm!), epsilon, own, kept.QueryInverse);
            _operations.RmsNorm(
                HeadShape(_config.KeyValueHeads), raw.From(_config.QuerySize), Weight(
                    parameters.KeyNorm!), epsilon, own.From(_config.QuerySize), kept.KeyInverse);
        }

        _operations.Rope(own, _config.QueryHeads + _config.KeyValueHeads, _config.HeadSize, _angles, _batch.Positions, backward: false);
        if (_activations!.CacheRows > 0)
            AttendToCache(_activations.Cache(layer), Shape(layer), own, kept);
        else
            _operations.Attention(OwnAttention(layer, own, kept));
    }

    /// <summary>The attention of a micro-batch's queries to its own keys.</summary>
    private AttentionCall OwnAttention(int layer, MatrixSlice queryKeyValue, Activations.KeptLayer kept)
    {
        var keys = queryKeyValue.From(_config.QuerySize);
        var values = keys.From(_config.KeyValueSize);
        var output = new MatrixSlice(kept.Attended, _config.QuerySize);
        return new(Shape(layer), _batch.Sequences, queryKeyValue, keys, values, _activations!.AttentionSpace, output, kept.LogSumExp);
    }

    private NormShape HeadShape(int heads) => new(_batch.Tokens, heads, _config.HeadSize);

    private void BackwardLayers(IGradientConsumer consumer)
    {
        var a = _activations!;
        var (rows, hidden) = (_batch.Tokens, _config.HiddenSize);
        for (var layer = _config.Layers - 1; layer >= Math.Max(0, consumer.LowestLayer); layer--)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));

            LinearGradient(parameters.Down, a.Residual, a.Gated);
            _operations.SiluGateBackward(kept.GateUp, rows, _config.IntermediateSize, a.Gated);
            Show(consumer, parameters.Down, a.Gated, a.Residual);
            LinearGradient(parameters.GateUp, kept.GateUp, a.NormedGradient);
            _operations.RmsNormAgain(rows, hidden, kept.Middle, Weight(parameters.MlpNorm), kept.MlpInverse, a.Normed);
            Show(consumer, parameters.GateUp, a.Normed, kept.GateUp);
            AddNormGradient(consumer, parameters.MlpNorm, kept.Middle, kept.MlpInverse);

            LinearGradient(parameters.AttentionOutput, a.Residual, a.AttendedGradient);
            Show(consumer, parameters.AttentionOutput, kept.Attended, a.Residual);
            AttendGradient(consumer, layer, parameters, kept);
            // Below the lowest wanted layer nobody reads the residual stream's gradient.
            var goesOn = layer > consumer.LowestLayer || consumer.WantsVectors;
            LinearGradient(parameters.QueryKeyValue, a.QueryKeyValueGradient, goesOn ? a.NormedGradient : null);
            _operations.RmsNormAgain(rows, hidden, a.Input(layer), Weight(parameters.AttentionNorm), kept.AttentionInverse, a.Normed);
            Show(consumer, parameters.QueryKeyValue, a.Normed, a.QueryKeyValueGradient);
            if (goesOn)
                AddNormGradient(consumer, parameters.AttentionNorm, a.Input(layer), kept.AttentionInverse);
        }

        if (consumer.LowestLayer < 0)
            consumer.OnEmbedding(_batch, a.Residual.Part(0, rows * hidden));
    }

    /// <summary>From the gradient of the attention's output to that of the raw queries, keys and values.</summary>
    private void AttendGradient(IGradientConsumer consumer, int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var (a, stride) = (_activations!, parameters.QueryKeyValue.Outputs);
        var dQueries = new MatrixSlice(a.QueryKeyValueGradient, stride);
        var dKeys = dQueries.From(_config.QuerySize);
        _operations.AttentionBackward(new(
            OwnAttention(layer, new(kept.QueryKeyValue, stride), kept),
            new(a.AttendedGradient, _config.QuerySize),
            dQueries,
            dKeys,
            dKeys.From(_config.KeyValueSize)));
        _operations.Rope(dQueries, _config.QueryHeads + _config.KeyValueHeads, _config.HeadSize, _angles, _batch.Positions, backward: true);
        if (!_config.QueryKeyNorm)
            return;
        var raw = new MatrixSlice(kept.QueryKeyValueRaw, stride);
        HeadNormGradient(parameters.QueryNorm!, raw, kept.QueryInverse, _config.QueryHeads, dQueries);
        HeadNormGradient(parameters.KeyNorm!, raw.From(_config.QuerySize), kept.KeyInverse, _config.KeyValueHeads, dKeys);

        void HeadNormGradient(Parameter norm, MatrixSlice x, BufferSlice inverse, int heads, MatrixSlice gradient) =>
            FormNorm(consumer, norm, new NormGradient(HeadShape(heads), x, Weight(norm), inverse, gradient, gradient));
    }

    /// <summary>Adds the gradient of a norm over the residual stream's rows to that of the residual stream.</summary>
    private void AddNormGradient(IGradientConsumer consumer, Parameter norm, BufferSlice x, BufferSlice inverse)
    {
        var a = _activations!;
        var shape = new NormShape(_batch.Tokens, 1, _config.HiddenSize);
        FormNorm(
            consumer,
            norm,
            new NormGradient(shape, Hidden(x), Weight(norm), inverse, Hidden(a.NormedGradient), Hidden(a.Residual)) { Accumulate = true });
    }

    /// <summary>A norm's gradient, and that of its weight where the consumer wants it.</summary>
    private void FormNorm(IGradientConsumer consumer, Parameter norm, NormGradient gradient)
    {
        BufferSlice? weight = consumer.WantsVectors ? _activations!.VectorGradient.Part(0, gradient.Shape.Size) : null;
        _operations.RmsNormBackward(gradient with { DWeight = weight });
        if (weight is { } formed)
            consumer.OnVector(_batch, norm, formed);
    }

    /// <summary>y = x W^T + b, with adapters.</summary>
    private void Linear(LinearGroup group, BufferSlice x, BufferSlice y)
    {
        if (group.HasBias)
            _operations.SetRows(_decoder.Biases(group), _batch.Tokens, group.Outputs, new(y, group.Outputs));
        Multiply(_batch.Tokens, group, 0, group.Outputs, x, group.HasBias ? 1 : 0, y);
        AddAdapters(group, x, y);
    }

    /// <summary>y = residual + x W^T + b, with adapters.</summary>
    private void AddLinear(LinearGroup group, BufferSlice x, BufferSlice residual, BufferSlice y)
    {
        _operations.Copy(residual.Part(0, _batch.Tokens * group.Outputs), y);
        if (group.HasBias)
            _operations.AddToRows(_decoder.Biases(group), _batch.Tokens, group.Outputs, new(y, group.Outputs));
        Multiply(_batch.Tokens, group, 0, group.Outputs, x, 1, y);
        AddAdapters(group, x, y);
    }

    /// <summary>y[rows, columns] = x W^T + beta y for columns of a group's outputs from a first one on.</summary>
    private void Multiply(int rows, LinearGroup group, int first, int columns, BufferSlice x, float beta, BufferSlice y)
    {
        if (_activations!.CacheRows > 0 && _turned is not null && first % PanelColumns == 0)
        {
            MultiplyPanels(rows, group, first, columns, x, beta, y);
            return;
        }

        var weights = group.Weights(_decoder.Weights).From(first * group.Inputs);
        _operations.Multiply(new(rows, columns, group.Inputs, new(x, group.Inputs), new(weights, group.Inputs), new(y, columns))
        {
            TransposeB = true,
            Beta = beta,
        });
    }

    /// <summary>dx = dy W, with adapters; without dx only what the consumer needs of the adapters.</summary>
    private void LinearGradient(LinearGroup group, BufferSlice dy, BufferSlice? dx)
    {
        if (dx is { } target)
        {
            var weights = new MatrixSlice(group.Weights(_decoder.Weights), group.Inputs);
            _operations.Multiply(
                new(_batch.Tokens, group.Inputs, group.Outputs, new(dy, group.Outputs), weights, new(target, group.Inputs)));
        }

        AddAdapterGradients(group, dy, dx);
    }
}
