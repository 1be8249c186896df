using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>Room for the values of one text up to a number of tokens; one text uses it at a time.</summary>
internal sealed class TextEncoderSpace : IDisposable
{
    private readonly DeviceBuffer _values;
    private readonly DeviceBuffer _integers;

    /// <summary>Makes the room.</summary>
    public TextEncoderSpace(TextEncoderConfig config, int tokens, IDecoderOperations operations)
    {
        Tokens = tokens;
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        var attention = operations.AttentionScratch(config.Attention, tokens);
        int[] lengths =
        [
            checked(tokens * hidden), tokens * hidden, tokens * hidden, checked(tokens * 3 * hidden), checked(tokens * inner),
            tokens * inner, attention, checked(tokens * config.Heads), tokens,
        ];
        _values = operations.Allocate(lengths.Sum(Padded));
        _integers = operations.Allocate(2 * Padded(tokens) + IntegerPlaces.IntegersOfSequence, ElementType.Int32);
        var start = 0L;
        var slices = new BufferSlice[lengths.Length];
        for (var i = 0; i < slices.Length; i++)
        {
            slices[i] = _values.Slice(start, lengths[i]);
            start += Padded(lengths[i]);
        }

        (Hidden, Sum, Branch, QueryKeyValue, Inner) = (slices[0], slices[1], slices[2], slices[3], slices[4]);
        (Activated, AttentionSpace, LogSumExp, Inverse) = (slices[5], slices[6], slices[7], slices[8]);
        TokenIds = _integers.Slice(0, tokens);
        Positions = _integers.Slice(Padded(tokens), tokens);
        Sequence = _integers.Slice(2 * Padded(tokens), IntegerPlaces.IntegersOfSequence);
    }

    /// <summary>Tokens of the longest text that it has room for.</summary>
    public int Tokens { get; }

    /// <summary>The residual stream [tokens, hidden].</summary>
    public BufferSlice Hidden { get; }

    /// <summary>What goes into a norm [tokens, hidden].</summary>
    public BufferSlice Sum { get; }

    /// <summary>Positions' embeddings, and the attention's result [tokens, hidden].</summary>
    public BufferSlice Branch { get; }

    /// <summary>Queries, keys and values [tokens, 3 hidden].</summary>
    public BufferSlice QueryKeyValue { get; }

    /// <summary>The feed-forward block's values before its function [tokens, intermediate].</summary>
    public BufferSlice Inner { get; }

    /// <summary>And behind it.</summary>
    public BufferSlice Activated { get; }

    /// <summary>The attention's scratch.</summary>
    public BufferSlice AttentionSpace { get; }

    /// <summary>Of the attention's softmax [tokens, heads]; nothing reads it.</summary>
    public BufferSlice LogSumExp { get; }

    /// <summary>Of the norms [tokens]; nothing reads it.</summary>
    public BufferSlice Inverse { get; }

    /// <summary>Token ids, integers [tokens].</summary>
    public BufferSlice TokenIds { get; }

    /// <summary>Positions, integers [tokens].</summary>
    public BufferSlice Positions { get; }

    /// <summary>The one sequence's rows, integers.</summary>
    public BufferSlice Sequence { get; }

    /// <summary>Frees it.</summary>
    public void Dispose()
    {
        _values.Dispose();
        _integers.Dispose();
    }

    private static long Padded(int length) => (length + 15L) / 16 * 16;
}
