using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Adapters;

/// <summary>Adapters against PyTorch in float64.</summary>
public sealed class LoraReferenceTests
{
    public static TheoryData<string> Names => LoraCase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_with_adapters_are_those_of_PyTorch(string name)
    {
        using var reference = new LoraCase(name);
        Distance.Relative(reference.Logits(), reference.Expected("logits")).ShouldBeLessThan(Tolerances.ModelAgainstFloat64);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Losses_and_the_gradient_of_every_A_and_B_are_those_of_PyTorch(string name)
    {
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            using var reference = new LoraCase(name, operations);
            using var pool = new DecoderPool(reference.Decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = 40 });
            using var gradients = new AdapterGradients(reference.Decoder);
            var losses = pool.Gradients(
                Batch.Pack(ReferenceCase.Examples), LossReduction.ExampleSum, gradients, TestContext.Current.CancellationToken);
            var expected = reference.Expected("losses");
            for (var i = 0; i < expected.Length; i++)
                losses.Examples[i].ShouldBe(expected[i], 1e-5 * Math.Max(1, expected[i]), $"{operations.Name}, example {i}");
            foreach (var parameter in gradients.Parameters)
                Distance.Relative(gradients.Read(parameter), reference.Expected("grad." + parameter.Name))
                    .ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"{operations.Name}, {parameter.Name}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Merged_weights_answer_as_the_adapters_did(string name)
    {
        using var reference = new LoraCase(name, use: WeightUse.Change);
        var before = reference.Logits();
        reference.Adapters.MergeInto(reference.Decoder);
        reference.Decoder.Adapters.ShouldBeNull();
        var after = reference.Logits();
        Distance.Relative(after, before).ShouldBeLessThan(Tolerances.ModelAgainstFloat64);
        using var plain = Decoder.Load(RepositoryFiles.Fixture("engine", AdapterConfig.ReadDirectory(reference.Directory).BaseModel!));
        using var worker = new DecoderWorker(plain);
        var without = new float[after.Length];
        worker.Logits(LoraCase.Whole, without);
        Distance.Relative(without, after).ShouldBeGreaterThan(0.01, "the adapters should change something");
    }

    [Fact]
    public void New_adapters_change_nothing_and_only_B_has_a_gradient()
    {
        using var decoder = Decoder.Load(RepositoryFiles.Fixture("engine", "qwen2"));
        using var worker = new DecoderWorker(decoder);
        var (before, after) = (new float[LoraCase.Whole.Tokens * decoder.Config.VocabularySize],
            new float[LoraCase.Whole.Tokens * decoder.Config.VocabularySize]);
        worker.Logits(LoraCase.Whole, before);
        using var adapters = LoraAdapters.Create(
            decoder, new LoraOptions { Rank = 3, Dropout = 0, TargetModules = [LoraOptions.AllLinear] }, seed: 5);
        decoder.Adapters = adapters;
        worker.Logits(LoraCase.Whole, after);
        after.ShouldBe(before);

        using var gradients = new AdapterGradients(decoder);
        gradients.Begin();
        worker.ForwardBackward(LoraCase.Whole, gradients.CreateConsumer(), new double[LoraCase.Whole.Examples]);
        foreach (var module in adapters.Modules)
        {
            gradients.Read(module.A).ShouldAllBe(value => value == 0);
            gradients.Read(module.B).ShouldContain(value => value != 0);
            // Kaiming's uniform bound with a = sqrt(5), as torch.nn.init gives it: gain sqrt(2/6), sqrt(3) deviations.
            var bound = Math.Sqrt(2.0 / (1 + 5)) * Math.Sqrt(3.0 / module.Group.Inputs);
            var a = adapters.Read(module.A);
            a.Max(Math.Abs).ShouldBeInRange((float)(0.8 * bound), (float)bound);
            Math.Abs(a.Average()).ShouldBeLessThan((float)(4 * bound / Math.Sqrt(3.0 * a.Length)));
        }
    }
}
