using System.Numerics.Tensors;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Models;

/// <summary>Every family against PyTorch in float64, and what else must hold of each.</summary>
public sealed class FamilyTests
{
    public static TheoryData<string> Variants => FamilyCase.Variants;

    [Fact]
    public void Every_family_has_a_reference()
    {
        var covered = ReferenceCase.Variants.Select(v => ModelConfigReader.ReadDirectory(new ReferenceCase(v.Data).Directory))
            .Concat(Variants.Select(v => ModelConfigReader.ReadDirectory(new FamilyCase(v.Data).Directory)))
            .Select(c => c.ModelType);
        ModelFamily.All.Select(f => f.ModelType).Except(covered).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Logits_losses_and_every_gradient_are_those_of_PyTorch(string variant)
    {
        using var reference = new FamilyCase(variant);
        var batch = Batch.Pack(ReferenceCase.Examples);
        foreach (var operations in OperationRegistry.Fast.Append(OperationRegistry.Plain))
        {
            using var decoder = Decoder.Load(reference.Directory, OperationRegistry.On(operations), WeightUse.Change);
            using var worker = new DecoderWorker(decoder);
            var logits = new float[batch.Tokens.Length * decoder.Config.VocabularySize];
            worker.Logits(batch.Whole(LossReduction.ExampleSum), logits);
            var (first, end) = (batch.Offsets[FamilyCase.LogitsOf], batch.Offsets[FamilyCase.LogitsOf + 1]);
            var rows = logits.AsSpan(first * decoder.Config.VocabularySize, (end - first) * decoder.Config.VocabularySize);
            Distance.Relative(rows, reference.Expected("logits")).ShouldBeLessThan(Tolerances.ModelAgainstFloat64, operations.Name);

            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = 40 });
            using var gradients = new WeightGradients(decoder);
            var losses = pool.Gradients(batch, LossReduction.ExampleSum, gradients, TestContext.Current.CancellationToken);
            var expected = reference.Expected("losses");
            for (var i = 0; i < expected.Length; i++)
                losses.Examples[i].ShouldBe(expected[i], 1e-5 * Math.Max(1, expected[i]), $"{operations.Name}, example {i}");
            foreach (var parameter in decoder.Layout.All)
            {
                Distance.Relative(gradients.Read(parameter), reference.Gradient(parameter))
                    .ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"{operations.Name}, {parameter.Name}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_saved_model_is_the_same_config_and_the_same_bits(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var folder = new TemporaryDirectory();
        using var decoder = Decoder.Load(reference.Directory);
        decoder.Save(folder.FullPath);
        using var again = Decoder.Load(folder.FullPath);
        again.Config.ShouldBeEquivalentTo(decoder.Config);
        foreach (var parameter in decoder.Layout.All)
            again.Read(parameter).ShouldBe(decoder.Read(parameter), parameter.Name);
        using var full = Decoder.Load(reference.Directory, use: WeightUse.Change);
        full.Save(folder.FullPath, halfPrecision: false);
        again.Dispose();
        using var whole = Decoder.Load(folder.FullPath, use: WeightUse.Change);
        foreach (var parameter in full.Layout.All)
            whole.Read(parameter).ShouldBe(full.Read(parameter), parameter.Name);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_cache_gives_the_tokens_of_computing_everything_again(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        using var generator = new Generator(decoder);
        using var worker = new DecoderWorker(decoder);
        var vocabulary = decoder.Config.VocabularySize;
        foreach (var prompt in new[] { new[] { 5 }, [7, 3, 9, 11, 2, 30, 8] })
        {
            var text = prompt.ToList();
            var more = Math.Min(30, decoder.Config.MaximumPositions - prompt.Length);
            for (var i = 0; i < more; i++)
            {
                var logits = new float[text.Count * vocabulary];
                worker.Logits(Batch.Pack([([.. text], null)]).Whole(LossReduction.ExampleSum), logits);
                text.Add(TensorPrimitives.IndexOfMax(logits.AsSpan(^vocabulary..)));
            }

            prompt.Concat(generator.Greedy(prompt, more, endTokens: [], cancellationToken: TestContext.Current.CancellationToken))
                .ShouldBe(text);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Neither_neighbours_nor_threads_change_a_bit(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory, use: WeightUse.Change);
        var batch = Batch.Pack(ReferenceCase.Examples);
        var (one, two) = (TinyModel.Run(decoder, batch, tokens: 24), TinyModel.Run(decoder, batch, threads: 2, tokens: 24));
        two.Losses.Examples.ShouldBe(one.Losses.Examples);
        for (var i = 0; i < one.Gradients.Length; i++)
            two.Gradients[i].AsSpan().SequenceEqual(one.Gradients[i]).ShouldBeTrue(decoder.Layout.All[i].Name);
        for (var i = 0; i < ReferenceCase.Examples.Count; i++)
        {
            TinyModel.Run(decoder, Batch.Pack([ReferenceCase.Examples[i]])).Losses.Examples[0]
                .ShouldBe(one.Losses.Examples[i], $"example {i}");
        }
    }
}
