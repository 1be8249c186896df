using System.Collections.Concurrent;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>
/// An encoder's forward pass, one text at a time on the thread that asks; any number of threads may ask side by side. The same tokens give
/// the same bits.
/// </summary>
internal sealed class TextEncoder : IDisposable
{
    private readonly TextEncoderConfig _config;
    private readonly TextEncoderWeights _weights;
    private readonly IDecoderOperations _operations;
    private readonly ConcurrentBag<TextEncoderSpace> _spaces = [];

    private TextEncoder(TextEncoderConfig config, TextEncoderWeights weights, IDecoderOperations operations) =>
        (_config, _weights, _operations) = (config, weights, operations);

    /// <summary>Numbers of a hidden state.</summary>
    public int HiddenSize => _config.HiddenSize;

    /// <summary>Reads an encoder's weights.</summary>
    /// <param name="directory">A directory with model.safetensors, or its index and files.</param>
    /// <param name="config">What the encoder is made of.</param>
    /// <param name="operations">The processor's operations; null: those for the widest vectors.</param>
    /// <exception cref="PursuitException">A file or a tensor is missing or unfit.</exception>
    public static TextEncoder Load(string directory, TextEncoderConfig config, IDecoderOperations? operations = null)
    {
        operations ??= CpuOperations.Best;
        return new TextEncoder(config, TextEncoderWeights.Read(directory, config, operations), operations);
    }

    /// <summary>Computes the hidden states of a text's tokens behind the last layer.</summary>
    /// <param name="ids">The tokens, at least one.</param>
    /// <param name="states">[tokens, hidden]; overwritten.</param>
    /// <exception cref="PursuitException">A token is outside the vocabulary, or there are more tokens than positions.</exception>
    public void HiddenStates(ReadOnlySpan<int> ids, Span<float> states)
    {
        if (!_spaces.TryTake(out var space) || space.Tokens < ids.Length)
        {
            space?.Dispose();
            space = new TextEncoderSpace(_config, ids.Length, _operations);
        }

        try
        {
            Prepare(ids, space);
            Embed(ids.Length, space);
            for (var layer = 0; layer < _config.Layers; layer++)
                RunLayer(ids.Length, _weights.Layers[layer], space);
            space.Hidden.Part(0, states.Length).AsSpan().CopyTo(states);
        }
        finally
        {
            _spaces.Add(space);
        }
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        foreach (var space in _spaces)
            space.Dispose();
        _weights.Dispose();
    }

    private void Prepare(ReadOnlySpan<int> ids, TextEncoderSpace space)
    {
        var tokens = space.TokenIds.AsIntegers();
        var positions = space.Positions.AsIntegers();
        var next = _config.Family.CountsFromPadding ? _config.PaddingToken + 1 : 0;
        for (var t = 0; t < ids.Length; t++)
        {
            if ((uint)ids[t] >= (uint)_config.VocabularySize)
            {
                throw PursuitException.At(
                    "the encoder",
                    $"token id {ids[t]}",
                    $"ids from 0 to {_config.VocabularySize - 1}, its vocabulary",
                    "Use the tokenizer that belongs to it.");
            }

            tokens[t] = ids[t];
            positions[t] = _config.Family.CountsFromPadding && ids[t] == _config.PaddingToken ? _config.PaddingToken : next++;
        }

        if (next > _config.Positions)
        {
            throw PursuitException.At(
                "the encoder",
                $"a text of {ids.Length:N0} tokens",
                $"at most {ids.Length - next + _config.Positions:N0}, the positions that it learned",
                $"Give a smaller {ApiName.MaxLength}.");
        }

        _operations.Write((ReadOnlySpan<int>)[0, ids.Length, 0, ids.Length], space.Sequence);
    }

    /// <summary>The norm of tokens' and positions' embeddings, and of type 0's.</summary>
    private void Embed(int rows, TextEncoderSpace space)
    {
        var (hidden, length) = (_config.HiddenSize, rows * _config.HiddenSize);
        var (sum, places) = (space.Sum.Part(0, length), space.Branch.Part(0, length));
        _operations.GatherRows(_weights.Tokens, space.TokenIds.Part(0, rows), hidden, sum);
        if (_weights.Types is { } types)
            _operations.AddToRows(types.Part(0, hidden), rows, hidden, new(sum, hidden));
        _operations.GatherRows(_weights.Positions, space.Positions.Part(0, rows), hidden, places);
        _operations.AddScaled(1, places, sum);
        Norm(rows, _weights.Norm, space);
    }

    private void RunLayer(int rows, EncoderLayer layer, TextEncoderSpace space)
    {
        var (hidden, stride) = (_config.HiddenSize, layer.QueryKeyValue.Outputs);
        Multiply(rows, layer.QueryKeyValue, space.Hidden, space.QueryKeyValue);
        var queries = new MatrixSlice(space.QueryKeyValue, stride);
        _operations.Attention(new(
            _config.Attention,
            space.Sequence,
            queries,
            queries.From(hidden),
            queries.From(2 * hidden),
            space.AttentionSpace,
            new(space.Branch, hidden),
            space.LogSumExp));
        AddBlock(rows, layer.AttentionOutput, space.Branch, layer.AttentionNorm, space);
        Multiply(rows, layer.MlpInput, space.Hidden, space.Inner);
        _operations.Activate(_config.Mlp(rows), space.Inner, space.Activated);
        AddBlock(rows, layer.MlpOutput, space.Activated, layer.MlpNorm, space);
    }

    /// <summary>The residual stream becomes the norm of its sum with a block's output.</summary>
    private void AddBlock(int rows, EncoderLinear last, BufferSlice x, NormCall norm, TextEncoderSpace space)
    {
        Multiply(rows, last, x, space.Sum);
        _operations.AddScaled(1, space.Hidden.Part(0, rows * _config.HiddenSize), space.Sum);
        Norm(rows, norm, space);
    }

    private void Norm(int rows, NormCall norm, TextEncoderSpace space)
    {
        var hidden = _config.HiddenSize;
        _operations.Norm(new(rows, 1, hidden), norm, new(space.Sum, hidden), new(space.Hidden, hidden), space.Inverse);
    }

    private void Multiply(int rows, EncoderLinear linear, BufferSlice x, BufferSlice y)
    {
        _operations.SetRows(linear.Bias, rows, linear.Outputs, new(y, linear.Outputs));
        _operations.Multiply(
            new(rows, linear.Outputs, linear.Inputs, new(x, linear.Inputs), new(linear.Weight, linear.Inputs), new(y, linear.Outputs))
            {
                TransposeB = true,
                Beta = 1,
            });
    }
}
