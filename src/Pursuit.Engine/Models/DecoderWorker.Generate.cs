using System.Diagnostics;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    /// <summary>Rows of the cache before the current chunk; 0 outside generation.</summary>
    private int _past;

    /// <summary>Makes room for a text of up to a number of tokens, fed in chunks, and forgets what was fed before.</summary>
    internal void StartText(int capacity, int chunk)
    {
        _past = 0;
        if (_activations is not { } old || old.CacheRows < capacity || old.Tokens < chunk || old.Adapters != _decoder.Adapters)
        {
            _activations?.Dispose();
            _activations = new Activations(_decoder, chunk, capacity, forBackward: false, cacheRows: capacity);
        }

        EnsureAngles(capacity);
    }

    /// <summary>Feeds the next tokens of a text and computes the logits after the last [vocabulary].</summary>
    internal void Continue(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        var a = _activations!;
        Debug.Assert(tokens.Length <= a.Tokens && _past + tokens.Length <= a.CacheRows, "the caller keeps to the capacity it asked for");
        var chunk = MicroBatch.Chunk(tokens, _past);
        CheckIds(chunk);
        _dropping = false;
        ForwardLayers(chunk);
        _past += tokens.Length;
        var hidden = _config.HiddenSize;
        _operations.RmsNorm(a.Input(_config.Layers).From((tokens.Length - 1) * hidden), hidden, Weight(_decoder.Layout.FinalNorm), _config.NormEpsilon, 1, 1, hidden, a.LabelNormed, hidden, a.LabelInverse);
        for (var first = 0; first < _config.VocabularySize; first += a.VocabularyBlock)
        {
            var columns = HeadBlock(a, 0, 1, first, Math.Min(a.VocabularyBlock, _config.VocabularySize - first));
            _operations.Read(a.Logits.Part(0, columns), logits.Slice(first, columns));
        }
    }
}
