using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    private PredictionSums[] _predictionSums = [];

    /// <summary>Computes what the model says of every label, in blocks of labels by blocks of the vocabulary.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="predictions">One per label, in the batch's order [labels].</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary.</exception>
    public void Predictions(MicroBatch batch, Span<TokenPrediction> predictions)
    {
        Prepare(batch, forBackward: false);
        _dropping = false;
        ForwardLayers(batch, _config.Layers);
        var a = _activations!;
        var (labels, hidden, vocabulary) = (batch.Labels, _config.HiddenSize, _config.VocabularySize);
        _operations.GatherRows(a.Input(_config.Layers), batch.LabelRows, hidden, a.LabelInputs);
        _operations.RmsNorm(a.LabelInputs, hidden, Weight(_decoder.Layout.FinalNorm), _config.NormEpsilon, labels, 1, hidden, a.LabelNormed, hidden, a.LabelInverse);
        if (_predictionSums.Length < a.LabelBlock)
            _predictionSums = new PredictionSums[a.LabelBlock];
        for (var label = 0; label < labels; label += a.LabelBlock)
        {
            var count = Math.Min(a.LabelBlock, labels - label);
            var sums = _predictionSums.AsSpan(0, count);
            sums.Fill(PredictionSums.Start);
            for (var first = 0; first < vocabulary; first += a.VocabularyBlock)
            {
                var columns = HeadBlock(a, label, count, first, Math.Min(a.VocabularyBlock, vocabulary - first));
                _operations.PredictionStatistics(a.Logits, count, columns, first, batch.Targets.Slice(label, count), sums);
            }

            for (var i = 0; i < count; i++) predictions[label + i] = TokenPrediction.Of(sums[i]);
        }
    }
}
