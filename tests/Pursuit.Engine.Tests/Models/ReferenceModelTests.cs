using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Models;

/// <summary>The decoder against PyTorch in float64, on every family.</summary>
public sealed class ReferenceModelTests
{
    public static TheoryData<string> Variants => ReferenceCase.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void Logits_of_a_ragged_batch_are_those_of_PyTorch_on_a_padded_one(string variant)
    {
        using var reference = new ReferenceCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        using var worker = new DecoderWorker(decoder);
        var batch = Batch.Pack(ReferenceCase.Examples).Whole(LossReduction.ExampleSum);
        var logits = new float[batch.Tokens * decoder.Config.VocabularySize];
        worker.Logits(batch, logits);
        Distance.Relative(logits, reference.Expected("logits")).ShouldBeLessThan(Tolerances.ModelAgainstFloat64);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Losses_and_every_gradient_are_those_of_PyTorch(string variant)
    {
        using var reference = new ReferenceCase(variant);
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            using var decoder = Decoder.Load(reference.Directory, OperationRegistry.On(operations), WeightUse.Change);
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = 40 });
            using var gradients = new WeightGradients(decoder);
            var losses = pool.Gradients(
                Batch.Pack(ReferenceCase.Examples), LossReduction.ExampleSum, gradients, TestContext.Current.CancellationToken);
            var expected = reference.Expected("losses");
            for (var i = 0; i < expected.Length; i++)
                losses.Examples[i].ShouldBe(expected[i], 1e-5 * Math.Max(1, expected[i]), $"{operations.Name}, example {i}");
            foreach (var parameter in decoder.Layout.All)
            {
                Distance.Relative(gradients.Read(parameter), reference.Expected("grad." + parameter.Name))
                    .ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"{operations.Name}, {parameter.Name}");
            }
        }
    }
}
