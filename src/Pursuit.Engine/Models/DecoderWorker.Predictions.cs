using System.Runtime.InteropServices;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>Computes what the model says of every label, in blocks of labels by blocks of the vocabulary.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="predictions">One per label, in the batch's order [labels].</param>
    /// <exception cref="PursuitException">A token id is outside the vocabulary.</exception>
    public void Predictions(MicroBatch batch, Span<TokenPrediction> predictions)
    {
        Prepare(batch, forBackward: false);
        _dropping = false;
        ForwardLayers(_config.Layers);
        PrepareLabels();
        var (a, labels, vocabulary) = (_activations!, batch.Labels, _config.VocabularySize);
        var sums = a.Predictions.Part(0, labels * PredictionSums.Floats);
        _operations.StartPredictions(sums);
        for (var label = 0; label < labels; label += a.LabelBlock)
        {
            var count = Math.Min(a.LabelBlock, labels - label);
            for (var first = 0; first < vocabulary; first += a.VocabularyBlock)
            {
                var columns = HeadBlock(a, label, count, first, Math.Min(a.VocabularyBlock, vocabulary - first));
                _operations.PredictionStatistics(
                    Block(label, count, first, columns), sums.Part(label * PredictionSums.Floats, count * PredictionSums.Floats));
            }
        }

        var read = Statistics(sums.Length);
        _operations.Read(sums, read);
        var found = MemoryMarshal.Cast<float, PredictionSums>(read);
        for (var i = 0; i < labels; i++) predictions[i] = TokenPrediction.From(found[i]);
    }
}
