using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Models;

/// <summary>Weights that stay in bf16 on the device: half the memory, and not a bit of a result.</summary>
public sealed class BFloat16ModelTests
{
    public static TheoryData<string> Variants => ReferenceCase.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_model_in_bf16_gives_the_bits_of_the_same_model_widened(string variant)
    {
        using var reference = new ReferenceCase(variant);
        foreach (var operations in OperationRegistry.Fast)
        {
            var device = OperationRegistry.On(operations);
            using var narrow = Decoder.Load(reference.Directory, device);
            using var wide = Decoder.Load(reference.Directory, device, WeightUse.Change);
            narrow.Weights.Type.ShouldBe(ElementType.BFloat16);
            wide.Weights.Type.ShouldBe(ElementType.Float32);
            foreach (var parameter in wide.Layout.All) narrow.Read(parameter).ShouldBe(wide.Read(parameter));
            Answers(narrow).ShouldBe(Answers(wide), operations.Name);
        }
    }

    [Fact]
    public void What_would_round_its_weights_is_refused()
    {
        var model = RepositoryFiles.Fixture("engine", "llama");
        using var decoder = Decoder.Load(model);
        using var adapters = LoraAdapters.Create(decoder, new LoraOptions { Rank = 2 }, seed: 1);
        Should.Throw<InvalidOperationException>(() => new WeightGradients(decoder));
        Should.Throw<InvalidOperationException>(() => decoder.Restore(model));
        Should.Throw<InvalidOperationException>(() => adapters.MergeInto(decoder));
    }

    /// <summary>
    /// Everything that is asked of a model that isn't trained: losses, adapters' gradients, logits, hidden states, texts.
    /// </summary>
    private static List<float> Answers(Decoder decoder)
    {
        var batch = Batch.Pack(ReferenceCase.Examples).Whole(LossReduction.ExampleSum);
        using var worker = new DecoderWorker(decoder);
        var logits = new float[batch.Tokens * decoder.Config.VocabularySize];
        worker.Logits(batch, logits);
        var states = new float[batch.Tokens * decoder.Config.HiddenSize];
        worker.HiddenStates(batch, decoder.Config.Layers, states);
        var predictions = new TokenPrediction[batch.Labels];
        worker.Predictions(batch, predictions);
        using var generator = new Generator(decoder);
        var text = generator.Greedy([1, 2, 3], 20, [], TestContext.Current.CancellationToken);

        using var adapters = LoraAdapters.Create(
            decoder, new LoraOptions { Rank = 2, Dropout = 0, TargetModules = [LoraOptions.AllLinear] }, seed: 1);
        decoder.Adapters = adapters;
        using var gradients = new AdapterGradients(decoder);
        var (losses, formed) = TinyModel.Run(decoder, Batch.Pack(ReferenceCase.Examples), gradients);
        decoder.Adapters = null;
        return
        [
            .. logits, .. states, .. predictions.SelectMany(p => new[] { p.LogProbability, p.Entropy, p.Margin, p.SquareSum }),
            .. text.Select(t => (float)t), .. losses.Examples.Select(l => (float)l), .. formed.SelectMany(g => g),
        ];
    }
}
