using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Statistics;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Statistics;

/// <summary>What the decoder says of each token, against PyTorch's logits in float64 and against the logits it gives itself.</summary>
public sealed class PredictionTests
{
    public static TheoryData<string> Variants => ReferenceCase.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void Statistics_are_those_of_PyTorchs_distribution(string variant)
    {
        using var reference = new ReferenceCase(variant);
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            using var decoder = Decoder.Load(reference.Directory, OperationRegistry.On(operations));
            var batch = Batch.Pack(ReferenceCase.Examples).Whole(LossReduction.ExampleSum);
            Compare(decoder, batch, reference.Expected("logits"), 2e-5);
        }
    }

    [Fact]
    public void A_vocabulary_in_blocks_gives_the_statistics_of_the_whole()
    {
        using var decoder = TinyModel.Create(TinyModel.Config with { VocabularySize = 20_011, Layers = 1 });
        var batch = Batch.Pack(TinyModel.Examples(3, 20_011)).Whole(LossReduction.ExampleSum);
        using var worker = new DecoderWorker(decoder);
        var logits = new float[batch.Tokens * 20_011];
        worker.Logits(batch, logits);
        Compare(decoder, batch, logits, 1e-5);
    }

    [Fact]
    public void Minus_the_mean_log_probability_is_the_loss()
    {
        using var decoder = TinyModel.Create();
        using var worker = new DecoderWorker(decoder);
        var batch = Batch.Pack(TinyModel.Examples(8)).Whole(LossReduction.ExampleSum);
        var losses = new double[8];
        worker.Losses(batch, losses);
        var predictions = new TokenPrediction[batch.Labels];
        worker.Predictions(batch, predictions);
        for (var i = 0; i < 8; i++)
        {
            var own = predictions[batch.LabelOffsets[i]..batch.LabelOffsets[i + 1]];
            if (own.Length > 0) (-own.Average(p => (double)p.LogProbability)).ShouldBe(losses[i], 1e-5 * losses[i]);
        }
    }

    [Fact]
    public void Every_token_is_scored_once_with_all_before_it_or_at_least_window_less_stride()
    {
        for (var window = 2; window <= 9; window++)
            for (var stride = 1; stride < window; stride++)
                for (var tokens = 0; tokens <= 40; tokens++)
                {
                    var windows = ScoringWindows.Cut(tokens, window, stride).ToArray();
                    var scored = windows.SelectMany(w => Enumerable.Range(w.FirstScored, w.Start + w.Length - w.FirstScored)).ToArray();
                    scored.ShouldBe(Enumerable.Range(1, Math.Max(0, tokens - 1)));
                    foreach (var own in windows)
                    {
                        own.Length.ShouldBeLessThanOrEqualTo(window);
                        (own.FirstScored - own.Start).ShouldBeGreaterThanOrEqualTo(own.Start == 0 ? 1 : window - stride);
                    }
                }
    }

    private static void Compare(Decoder decoder, MicroBatch batch, float[] logits, double tolerance)
    {
        using var worker = new DecoderWorker(decoder);
        var predictions = new TokenPrediction[batch.Labels];
        worker.Predictions(batch, predictions);
        var vocabulary = decoder.Config.VocabularySize;
        for (var label = 0; label < batch.Labels; label++)
        {
            var row = logits.AsSpan(batch.LabelRows[label] * vocabulary, vocabulary).ToArray();
            var largest = (double)row.Max();
            var sum = row.Sum(x => Math.Exp(x - largest));
            var p = row.Select(x => Math.Exp(x - largest) / sum).ToArray();
            var ordered = p.OrderDescending().ToArray();
            var got = predictions[label];
            ((double)got.LogProbability).ShouldBe(Math.Log(p[batch.Targets[label]]), tolerance * 10, $"label {label}");
            ((double)got.SquareSum).ShouldBe(p.Sum(x => x * x), tolerance);
            ((double)got.Entropy).ShouldBe(-p.Sum(x => x > 0 ? x * Math.Log(x) : 0), tolerance * 5);
            got.IsLikeliest.ShouldBe(p[batch.Targets[label]] == ordered[0]);
            ((double)got.Margin).ShouldBe(ordered[0] - ordered[1], tolerance);
        }
    }
}
