using System.Diagnostics;
using System.Runtime.InteropServices;
using Pursuit.Engine.Kernels;
using Pursuit.Numerics;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>
    /// Values of a model that is worth a second, turned copy (256 MiB); a larger one's products wait for memory either way.
    /// </summary>
    private const long MostTurned = 1L << 26;

    /// <summary>Outputs of a panel: the width of the widest register tile of a product.</summary>
    private const int PanelColumns = 48;

    /// <summary>
    /// The linear layers' weights turned, panel after panel [inputs, 48], for generation: a product of few rows spends most of its
    /// time turning its right side and fetching it from all over memory. The sums are the same, bit for bit (<see cref="Gemm"/>).
    /// </summary>
    private DeviceBuffer? _turned;

    /// <summary>Rows that each text has in the cache.</summary>
    private int _textRows;

    /// <summary>For every key head: the sequences of the texts in the cache, then each new row's place there.</summary>
    private DeviceBuffer? _headRows;

    /// <summary>Makes room for texts, and forgets what was fed before.</summary>
    /// <param name="texts">Texts side by side.</param>
    /// <param name="longest">Tokens of the longest.</param>
    /// <param name="chunk">Most tokens fed at once.</param>
    internal void StartTexts(int texts, int longest, int chunk)
    {
        var cacheRows = checked(texts * longest);
        if (_activations is not { } old || old.CacheRows < cacheRows || old.Longest < longest || old.Tokens < chunk
            || old.Adapters != _decoder.Adapters)
        {
            _activations?.Dispose();
            _activations = new Activations(_decoder, new(chunk, longest, ForBackward: false) { CacheRows = cacheRows });
        }

        _textRows = longest;
        _stream?.Refresh();
        if (_decoder.Layout.BufferLength <= MostTurned && _decoder.Streamed is null)
            TurnWeights();
    }

    /// <summary>Feeds the next tokens of texts and computes the logits after each one's last [texts, vocabulary].</summary>
    internal void Continue(IReadOnlyList<TextChunk> chunks, Span<float> logits)
    {
        var a = _activations!;
        var batch = MicroBatch.Continue(chunks);
        Debug.Assert(batch.Tokens <= a.Tokens && batch.Longest <= a.Longest, "the caller keeps to what it asked for");
        CheckBatch(batch);
        _batch.Upload(batch);
        PrepareAngles(batch);
        UploadHeadRows(batch);
        _dropping = false;
        ForwardLayers(_config.Layers);
        PrepareLabels();
        var (vocabulary, texts) = (_config.VocabularySize, chunks.Count);
        for (var text = 0; text < texts; text += a.LabelBlock)
        {
            var count = Math.Min(a.LabelBlock, texts - text);
            for (var first = 0; first < vocabulary; first += a.VocabularyBlock)
            {
                var columns = HeadBlock(a, text, count, first, Math.Min(a.VocabularyBlock, vocabulary - first));
                for (var i = 0; i < count; i++)
                    _operations.Read(a.Logits.Part(i * columns, columns), logits.Slice((text + i) * vocabulary + first, columns));
            }
        }
    }

    /// <summary>At every start: the weights may have changed.</summary>
    private void TurnWeights()
    {
        _turned ??= _operations.Allocate(_decoder.Weights.Length);
        foreach (var group in _decoder.Layout.LinearGroups.Append(_decoder.Layout.Head))
        {
            var (rows, turned) = (new float[group.Outputs * group.Inputs], new float[group.Outputs * group.Inputs]);
            _operations.Read(group.Weights(_decoder.Weights), rows);
            for (var output = 0; output < group.Outputs; output++)
            {
                var first = output / PanelColumns * PanelColumns;
                var columns = Math.Min(PanelColumns, group.Outputs - first);
                for (var input = 0; input < group.Inputs; input++)
                    turned[first * group.Inputs + input * columns + output - first] = rows[output * group.Inputs + input];
            }

            _operations.Write(turned, group.Weights(_turned));
        }
    }

    /// <summary>y[rows, columns] = x W^T + beta y for columns from a panel's first on.</summary>
    private void MultiplyPanels(int rows, LinearGroup group, int first, int columns, BufferSlice x, float beta, BufferSlice y)
    {
        var weights = group.Weights(_turned!);
        for (var column = first; column < first + columns; column += PanelColumns)
        {
            var width = Math.Min(PanelColumns, group.Outputs - column); // the panel's own; the last columns asked may end within it
            var panel = new MatrixSlice(weights.From(column * group.Inputs), width);
            var target = new MatrixSlice(y.From(column - first), columns);
            _operations.Multiply(
                new(rows, Math.Min(width, first + columns - column), group.Inputs, new(x, group.Inputs), panel, target) { Beta = beta });
        }
    }

    /// <summary>Works out where every head's rows lie in the cache, in rows of one head; the batch counts texts' places.</summary>
    private void UploadHeadRows(MicroBatch batch)
    {
        var heads = _config.KeyValueHeads;
        var all = new int[HeadRowsLength * heads];
        for (var head = 0; head < heads; head++)
        {
            var sequences = MemoryMarshal.Cast<int, SequenceRows>(
                all.AsSpan(head * HeadRowsLength, batch.Examples * IntegerPlaces.IntegersOfSequence));
            var places = all.AsSpan(head * HeadRowsLength + batch.Examples * IntegerPlaces.IntegersOfSequence, batch.Tokens);
            for (var i = 0; i < batch.Examples; i++)
            {
                var text = batch.Sequences[i];
                var start = (text.KeyStart * 2 * heads + head) * _textRows;
                sequences[i] = text with { KeyStart = start };
                for (var row = 0; row < text.QueryCount; row++)
                    places[text.QueryStart + row] = start + text.KeyCount - text.QueryCount + row;
            }
        }

        if (_headRows is null || _headRows.Length < all.Length)
        {
            _headRows?.Dispose();
            _headRows = _operations.Allocate(all.Length, ElementType.Int32);
        }

        _operations.Write(all, _headRows.Slice(0, all.Length));
    }

    private int HeadRowsLength => _batch.Examples * IntegerPlaces.IntegersOfSequence + _batch.Tokens;

    /// <summary>
    /// Puts the new rows' keys and values behind those of their texts, and attends. The cache holds each text's heads one after
    /// another, all keys and then all values: a head's keys lie together, so that they stream from memory.
    /// </summary>
    private void AttendToCache(BufferSlice cache, AttentionShape shape, MatrixSlice queryKeyValue, Activations.KeptLayer kept)
    {
        var (size, heads, group) = (_config.HeadSize, _config.KeyValueHeads, shape.Group);
        var own = shape with { QueryHeads = group, KeyValueHeads = 1 };
        var values = cache.From(heads * _textRows * size);
        var sequences = _batch.Examples * IntegerPlaces.IntegersOfSequence;
        for (var head = 0; head < heads; head++)
        {
            var rows = _headRows!.Slice((long)head * HeadRowsLength, HeadRowsLength);
            var source = queryKeyValue.From(_config.QuerySize + head * size);
            _operations.ScatterRows(source, rows.From(sequences), size, cache);
            _operations.ScatterRows(source.From(_config.KeyValueSize), rows.From(sequences), size, values);
            _operations.Attention(new(
                own,
                rows.Part(0, sequences),
                queryKeyValue.From(head * group * size),
                new(cache, size),
                new(values, size),
                _activations!.AttentionSpace,
                new(kept.Attended.From(head * group * size), _config.QuerySize),
                kept.LogSumExp));
        }
    }
}
