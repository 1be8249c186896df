using System.Runtime.InteropServices;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The part of a <see cref="Batch"/> that one worker runs at once: consecutive whole examples, with everything the
/// operations need worked out beforehand, so that running it allocates nothing.
/// </summary>
internal sealed class MicroBatch
{
    private readonly int[] _integers;
    private readonly float[] _labelWeights;
    private readonly int[] _labelOffsets;
    private readonly int[]? _textLengths;

    internal MicroBatch(Batch batch, int index, int firstExample, int examples, float[] weights)
    {
        (Index, FirstExample, Examples) = (index, firstExample, examples);
        var start = batch.Offsets[firstExample];
        Tokens = batch.Offsets[firstExample + examples] - start;
        _labelOffsets = new int[examples + 1];
        var rows = new List<int>();
        var labelWeights = new List<float>();
        for (var i = 0; i < examples; i++)
        {
            var first = batch.Offsets[firstExample + i] - start;
            var count = batch.Offsets[firstExample + i + 1] - start - first;
            Longest = Math.Max(Longest, count);
            for (var t = 0; t + 1 < count; t++)
            {
                if (!batch.Supervised[start + first + t + 1]) continue;
                rows.Add(first + t);
                labelWeights.Add(weights[firstExample + i]);
            }

            _labelOffsets[i + 1] = rows.Count;
        }

        _labelWeights = [.. labelWeights];
        Labels = rows.Count;
        Places = new IntegerPlaces(Tokens, examples, Labels);
        _integers = new int[Places.Length];
        batch.Tokens.AsSpan(start, Tokens).CopyTo(_integers);
        rows.CopyTo(_integers, Places.LabelRows);
        for (var label = 0; label < Labels; label++)
            _integers[Places.Targets + label] = _integers[rows[label] + 1];
        var sequences = MutableSequences;
        for (var i = 0; i < examples; i++)
        {
            var first = batch.Offsets[firstExample + i] - start;
            var count = batch.Offsets[firstExample + i + 1] - start - first;
            _integers[Places.Offsets + i + 1] = first + count;
            sequences[i] = new SequenceRows(first, count, first, count);
            for (var t = 0; t < count; t++)
                _integers[Places.Positions + first + t] = t;
        }
    }

    private MicroBatch(IReadOnlyList<TextChunk> chunks)
    {
        (Examples, Tokens, Labels) = (chunks.Count, chunks.Sum(c => c.Tokens.Count), chunks.Count);
        (_labelWeights, _labelOffsets, _textLengths) = ([], new int[Examples + 1], new int[Examples]);
        Places = new IntegerPlaces(Tokens, Examples, Labels);
        _integers = new int[Places.Length];
        var sequences = MutableSequences;
        var start = 0;
        for (var i = 0; i < Examples; i++)
        {
            var (tokens, past, place) = chunks[i];
            _textLengths[i] = chunks[i].TextLength;
            tokens.AsSpan().CopyTo(_integers.AsSpan(start));
            for (var t = 0; t < tokens.Count; t++)
                _integers[Places.Positions + start + t] = past + t;
            sequences[i] = new SequenceRows(start, tokens.Count, place, past + tokens.Count);
            Longest = Math.Max(Longest, past + tokens.Count);
            start += tokens.Count;
            _integers[Places.Offsets + i + 1] = start;
            _integers[Places.LabelRows + i] = start - 1;
        }
    }

    /// <summary>Its number within the batch; gradients are summed in this order.</summary>
    public int Index { get; }

    /// <summary>The next tokens of several texts whose earlier tokens are in the cache; each one's last row is its label row.</summary>
    internal static MicroBatch Continue(IReadOnlyList<TextChunk> chunks) => new(chunks);

    /// <summary>Its first example's number within the batch.</summary>
    public int FirstExample { get; }

    /// <summary>Number of examples.</summary>
    public int Examples { get; }

    /// <summary>Number of tokens: the rows of every activation.</summary>
    public int Tokens { get; }

    /// <summary>Tokens of the longest example.</summary>
    public int Longest { get; }

    /// <summary>Number of labels: the rows the head is computed at.</summary>
    public int Labels { get; }

    /// <summary>Token id of each row.</summary>
    public ReadOnlySpan<int> TokenIds => _integers.AsSpan(IntegerPlaces.TokenIds, Tokens);

    /// <summary>Position of each row within its example.</summary>
    public ReadOnlySpan<int> Positions => _integers.AsSpan(Places.Positions, Tokens);

    /// <summary>First row of each example, then the number of rows [examples + 1].</summary>
    public ReadOnlySpan<int> Offsets => _integers.AsSpan(Places.Offsets, Examples + 1);

    /// <summary>The examples' rows for attention.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => MutableSequences;

    /// <summary>Tokens of an example, those of a text that are still to come included.</summary>
    public int TextLength(int example) => _textLengths?[example] ?? Sequences[example].KeyCount;

    /// <summary>The rows whose next token is a label, ascending.</summary>
    public ReadOnlySpan<int> LabelRows => _integers.AsSpan(Places.LabelRows, Labels);

    /// <summary>The token id each label row should predict.</summary>
    public ReadOnlySpan<int> Targets => _integers.AsSpan(Places.Targets, Labels);

    /// <summary>The objective's factor on each label's loss.</summary>
    public ReadOnlySpan<float> LabelWeights => _labelWeights;

    /// <summary>First label of each example, then the number of labels [examples + 1].</summary>
    public ReadOnlySpan<int> LabelOffsets => _labelOffsets;

    /// <summary>All integers in one array, as a device takes them.</summary>
    internal ReadOnlySpan<int> Integers => _integers;

    /// <summary>Where they lie in it.</summary>
    internal IntegerPlaces Places { get; }

    private Span<SequenceRows> MutableSequences =>
        MemoryMarshal.Cast<int, SequenceRows>(_integers.AsSpan(Places.Sequences, Examples * IntegerPlaces.IntegersOfSequence));
}

/// <summary>The next tokens of a text that is being generated.</summary>
/// <param name="Tokens">The tokens, at least one.</param>
/// <param name="Past">Tokens of the text before them.</param>
/// <param name="Place">The text's place among those side by side; it stands as the sequence's KeyStart.</param>
internal readonly record struct TextChunk(ArraySegment<int> Tokens, int Past, int Place)
{
    /// <summary>Tokens of the text as far as it is known, those that come after these included.</summary>
    public required int TextLength { get; init; }
}
