using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Tests;

/// <summary>Small random models and batches for laws that need no reference.</summary>
internal static class TinyModel
{
    public static ModelConfig Config { get; } = new()
    {
        VocabularySize = 61,
        HiddenSize = 24,
        IntermediateSize = 40,
        Layers = 3,
        QueryHeads = 4,
        KeyValueHeads = 2,
        HeadSize = 8,
        MaximumPositions = 300,
        TiedHead = true,
    };

    public static Decoder Create(ModelConfig? config = null) => Decoder.Create(config ?? Config, seed: 11, deviation: 0.2f);

    /// <summary>Ragged examples of 2 to 30 tokens, the last half of each supervised.</summary>
    public static (int[] Tokens, bool[]? Supervised)[] Examples(int count, int vocabulary = 61)
    {
        var random = new SeededRandom(5, "test/examples");
        var examples = new (int[], bool[]?)[count];
        for (var i = 0; i < count; i++)
        {
            var length = 2 + random.NextInt(29);
            examples[i] = ([.. Enumerable.Range(0, length).Select(_ => random.NextInt(vocabulary))],
                [.. Enumerable.Range(0, length).Select(t => t >= length / 2)]);
        }

        return examples;
    }

    /// <summary>Losses and all gradients, in the order of the sum's parameters.</summary>
    public static (BatchLosses Losses, float[][] Gradients) Run(
        Decoder decoder, Batch batch, IGradientSum sum, LossReduction reduction = LossReduction.ExampleSum, int threads = 1,
        int tokens = 64)
    {
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = tokens });
        var losses = pool.Gradients(batch, reduction, sum, TestContext.Current.CancellationToken);
        return (losses, [.. sum.Parameters.Select(sum.Read)]);
    }

    public static (BatchLosses Losses, float[][] Gradients) Run(
        Decoder decoder, Batch batch, LossReduction reduction = LossReduction.ExampleSum, int threads = 1, int tokens = 64)
    {
        using var gradients = new WeightGradients(decoder);
        return Run(decoder, batch, gradients, reduction, threads, tokens);
    }
}
