using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    private void BackwardLayers(IGradientConsumer consumer)
    {
        var a = _activations!;
        var (rows, hidden) = (_batch.Tokens, _config.HiddenSize);
        for (var layer = _config.Layers - 1; layer >= Math.Max(0, consumer.LowestLayer); layer--)
        {
            var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));
            var input = a.Input(layer);
            _stream?.Enter(layer, following: layer > Math.Max(0, consumer.LowestLayer) ? layer - 1 : -1);
            // The last layer's values are still those of the forward pass.
            if (a.Recomputes && layer < _config.Layers - 1)
                ForwardLayer(layer);
            var mlpInput = _config.IsParallel ? input : kept.Middle;
            // Parallel blocks read one gradient, to which each adds its own only once both have read it.
            var shared = _config.IsParallel ? CopyOfResidual() : default(BufferSlice?);

            if (parameters.Mixture is { } mixture)
                MixtureGradient(consumer, layer, mixture, BlockInputAgain(parameters.MlpNorm, mlpInput, kept.MlpInverse));
            else
                MlpGradient(consumer, layer, mlpInput, shared);
            // The gradient that meets a shared norm is whole only with attention's.
            if (!parameters.SharesNorm)
                AddInputGradient(consumer, parameters.MlpNorm, mlpInput, kept.MlpInverse);

            var dAttention = shared ?? BlockGradient(
                consumer,
                new(parameters.AttentionOutput, parameters.AttentionOutputNorm, kept.AttentionOutput, kept.AttentionOutputInverse));
            LinearGradient(parameters.AttentionOutput, dAttention, a.AttendedGradient);
            Show(consumer, parameters.AttentionOutput, kept.Attended, dAttention);
            AttendGradient(consumer, layer, parameters, kept);
            // Below the lowest wanted layer nobody reads the residual stream's gradient.
            var goesOn = layer > consumer.LowestLayer || consumer.WantsVectors;
            LinearGradient(
                AllRows, parameters.QueryKeyValue, a.QueryKeyValueGradient, goesOn ? a.NormedGradient : null, adds: parameters.SharesNorm);
            Show(
                consumer,
                parameters.QueryKeyValue,
                BlockInputAgain(parameters.AttentionNorm, input, kept.AttentionInverse),
                a.QueryKeyValueGradient);
            if (goesOn)
                AddInputGradient(consumer, parameters.AttentionNorm, input, kept.AttentionInverse);
        }

        if (consumer.LowestLayer < 0)
            EmbeddingGradient(consumer, a.Residual.Part(0, rows * hidden));
    }

    /// <summary>From the residual stream's gradient to that of what the feed-forward block read, in NormedGradient.</summary>
    private void MlpGradient(IGradientConsumer consumer, int layer, BufferSlice input, BufferSlice? shared)
    {
        var (a, parameters) = (_activations!, _decoder.Layout.Layers[layer]);
        var (mlp, kept) = (parameters.Mlp!, a.Layer(layer));
        var dOutput = shared
            ?? BlockGradient(consumer, new(mlp.Down, parameters.MlpOutputNorm, kept.MlpOutput, kept.MlpOutputInverse));
        LinearGradient(mlp.Down, dOutput, a.Gated);
        _operations.ActivateBackward(_config.Mlp(_batch.Tokens), kept.GateUp, a.Gated);
        Show(consumer, mlp.Down, a.Gated, dOutput);
        LinearGradient(mlp.GateUp, kept.GateUp, a.NormedGradient);
        Show(consumer, mlp.GateUp, BlockInputAgain(parameters.MlpNorm, input, kept.MlpInverse), kept.GateUp);
    }

    private void EmbeddingGradient(IGradientConsumer consumer, BufferSlice gradient)
    {
        var layout = _decoder.Layout;
        if (layout.Positions is { } positions)
            consumer.OnEmbedding(_batch, new(positions, _batch.Positions), gradient);
        if (_config.EmbeddingScale is { } scale)
            _operations.Multiply(scale, gradient);
        consumer.OnEmbedding(_batch, new(layout.Embedding, _batch.TokenIds), gradient);
    }

    /// <summary>The gradient of a block's last product, from that of the residual stream it was added to.</summary>
    private BufferSlice BlockGradient(IGradientConsumer consumer, BlockEnd end)
    {
        var a = _activations!;
        if (end.Norm is null && _config.ResidualScale is null)
            return a.Residual;
        var branch = CopyOfResidual();
        if (_config.ResidualScale is { } scale)
            _operations.Multiply(scale, branch);
        if (end.Norm is { } norm)
        {
            var shape = new NormShape(_batch.Tokens, 1, _config.HiddenSize);
            FormNorm(consumer, norm, new NormGradient(shape, Norm(norm), Hidden(end.Kept), end.Inverse, Hidden(branch), Hidden(branch)));
        }

        return branch;
    }

    private BufferSlice CopyOfResidual()
    {
        var length = _batch.Tokens * _config.HiddenSize;
        var copy = _activations!.Branch.Part(0, length);
        _operations.Copy(_activations.Residual.Part(0, length), copy);
        return copy;
    }

    /// <summary>What a block read in the forward pass, again.</summary>
    private BufferSlice BlockInputAgain(NormParameters? norm, BufferSlice x, BufferSlice inverse)
    {
        if (norm is null)
            return x;
        _operations.NormAgain(_batch.Tokens, _config.HiddenSize, Norm(norm), x, inverse, _activations!.Normed);
        return _activations.Normed;
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
        Rotate(layer, dQueries, backward: true);
        if (!_config.QueryKeyNorm)
            return;
        var raw = new MatrixSlice(kept.QueryKeyValueRaw, stride);
        HeadNormGradient(parameters.QueryNorm!, raw, kept.QueryInverse, _config.QueryHeads, dQueries);
        HeadNormGradient(parameters.KeyNorm!, raw.From(_config.QuerySize), kept.KeyInverse, _config.KeyValueHeads, dKeys);

        void HeadNormGradient(NormParameters norm, MatrixSlice x, BufferSlice inverse, int heads, MatrixSlice gradient) =>
            FormNorm(consumer, norm, new NormGradient(HeadShape(heads), Norm(norm), x, inverse, gradient, gradient));
    }

    /// <summary>Adds the gradient of what a block read to that of the residual stream, through the norm between them.</summary>
    private void AddInputGradient(IGradientConsumer consumer, NormParameters? norm, BufferSlice x, BufferSlice inverse)
    {
        var a = _activations!;
        if (norm is null)
        {
            var length = _batch.Tokens * _config.HiddenSize;
            _operations.AddScaled(1, a.NormedGradient.Part(0, length), a.Residual);
            return;
        }

        var shape = new NormShape(_batch.Tokens, 1, _config.HiddenSize);
        FormNorm(
            consumer,
            norm,
            new NormGradient(shape, Norm(norm), Hidden(x), inverse, Hidden(a.NormedGradient), Hidden(a.Residual)) { Accumulate = true });
    }

    /// <summary>A norm's gradient, and that of its weight and bias where the consumer wants it.</summary>
    private void FormNorm(IGradientConsumer consumer, NormParameters norm, NormGradient gradient)
    {
        var (a, size) = (_activations!, gradient.Shape.Size);
        BufferSlice? weight = consumer.WantsVectors ? a.VectorGradient.Part(0, size) : null;
        BufferSlice? bias = consumer.WantsVectors && norm.Bias is not null ? a.BiasGradient.Part(0, size) : null;
        _operations.NormBackward(gradient with { DWeight = weight, DBias = bias });
        if (weight is { } formed)
            consumer.OnVector(_batch, norm.Weight, formed);
        if (bias is { } formedBias)
            consumer.OnVector(_batch, norm.Bias!, formedBias);
    }
}
