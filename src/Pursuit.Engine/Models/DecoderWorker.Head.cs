using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

public sealed partial class DecoderWorker
{
    /// <summary>
    /// The final norm and the head at label rows only, in blocks of labels by blocks of the vocabulary: losses, and
    /// with a consumer the gradient of the residual stream. A vocabulary of one block is computed once; a larger one
    /// twice (statistics, then gradients), so that its logits never exist at once.
    /// </summary>
    private void RunHead(MicroBatch batch, IGradientConsumer? consumer, Span<double> losses)
    {
        var a = _activations!;
        var (labels, hidden) = (batch.Labels, _config.HiddenSize);
        _operations.GatherRows(a.Input(_config.Layers), batch.LabelRows, hidden, a.LabelInputs);
        _operations.RmsNorm(a.LabelInputs, hidden, Weight(_decoder.Layout.FinalNorm), _config.NormEpsilon, labels, 1, hidden, a.LabelNormed, hidden, a.LabelInverse);
        _operations.Fill(float.NegativeInfinity, a.Maximum);
        _operations.Fill(0, a.Sum);
        for (var label = 0; label < labels; label += a.LabelBlock)
        {
            var count = Math.Min(a.LabelBlock, labels - label);
            var whole = a.VocabularyBlock == _config.VocabularySize;
            for (var first = 0; first < _config.VocabularySize; first += a.VocabularyBlock)
            {
                var columns = HeadBlock(a, label, count, first, Math.Min(a.VocabularyBlock, _config.VocabularySize - first));
                _operations.SoftmaxStatistics(a.Logits, count, columns, first, batch.Targets.Slice(label, count), a.Maximum.From(label), a.Sum.From(label), a.TargetLogit.From(label));
            }

            if (consumer is null)
                continue;
            for (var first = 0; first < _config.VocabularySize; first += a.VocabularyBlock)
            {
                var columns = Math.Min(a.VocabularyBlock, _config.VocabularySize - first);
                if (!whole)
                    HeadBlock(a, label, count, first, columns);
                HeadGradient(a, batch, consumer, label, count, first, columns);
            }
        }

        ReadLosses(batch, losses);
        if (consumer is null)
            return;
        _operations.Fill(0, a.Residual);
        NormGradient(batch, consumer, _decoder.Layout.FinalNorm, a.LabelInputs, a.LabelInverse, labels, a.LabelGradient, accumulate: false, a.LabelInputs);
        _operations.ScatterAddRows(a.LabelInputs, batch.LabelRows, hidden, a.Residual);
    }

    /// <summary>One block of logits [labels, columns]; returns its columns.</summary>
    private int HeadBlock(Activations a, int label, int count, int first, int columns)
    {
        Multiply(count, _decoder.Layout.Head, first, columns, a.LabelNormed.From(label * _config.HiddenSize), 0, a.Logits);
        return columns;
    }

    private void HeadGradient(Activations a, MicroBatch batch, IGradientConsumer consumer, int label, int count, int first, int columns)
    {
        var hidden = _config.HiddenSize;
        var weights = _decoder.Layout.Head.Weights(_decoder.Weights);
        _operations.SoftmaxGradient(a.Logits, count, columns, first, batch.Targets.Slice(label, count), batch.LabelWeights.Slice(label, count), a.Maximum.From(label), a.Sum.From(label));
        _operations.Multiply(false, false, count, hidden, columns, 1, a.Logits, columns, weights.From(first * hidden), hidden, first == 0 ? 0 : 1, a.LabelGradient.From(label * hidden), hidden);
        consumer.OnHead(new(batch, _decoder.Layout.Head, label, count, first, columns, a.LabelNormed.Part(label * hidden, count * hidden), a.Logits.Part(0, count * columns)));
    }

    private void ReadLosses(MicroBatch batch, Span<double> losses)
    {
        var (a, labels) = (_activations!, batch.Labels);
        var maximum = _statistics.AsSpan(0, labels);
        var sum = _statistics.AsSpan(labels, labels);
        var target = _statistics.AsSpan(2 * labels, labels);
        _operations.Read(a.Maximum.Part(0, labels), maximum);
        _operations.Read(a.Sum.Part(0, labels), sum);
        _operations.Read(a.TargetLogit.Part(0, labels), target);
        for (var i = 0; i < batch.Examples; i++)
        {
            var (first, end) = (batch.LabelOffsets[i], batch.LabelOffsets[i + 1]);
            var total = 0.0;
            for (var label = first; label < end; label++)
                total += Math.Log(sum[label]) + maximum[label] - target[label];
            losses[i] = end > first ? total / (end - first) : 0;
        }
    }
}
