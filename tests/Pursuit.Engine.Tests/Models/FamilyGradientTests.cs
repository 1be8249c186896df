using Pursuit.Engine.Adapters;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Tests.Models;

/// <summary>Adapters, features and training of every family: what they give is what its gradients, which PyTorch confirms, say.</summary>
public sealed class FamilyGradientTests
{
    /// <summary>More numbers than the tiny models' gradients have, so that nothing is sketched.</summary>
    private const int Exact = 1 << 16;

    public static TheoryData<string> Variants => FamilyCase.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void Adapters_give_what_the_weights_give_that_they_are_merged_into(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory, use: WeightUse.Change);
        using var adapters = RandomAdapters(decoder, [LoraOptions.AllLinear]);
        using var folder = new TemporaryDirectory();
        adapters.Save(folder.FullPath, null);
        decoder.Adapters = adapters;
        var batch = Batch.Pack(ReferenceCase.Examples);
        var attached = Losses(decoder, batch);

        using var merged = Decoder.Load(reference.Directory, use: WeightUse.Change);
        using (var again = LoraAdapters.Load(merged, folder.FullPath))
        {
            foreach (var (own, other) in adapters.All.Zip(again.All))
                again.Read(other).ShouldBe(adapters.Read(own), own.Name);
            again.MergeInto(merged);
        }

        var changed = Losses(merged, batch);
        using var plain = Decoder.Load(reference.Directory);
        var before = Losses(plain, batch);
        for (var i = 0; i < changed.Length; i++)
            attached[i].ShouldBe(changed[i], 1e-5 * Math.Max(1, changed[i]), $"example {i}");
        attached.ShouldNotBe(before);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_usual_adapters_are_attentions(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory);
        using var adapters = LoraAdapters.Create(decoder, new LoraOptions { Rank = 2 }, seed: 1);
        var layers = decoder.Layout.Layers;
        adapters.Modules.Select(m => m.Part.Module).ShouldBe(
            layers.SelectMany(l => new[] { l.QueryKeyValue, l.AttentionOutput }).SelectMany(g => g.Parts).Select(p => p.Module));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Without_projection_a_feature_of_every_kind_is_the_examples_own_gradient(string variant)
    {
        foreach (var kind in new[] { GradientKind.Full, GradientKind.Factored, GradientKind.Lora })
        {
            using var reference = new FamilyCase(variant);
            using var decoder = Decoder.Load(reference.Directory, use: WeightUse.Change);
            using var adapters = kind == GradientKind.Lora ? RandomAdapters(decoder, new LoraOptions().TargetModules) : null;
            decoder.Adapters = adapters;
            var options = new GradientFeatureOptions
            {
                Kind = kind,
                Preconditioning = Preconditioning.None,
                Dimension = Exact,
                Factor = 4096,
            };
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 2 });
            using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool, null);
            var examples = Examples();
            var rows = new float[examples.Length * extractor.Dimension];
            extractor.Extract(examples, rows, new double[examples.Length], TestContext.Current.CancellationToken);
            for (var i = 0; i < examples.Length; i++)
            {
                Distance.Relative(rows.AsSpan(i * extractor.Dimension, extractor.Dimension), OwnGradient(decoder, adapters, examples[i]))
                    .ShouldBeLessThan(Tolerances.FloatReordered, $"{kind}, example {i}");
            }
        }
    }

    [Theory]
    [InlineData("mixtral", GradientKind.Full)]
    [InlineData("mixtral", GradientKind.Lora)]
    [InlineData("qwen3-moe", GradientKind.Full)]
    [InlineData("qwen3-moe", GradientKind.Factored)]
    [InlineData("olmoe", GradientKind.Full)]
    [InlineData("olmoe", GradientKind.Lora)]
    public void An_expert_without_tokens_has_a_gradient_of_zero(string variant, GradientKind kind)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory, use: WeightUse.Change);
        using var adapters = kind == GradientKind.Lora ? RandomAdapters(decoder, [LoraOptions.AllLinear]) : null;
        decoder.Adapters = adapters;
        // The same token again sees what the first one sees, so both go to the same experts.
        var example = new EncodedExample
        {
            ContentId = default,
            Ids = [7, 7],
            Trained = [false, true],
            SupervisedTokens = 1,
            Truncation = default,
        };
        var options = new GradientFeatureOptions
        {
            Kind = kind,
            Preconditioning = Preconditioning.None,
            Dimension = Exact,
            Factor = 4096,
        };
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool, null);
        var row = new float[extractor.Dimension];
        extractor.Extract([example], row, new double[1], TestContext.Current.CancellationToken);
        Distance.Relative(row, OwnGradient(decoder, adapters, example)).ShouldBeLessThan(Tolerances.FloatReordered);

        using IDisposable sum = adapters is null ? new WeightGradients(decoder) : new AdapterGradients(decoder);
        var gradients = (IGradientSum)sum;
        TinyModel.Run(decoder, Batch.Pack([(example.Ids, example.Trained)]), gradients);
        gradients.Parameters.Where(p => p.Name.Contains(".experts.", StringComparison.Ordinal))
            .Count(p => gradients.Read(p).All(x => x == 0)).ShouldBeGreaterThan(2);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_small_step_down_the_gradient_lowers_the_loss_as_much_as_its_square_says(string variant)
    {
        using var reference = new FamilyCase(variant);
        using var decoder = Decoder.Load(reference.Directory, use: WeightUse.Change);
        var batch = Batch.Pack(ReferenceCase.Examples);
        using var gradients = new WeightGradients(decoder);
        var before = TinyModel.Run(decoder, batch, gradients).Losses.Examples.Sum();
        var square = Math.Pow(gradients.Norm(), 2);
        var step = 2e-3 / square; // lowers the sum of losses by about 0.002
        foreach (var parameter in gradients.Parameters)
            decoder.Operations.AddScaled((float)-step, parameter.In(gradients.Values), parameter.In(decoder.Weights));
        var after = TinyModel.Run(decoder, batch, gradients).Losses.Examples.Sum();
        ((before - after) / (step * square)).ShouldBe(1, 0.1);
    }

    private static double[] Losses(Decoder decoder, Batch batch)
    {
        using var worker = new DecoderWorker(decoder);
        var losses = new double[ReferenceCase.Examples.Count];
        worker.Losses(batch.Whole(LossReduction.ExampleSum), losses);
        return losses;
    }

    private static LoraAdapters RandomAdapters(Decoder decoder, IReadOnlyList<string> targets)
    {
        var adapters = LoraAdapters.Create(decoder, new LoraOptions { Rank = 3, Alpha = 6, Dropout = 0, TargetModules = targets }, 4);
        var random = new SeededRandom(2, "test/adapters");
        foreach (var module in adapters.Modules) // B of zero has no gradient in A
        {
            decoder.Operations.Write(
                [.. Enumerable.Range(0, module.B.Length).Select(_ => (float)(0.05 * random.NextGaussian()))],
                module.B.In(adapters.Values));
        }

        return adapters;
    }

    private static float[] OwnGradient(Decoder decoder, LoraAdapters? adapters, EncodedExample example)
    {
        using IDisposable sum = adapters is null ? new WeightGradients(decoder) : new AdapterGradients(decoder);
        var (_, gradients) = TinyModel.Run(decoder, Batch.Pack([(example.Ids, example.Trained)]), (IGradientSum)sum);
        var byName = ((IGradientSum)sum).Parameters.Zip(gradients).ToDictionary(x => x.First.Name, x => x.Second);
        var wanted = adapters?.All ?? decoder.Layout.LinearGroups.SelectMany(g => g.Parts).Select(p => p.Weight);
        return [.. wanted.SelectMany(p => byName[p.Name])];
    }

    private static EncodedExample[] Examples() =>
    [
        .. ReferenceCase.Examples.Where(e => e.Tokens.Length > 6).Select(e => new EncodedExample
        {
            ContentId = default,
            Ids = e.Tokens,
            Trained = [.. e.Supervised!.Select((s, t) => s && t > 0)],
            SupervisedTokens = e.Supervised!.Where((s, t) => s && t > 0).Count(),
            Truncation = default,
        }),
    ];
}
