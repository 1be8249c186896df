using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>The residual stream behind a number of layers, in that layer's <see cref="Activations.Input"/>.</summary>
    private void ForwardLayers(int layers)
    {
        Embed(_activations!.Input(0));
        for (var layer = 0; layer < layers; layer++)
        {
            _stream?.Enter(layer, following: layer + 1 < layers ? layer + 1 : -1);
            ForwardLayer(layer);
        }
    }

    /// <summary>One layer, from its <see cref="Activations.Input"/> to the next one's.</summary>
    private void ForwardLayer(int layer)
    {
        var a = _activations!;
        var (parameters, kept) = (_decoder.Layout.Layers[layer], a.Layer(layer));
        var (input, output) = (a.Input(layer), a.Input(layer + 1));
        Linear(parameters.QueryKeyValue, BlockInput(parameters.AttentionNorm, input, kept.AttentionInverse), kept.QueryKeyValue);
        Attend(layer, parameters, kept);
        AddBlock(
            new(parameters.AttentionOutput, parameters.AttentionOutputNorm, kept.AttentionOutput, kept.AttentionOutputInverse),
            kept.Attended,
            input,
            kept.Middle);

        var mlpInput = _config.IsParallel ? input : kept.Middle;
        var normed = BlockInput(parameters.MlpNorm, mlpInput, kept.MlpInverse);
        if (parameters.Mixture is { } mixture)
        {
            AddMixture(layer, mixture, normed, kept, output);
            return;
        }

        var mlp = parameters.Mlp!;
        Linear(mlp.GateUp, normed, kept.GateUp);
        _operations.Activate(_config.Mlp(_batch.Tokens), kept.GateUp, a.Gated);
        AddBlock(new(mlp.Down, parameters.MlpOutputNorm, kept.MlpOutput, kept.MlpOutputInverse), a.Gated, kept.Middle, output);
    }

    /// <summary>The tokens' embeddings, with their positions' where those are learned.</summary>
    private void Embed(BufferSlice x)
    {
        var (layout, a) = (_decoder.Layout, _activations!);
        var embedded = x.Part(0, _batch.Tokens * _config.HiddenSize);
        _operations.GatherRows(Weight(layout.Embedding), _batch.TokenIds, _config.HiddenSize, embedded);
        if (_config.EmbeddingScale is { } scale)
            _operations.Multiply(scale, embedded);
        if (layout.Positions is not { } positions)
            return;
        var places = a.Normed.Part(0, embedded.Length);
        _operations.GatherRows(Weight(positions), _batch.Positions, _config.HiddenSize, places);
        _operations.AddScaled(1, places, embedded);
    }

    /// <summary>What a block reads of the residual stream: its norm, or the stream itself.</summary>
    private BufferSlice BlockInput(NormParameters? norm, BufferSlice x, BufferSlice inverse)
    {
        if (norm is null)
            return x;
        NormHidden(_batch.Tokens, x, norm, _activations!.Normed, inverse);
        return _activations.Normed;
    }

    /// <summary>y = residual + the block's output, normalised or scaled where the family does so.</summary>
    private void AddBlock(BlockEnd end, BufferSlice x, BufferSlice residual, BufferSlice y)
    {
        if (end.Norm is null && _config.ResidualScale is null)
        {
            AddLinear(end.Group, x, residual, y);
            return;
        }

        var length = _batch.Tokens * _config.HiddenSize;
        var branch = (end.Norm is null ? _activations!.Branch : end.Kept).Part(0, length);
        Linear(end.Group, x, branch);
        if (end.Norm is { } norm)
        {
            NormHidden(_batch.Tokens, branch, norm, _activations!.Branch, end.Inverse);
            branch = _activations.Branch.Part(0, length);
        }

        _operations.Copy(residual.Part(0, length), y);
        _operations.AddScaled(_config.ResidualScale ?? 1, branch, y);
    }

    /// <summary>From the raw queries, keys and values to the attention's output.</summary>
    private void Attend(int layer, LayerParameters parameters, Activations.KeptLayer kept)
    {
        var (rows, stride) = (_batch.Tokens, parameters.QueryKeyValue.Outputs);
        var own = new MatrixSlice(kept.QueryKeyValue, stride);
        if (_config.QueryKeyNorm)
        {
            _operations.Copy(own.Values.Part(0, rows * stride), kept.QueryKeyValueRaw);
            var raw = new MatrixSlice(kept.QueryKeyValueRaw, stride);
            _operations.Norm(HeadShape(_config.QueryHeads), Norm(parameters.QueryNorm!), raw, own, kept.QueryInverse);
            _operations.Norm(
                HeadShape(_config.KeyValueHeads),
                Norm(parameters.KeyNorm!),
                raw.From(_config.QuerySize),
                own.From(_config.QuerySize),
                kept.KeyInverse);
        }

        Rotate(layer, own, backward: false);
        if (_activations!.CacheRows > 0)
            AttendToCache(_activations.Cache(layer), _config.Attention(layer), own, kept);
        else
            _operations.Attention(OwnAttention(layer, own, kept));
    }

    private void Rotate(int layer, MatrixSlice queryKeyValue, bool backward)
    {
        if (!_config.HasRope(layer))
            return;
        var angles = _localAngles is not null && _config.Window(layer) != int.MaxValue ? _localAngles : _angles;
        var shape = new RopeShape(_config.QueryHeads + _config.KeyValueHeads, _config.HeadSize, _config.Rotated);
        _operations.Rope(queryKeyValue, shape, angles.Values, angles.Rows(_batch), backward);
    }

    /// <summary>The attention of a micro-batch's queries to its own keys.</summary>
    private AttentionCall OwnAttention(int layer, MatrixSlice queryKeyValue, Activations.KeptLayer kept)
    {
        var keys = queryKeyValue.From(_config.QuerySize);
        var values = keys.From(_config.KeyValueSize);
        var output = new MatrixSlice(kept.Attended, _config.QuerySize);
        var shape = _config.Attention(layer);
        return new(shape, _batch.Sequences, queryKeyValue, keys, values, _activations!.AttentionSpace, output, kept.LogSumExp);
    }

    private NormShape HeadShape(int heads) => _config.Family.QueryKeyNorm == HeadNorm.AllHeads
        ? new(_batch.Tokens, 1, heads * _config.HeadSize)
        : new(_batch.Tokens, heads, _config.HeadSize);

    /// <summary>y = x W^T + b, with adapters.</summary>
    private void Linear(LinearGroup group, BufferSlice x, BufferSlice y) => Linear(AllRows, group, x, y);

    /// <summary>y = x W^T + b over some rows, with adapters.</summary>
    private void Linear(RowSet rows, LinearGroup group, BufferSlice x, BufferSlice y)
    {
        if (group.HasBias)
            _operations.SetRows(Biases(group), rows.Count, group.Outputs, new(y, group.Outputs));
        Multiply(rows.Count, group, 0, group.Outputs, x, group.HasBias ? 1 : 0, y);
        AddAdapters(rows, group, x, y);
    }

    /// <summary>y = residual + x W^T + b, with adapters.</summary>
    private void AddLinear(LinearGroup group, BufferSlice x, BufferSlice residual, BufferSlice y)
    {
        _operations.Copy(residual.Part(0, _batch.Tokens * group.Outputs), y);
        if (group.HasBias)
            _operations.AddToRows(Biases(group), _batch.Tokens, group.Outputs, new(y, group.Outputs));
        Multiply(_batch.Tokens, group, 0, group.Outputs, x, 1, y);
        AddAdapters(AllRows, group, x, y);
    }

    /// <summary>y[rows, columns] = x W^T + beta y for columns of a group's outputs from a first one on.</summary>
    private void Multiply(int rows, LinearGroup group, int first, int columns, BufferSlice x, float beta, BufferSlice y)
    {
        if (_activations!.CacheRows > 0 && _turned is not null && first % PanelColumns == 0)
        {
            MultiplyPanels(rows, group, first, columns, x, beta, y);
            return;
        }

        var weights = Weights(group).From(first * group.Inputs);
        _operations.Multiply(new(rows, columns, group.Inputs, new(x, group.Inputs), new(weights, group.Inputs), new(y, columns))
        {
            TransposeB = true,
            Beta = beta,
        });
    }

    /// <summary>dx = dy W, with adapters; without dx only what the consumer needs of the adapters.</summary>
    private void LinearGradient(LinearGroup group, BufferSlice dy, BufferSlice? dx) => LinearGradient(AllRows, group, dy, dx);

    /// <summary>dx = dy W over some rows, or what dx has and that, with adapters.</summary>
    private void LinearGradient(RowSet rows, LinearGroup group, BufferSlice dy, BufferSlice? dx, bool adds = false)
    {
        if (dx is { } target)
        {
            var weights = new MatrixSlice(Weights(group), group.Inputs);
            _operations.Multiply(
                new(rows.Count, group.Inputs, group.Outputs, new(dy, group.Outputs), weights, new(target, group.Inputs))
                {
                    Beta = adds ? 1 : 0,
                });
        }

        AddAdapterGradients(rows, group, dy, dx);
    }

    /// <summary>All rows of the micro-batch.</summary>
    private RowSet AllRows => new(_batch.Tokens, _batch.Segments);

    /// <summary>Rows that a linear layer is applied to: how many, and each example's.</summary>
    private readonly record struct RowSet(int Count, Segments Segments);

    /// <summary>The end of a block: its last matrix, the norm of its output or null, and where that norm's input and r are kept.</summary>
    private readonly record struct BlockEnd(LinearGroup Group, NormParameters? Norm, BufferSlice Kept, BufferSlice Inverse);
}
