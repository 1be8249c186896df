using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.TestKit;

namespace Pursuit.Engine.Tests.Models;

/// <summary>What must not change a result, what must not allocate, and what must be freed.</summary>
public sealed class InvarianceTests
{
    [Fact]
    public void One_two_and_three_threads_give_the_same_bits()
    {
        foreach (var tied in new[] { true, false })
        {
            using var decoder = TinyModel.Create(TinyModel.Config with { TiedHead = tied });
            var batch = Batch.Pack(TinyModel.Examples(40));
            var one = TinyModel.Run(decoder, batch);
            foreach (var threads in new[] { 2, 3 })
            {
                var many = TinyModel.Run(decoder, batch, threads: threads);
                many.Losses.Examples.ShouldBe(one.Losses.Examples);
                for (var i = 0; i < one.Gradients.Length; i++)
                    many.Gradients[i].ShouldBe(one.Gradients[i], decoder.Layout.All[i].Name);
            }
        }
    }

    [Fact]
    public void A_head_summed_in_turns_gives_the_same_bits_for_any_number_of_threads()
    {
        // Over 2^24 values, the head's gradient goes into the sum in turns instead of aside.
        using var decoder = TinyModel.Create(TinyModel.Config with { VocabularySize = 40_000, HiddenSize = 424, Layers = 1 });
        var batch = Batch.Pack(TinyModel.Examples(6));
        var one = TinyModel.Run(decoder, batch, threads: 1, tokens: 30);
        var two = TinyModel.Run(decoder, batch, threads: 2, tokens: 30);
        for (var i = 0; i < one.Gradients.Length; i++)
            two.Gradients[i].AsSpan().SequenceEqual(one.Gradients[i]).ShouldBeTrue(decoder.Layout.All[i].Name);
    }

    [Fact]
    public void An_example_loses_the_same_bits_alone_and_among_others()
    {
        using var decoder = TinyModel.Create();
        var examples = TinyModel.Examples(12);
        var together = TinyModel.Run(decoder, Batch.Pack(examples), tokens: 1000).Losses.Examples;
        for (var i = 0; i < examples.Length; i++)
            TinyModel.Run(decoder, Batch.Pack([examples[i]])).Losses.Examples[0].ShouldBe(together[i]);
    }

    [Fact]
    public void The_gradient_of_a_batch_is_the_sum_of_its_examples_gradients()
    {
        using var decoder = TinyModel.Create();
        var examples = TinyModel.Examples(7);
        var together = TinyModel.Run(decoder, Batch.Pack(examples)).Gradients;
        var alone = examples.Select(e => TinyModel.Run(decoder, Batch.Pack([e])).Gradients).ToArray();
        for (var i = 0; i < together.Length; i++)
        {
            var sum = new float[together[i].Length];
            foreach (var gradients in alone)
            {
                for (var j = 0; j < sum.Length; j++)
                    sum[j] += gradients[i][j];
            }

            Distance.Relative(together[i], sum).ShouldBeLessThan(Tolerances.FloatReordered);
        }
    }

    [Theory]
    [InlineData(LossReduction.ExampleMean)]
    [InlineData(LossReduction.TokenMean)]
    [InlineData(LossReduction.TokenSum)]
    public void Reductions_weigh_examples_as_they_say(LossReduction reduction)
    {
        using var decoder = TinyModel.Create();
        var examples = TinyModel.Examples(5);
        var labels = Enumerable.Range(0, 5).Select(Batch.Pack(examples).Labels).ToArray();
        var weights = labels.Select(n => reduction switch
        {
            LossReduction.ExampleMean => 1 / 5f,
            LossReduction.TokenMean => (float)n / labels.Sum(),
            _ => n,
        }).ToArray();
        var reduced = TinyModel.Run(decoder, Batch.Pack(examples), reduction).Gradients;
        var weighted = TinyModel.Run(decoder, Batch.Pack(examples, weights)).Gradients;
        for (var i = 0; i < reduced.Length; i++)
            Distance.Relative(reduced[i], weighted[i]).ShouldBeLessThan(Tolerances.FloatReordered);
    }

    [Fact]
    public void A_vocabulary_in_blocks_gives_the_gradient_of_a_vocabulary_at_once()
    {
        // 16,384 tokens are one block; 16,385 are three. The added token has a zero row and is never a label: its logit
        // is 0, so the comparison is with a model whose last row is zero too.
        using var small = TinyModel.Create(TinyModel.Config with { VocabularySize = 16_384, Layers = 1 });
        using var large = TinyModel.Create(TinyModel.Config with { VocabularySize = 16_385, Layers = 1 });
        foreach (var parameter in small.Layout.All)
        {
            var values = small.Read(parameter);
            if (parameter == small.Layout.Embedding)
                values.AsSpan(^24..).Clear();
            small.Operations.Write(values, parameter.In(small.Weights));
            var other = large.Layout.Find(parameter.Name)!.In(large.Weights);
            small.Operations.Fill(0, other);
            small.Operations.Write(values, other.Part(0, values.Length));
        }

        var batch = Batch.Pack(TinyModel.Examples(4, 16_000));
        var one = TinyModel.Run(small, batch);
        var three = TinyModel.Run(large, batch);
        for (var i = 0; i < 4; i++)
        {
            // One more logit of 0 adds 1 to each softmax's sum of about 16,384 terms near 1 or more.
            three.Losses.Examples[i].ShouldBe(one.Losses.Examples[i], 1e-4);
            three.Losses.Examples[i].ShouldBeGreaterThan(one.Losses.Examples[i]);
        }

        for (var i = 1; i < one.Gradients.Length; i++)
            Distance.Relative(three.Gradients[i], one.Gradients[i]).ShouldBeLessThan(1e-3);
    }

    [Fact]
    public void A_warm_worker_allocates_nothing()
    {
        using var decoder = TinyModel.Create();
        using var worker = new DecoderWorker(decoder);
        using var gradients = new WeightGradients(decoder);
        var consumer = gradients.CreateConsumer();
        var batch = Batch.Pack(TinyModel.Examples(20)).Whole(LossReduction.ExampleMean);
        var losses = new double[20];
        Allocations.LeastOf(Step).ShouldBe(0);
        (consumer as IDisposable)?.Dispose();

        void Step()
        {
            gradients.Begin();
            worker.ForwardBackward(batch, consumer, losses);
            gradients.Complete();
            worker.Losses(batch, losses);
        }
    }

    [Fact]
    public void A_worker_that_fails_releases_the_others_and_is_heard()
    {
        using var decoder = TinyModel.Create();
        var examples = TinyModel.Examples(30);
        examples[10].Tokens[0] = 61;
        var message = Should.Throw<PursuitException>(() => TinyModel.Run(decoder, Batch.Pack(examples), threads: 3)).Message;
        message.ShouldContain("token id 61");
        message.ShouldContain("0 to 60");
    }
}
