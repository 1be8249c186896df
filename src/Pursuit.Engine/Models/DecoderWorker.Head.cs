using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

internal sealed partial class DecoderWorker
{
    /// <summary>
    /// The final norm and the head at label rows only, in blocks of the vocabulary by blocks of labels: losses, and
    /// with a consumer the gradient of the residual stream. A vocabulary of one block is computed once; a larger one
    /// twice (statistics, then gradients), so that its logits never exist at once.
    /// </summary>
    private void RunHead(IGradientConsumer? consumer, Span<double> losses)
    {
        var a = _activations!;
        PrepareLabels();
        _operations.Fill(float.NegativeInfinity, a.Maximum);
        _operations.Fill(0, a.Sum);
        var whole = a.VocabularyBlock == _config.VocabularySize;
        RunHeadBlocks(statistics: true, whole ? consumer : null);
        if (!whole && consumer is not null)
            RunHeadBlocks(statistics: false, consumer);
        ReadLosses(losses);
        if (consumer is null)
            return;
        _operations.Fill(0, a.Residual);
        var norm = new NormGradient(
            new(_batch.Labels, 1, _config.HiddenSize),
            Norm(_decoder.Layout.FinalNorm),
            Hidden(a.LabelInputs),
            a.LabelInverse,
            Hidden(a.LabelGradient),
            Hidden(a.LabelInputs));
        FormNorm(consumer, _decoder.Layout.FinalNorm, norm);
        _operations.ScatterAddRows(a.LabelInputs, _batch.LabelRows, _config.HiddenSize, a.Residual);
    }

    /// <summary>
    /// All blocks of logits, into the softmax's statistics or gradients or both. All labels go through one block of the vocabulary before
    /// any goes through the next: so the worker of the next micro-batch waits for a block's sum of gradients, not for the whole head's.
    /// </summary>
    private void RunHeadBlocks(bool statistics, IGradientConsumer? consumer)
    {
        var a = _activations!;
        for (var first = 0; first < _config.VocabularySize; first += a.VocabularyBlock)
        {
            for (var label = 0; label < _batch.Labels; label += a.LabelBlock)
            {
                var count = Math.Min(a.LabelBlock, _batch.Labels - label);
                var columns = HeadBlock(a, label, count, first, Math.Min(a.VocabularyBlock, _config.VocabularySize - first));
                var block = Block(label, count, first, columns);
                if (statistics)
                    _operations.SoftmaxStatistics(block, a.Maximum.From(label), a.Sum.From(label), a.TargetLogit.From(label));
                if (consumer is not null)
                    HeadGradient(consumer, block, label);
            }
        }
    }

    /// <summary>The residual stream at the labels' rows, behind the final norm.</summary>
    private void PrepareLabels()
    {
        var a = _activations!;
        _operations.GatherRows(a.Input(_config.Layers), _batch.LabelRows, _config.HiddenSize, a.LabelInputs);
        NormHidden(_batch.Labels, a.LabelInputs, _decoder.Layout.FinalNorm, a.LabelNormed, a.LabelInverse);
    }

    /// <summary>The block of logits that stands in the arena.</summary>
    private LogitBlock Block(int label, int count, int first, int columns) =>
        new(_activations!.Logits, count, columns, first, _batch.Targets(label, count)) { Rule = _config.LogitRule };

    /// <summary>One block of logits [labels, columns]; returns its columns.</summary>
    private int HeadBlock(Activations a, int label, int count, int first, int columns)
    {
        Multiply(count, _decoder.Layout.Head, first, columns, a.LabelNormed.From(label * _config.HiddenSize), 0, a.Logits);
        var (rule, logits) = (_config.LogitRule, a.Logits.Part(0, count * columns));
        if (rule.Scale != 1)
            _operations.Multiply(rule.Scale, logits);
        if (rule.Softcap > 0)
            _operations.SoftCap(rule.Softcap, logits);
        return columns;
    }

    private void HeadGradient(IGradientConsumer consumer, LogitBlock block, int label)
    {
        var (a, hidden) = (_activations!, _config.HiddenSize);
        var (count, columns, first) = (block.Rows, block.Columns, block.FirstColumn);
        _operations.SoftmaxGradient(block, _batch.LabelWeights(label, count), a.Maximum.From(label), a.Sum.From(label));
        var weights = Weights(_decoder.Layout.Head);
        _operations.Multiply(new(
            count,
            hidden,
            columns,
            new(a.Logits, columns),
            Hidden(weights.From(first * hidden)),
            Hidden(a.LabelGradient.From(label * hidden)))
        {
            Beta = first == 0 ? 0 : 1,
        });
        consumer.OnHead(
            new(
                _batch,
                _decoder.Layout.Head,
                label,
                count,
                first,
                columns,
                a.LabelNormed.Part(label * hidden, count * hidden),
                a.Logits.Part(0, count * columns)));
    }

    private void ReadLosses(Span<double> losses)
    {
        var (a, batch) = (_activations!, _batch.Host);
        var all = Statistics(a.Statistics.Length);
        _operations.Read(a.Statistics, all);
        var maximum = all[..a.Tokens];
        var sum = all[a.Tokens..];
        var target = all[(2 * a.Tokens)..];
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
