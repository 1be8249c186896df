using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// The part of a <see cref="Batch"/> that one worker runs at once: consecutive whole examples, with everything the
/// operations need worked out beforehand, so that running it allocates nothing.
/// </summary>
public sealed class MicroBatch
{
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _offsets;
    private readonly SequenceRows[] _sequences;
    private readonly int[] _labelRows;
    private readonly int[] _targets;
    private readonly float[] _labelWeights;
    private readonly int[] _labelOffsets;

    internal MicroBatch(Batch batch, int index, int firstExample, int examples, float[] weights)
    {
        (Index, FirstExample, Examples) = (index, firstExample, examples);
        var start = batch.Offsets[firstExample];
        Tokens = batch.Offsets[firstExample + examples] - start;
        _tokens = batch.Tokens.AsSpan(start, Tokens).ToArray();
        _positions = new int[Tokens];
        _offsets = new int[examples + 1];
        _sequences = new SequenceRows[examples];
        _labelOffsets = new int[examples + 1];
        var rows = new List<int>();
        var labelWeights = new List<float>();
        for (var i = 0; i < examples; i++)
        {
            var first = batch.Offsets[firstExample + i] - start;
            var count = batch.Offsets[firstExample + i + 1] - start - first;
            _offsets[i + 1] = first + count;
            _sequences[i] = new SequenceRows(first, count, first, count);
            Longest = Math.Max(Longest, count);
            for (var t = 0; t < count; t++)
            {
                _positions[first + t] = t;
                if (t + 1 < count && batch.Supervised[start + first + t + 1])
                {
                    rows.Add(first + t);
                    labelWeights.Add(weights[firstExample + i]);
                }
            }

            _labelOffsets[i + 1] = rows.Count;
        }

        _labelRows = [.. rows];
        _labelWeights = [.. labelWeights];
        _targets = [.. rows.Select(row => _tokens[row + 1])];
    }

    private MicroBatch(IReadOnlyList<TextChunk> chunks)
    {
        (Examples, Tokens) = (chunks.Count, chunks.Sum(c => c.Tokens.Count));
        _tokens = [.. chunks.SelectMany(c => c.Tokens)];
        _positions = [.. chunks.SelectMany(c => Enumerable.Range(c.Past, c.Tokens.Count))];
        _offsets = new int[Examples + 1];
        _sequences = new SequenceRows[Examples];
        for (var i = 0; i < Examples; i++)
        {
            var (tokens, past, place) = chunks[i];
            _offsets[i + 1] = _offsets[i] + tokens.Count;
            _sequences[i] = new SequenceRows(_offsets[i], tokens.Count, place, past + tokens.Count);
            Longest = Math.Max(Longest, past + tokens.Count);
        }

        _labelRows = [.. _offsets.Skip(1).Select(end => end - 1)];
        (_targets, _labelWeights, _labelOffsets) = ([], [], new int[Examples + 1]);
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
    public int Labels => _labelRows.Length;

    /// <summary>Token id of each row.</summary>
    public ReadOnlySpan<int> TokenIds => _tokens;

    /// <summary>Position of each row within its example.</summary>
    public ReadOnlySpan<int> Positions => _positions;

    /// <summary>First row of each example, then the number of rows [examples + 1].</summary>
    public ReadOnlySpan<int> Offsets => _offsets;

    /// <summary>The examples' rows for attention.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => _sequences;

    /// <summary>The rows whose next token is a label, ascending.</summary>
    public ReadOnlySpan<int> LabelRows => _labelRows;

    /// <summary>The token id each label row should predict.</summary>
    public ReadOnlySpan<int> Targets => _targets;

    /// <summary>The objective's factor on each label's loss.</summary>
    public ReadOnlySpan<float> LabelWeights => _labelWeights;

    /// <summary>First label of each example, then the number of labels [examples + 1].</summary>
    public ReadOnlySpan<int> LabelOffsets => _labelOffsets;
}

/// <summary>The next tokens of a text that is being generated.</summary>
/// <param name="Tokens">The tokens, at least one.</param>
/// <param name="Past">Tokens of the text before them.</param>
/// <param name="Place">The text's place among those side by side; it stands as the sequence's KeyStart.</param>
internal readonly record struct TextChunk(ArraySegment<int> Tokens, int Past, int Place);
