using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.TestKit;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Tests.Features;

/// <summary>Embeddings against PyTorch and a plain twin, and what must not change a bit of them.</summary>
public sealed class EmbeddingExtractorTests
{
    public static TheoryData<string> Variants { get; } = new("llama", "mistral-window", "qwen3");

    private static IEnumerable<EmbeddingOptions> Ways =>
        from pool in Enum.GetValues<EmbeddingPool>()
        from tokens in Enum.GetValues<EmbeddingTokens>()
        from norm in Enum.GetValues<EmbeddingNorm>()
        select new EmbeddingOptions { Pool = pool, Tokens = tokens, Norm = norm };

    [Theory]
    [MemberData(nameof(Variants))]
    public void At_every_layer_and_in_every_way_embeddings_are_those_of_PyTorch(string variant)
    {
        using var decoder = Decoder.Load(RepositoryFiles.Fixture("engine", variant));
        using var golden = SafetensorsFile.Open(RepositoryFiles.Fixture("embedding", "expected.safetensors"));
        var examples = ReferenceCase.Examples.Select(e => Example(e.Tokens, e.Supervised!)).ToArray();
        foreach (var options in Ways)
        {
            for (var layer = 0; layer <= decoder.Config.Layers; layer++)
            {
                var name = $"{variant}.{layer}.{options.Pool.ToString().ToLowerInvariant()}.{options.Tokens.ToString().ToLowerInvariant()}";
                var expected = new float[golden.Info(name).ElementCount];
                golden.ReadSingle(name, expected);
                var found = Extract(decoder, options with { Layer = layer }, examples);
                for (var i = 0; i < examples.Length; i++)
                {
                    var (row, right) = (Row(found, decoder, i), Row(expected, decoder, i));
                    var norm = Math.Sqrt(right.Sum(x => (double)x * x));
                    if (norm == 0) row.ShouldAllBe(x => x == 0, name);
                    else
                        Distance.Relative(row, options.Norm == EmbeddingNorm.Unit ? Array.ConvertAll(right, x => (float)(x / norm)) : right)
                            .ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"{name}, example {i}");
                }
            }
        }
    }

    [Fact]
    public void An_embedding_is_that_of_a_plain_twin_which_runs_one_example_at_a_time()
    {
        using var decoder = TinyModel.Create();
        var examples = Examples(12);
        foreach (var options in Ways)
        {
            var found = Extract(decoder, options, examples);
            for (var i = 0; i < examples.Length; i++)
                Distance.Relative(Row(found, decoder, i), Twin(decoder, options, examples[i]))
                    .ShouldBeLessThan(Tolerances.OperationAgainstTwin, options.ToString());
        }
    }

    [Fact]
    public void Neighbours_micro_batches_and_threads_change_no_bit()
    {
        using var decoder = TinyModel.Create();
        var examples = Examples(15);
        foreach (var options in Ways)
        {
            var together = Extract(decoder, options with { MicroBatch = 4096 }, examples);
            Extract(decoder, options with { MicroBatch = 1 }, examples, threads: 2).ShouldBe(together);
            var reversed = Extract(decoder, options with { MicroBatch = 50 }, [.. examples.Reverse()], threads: 3);
            for (var i = 0; i < examples.Length; i++) Row(reversed, decoder, examples.Length - 1 - i).ShouldBe(Row(together, decoder, i));
        }
    }

    [Fact]
    public void A_layer_counted_from_the_end_is_that_layer_and_what_lies_above_it_does_not_matter()
    {
        using var decoder = TinyModel.Create();
        using var shallow = TinyModel.Create(TinyModel.Config with { Layers = 2 });
        var examples = Examples(5);
        for (var layer = 0; layer <= 3; layer++)
            Extract(decoder, new EmbeddingOptions { Layer = layer - 4 }, examples)
                .ShouldBe(Extract(decoder, new EmbeddingOptions { Layer = layer }, examples));

        // Weights are drawn by name, so the lower layers of both models are the same.
        Extract(shallow, new EmbeddingOptions { Layer = 1 }, examples)
            .ShouldBe(Extract(decoder, new EmbeddingOptions { Layer = 1 }, examples));
        Extract(decoder, new EmbeddingOptions { Layer = 2 }, examples)
            .ShouldNotBe(Extract(decoder, new EmbeddingOptions { Layer = 1 }, examples));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-5)]
    public void A_layer_the_model_has_not_is_refused_with_those_it_has(int layer)
    {
        using var decoder = TinyModel.Create();
        Should.Throw<PursuitException>(() => Extract(decoder, new EmbeddingOptions { Layer = layer }, Examples(1))).Message
            .ShouldContain("0 to 3, or -1 to -4");
    }

    [Fact]
    public void What_follows_the_pooled_tokens_or_has_none_leaves_a_row_of_its_own_tokens_or_zero()
    {
        using var decoder = TinyModel.Create();
        var whole = Examples(1)[0];
        // Attention is causal: behind the last answer token nothing counts.
        var trained = whole.Ids.Select((_, t) => t == 4).ToArray();
        var (long_, cut) = (Example(whole.Ids, trained), Example(whole.Ids[..5], trained[..5]));
        var options = new EmbeddingOptions { Tokens = EmbeddingTokens.Answer };
        Extract(decoder, options, [long_]).ShouldBe(Extract(decoder, options, [cut]));
        Extract(decoder, options, [Example(whole.Ids, new bool[whole.Ids.Length]), Example([], [])]).ShouldAllBe(x => x == 0);
        Extract(decoder, new EmbeddingOptions(), [Example([], [])]).ShouldAllBe(x => x == 0);
    }

    [Fact]
    public void Options_out_of_range_are_told_together() =>
        Should.Throw<PursuitException>(new EmbeddingOptions { Pool = (EmbeddingPool)9, MicroBatch = 0 }.Validate).Message
            .ShouldSatisfyAllConditions(m => m.ShouldContain("embedding.pool: 9"), m => m.ShouldContain("embedding.micro-batch: 0"));

    private static float[] Extract(Decoder decoder, EmbeddingOptions options, EncodedExample[] examples, int threads = 1)
    {
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads });
        var extractor = new EmbeddingExtractor(decoder, workers, options);
        var rows = new float[examples.Length * extractor.Dimension];
        extractor.Extract(examples, rows, TestContext.Current.CancellationToken);
        return rows;
    }

    /// <summary>Sums as the definitions have them, over the states of one example.</summary>
    private static float[] Twin(Decoder decoder, EmbeddingOptions options, EncodedExample example)
    {
        using var worker = new DecoderWorker(decoder);
        var hidden = decoder.Config.HiddenSize;
        var states = new float[example.Ids.Length * hidden];
        worker.HiddenStates(Batch.Pack([(example.Ids, null)]).Whole(LossReduction.ExampleSum), decoder.Config.Layers, states);
        var kept = Enumerable.Range(0, example.Ids.Length).Where(t => options.Tokens == EmbeddingTokens.All || example.Trained[t])
            .ToArray();
        var weights = kept.Select((_, i) =>
            options.Pool switch { EmbeddingPool.Weighted => i + 1.0, EmbeddingPool.Mean => 1.0, _ => i == kept.Length - 1 ? 1.0 : 0.0 })
            .ToArray();
        var row = Enumerable.Range(0, hidden).Select(k => kept.Zip(weights, (t, w) => w * states[t * hidden + k]).Sum() / weights.Sum())
            .ToArray();
        var norm = options.Norm == EmbeddingNorm.Unit ? Math.Sqrt(row.Sum(x => x * x)) : 1;
        return Array.ConvertAll(row, x => (float)(x / norm));
    }

    private static float[] Row(float[] rows, Decoder decoder, int i) =>
        rows[(i * decoder.Config.HiddenSize)..((i + 1) * decoder.Config.HiddenSize)];

    private static EncodedExample[] Examples(int count) => [.. TinyModel.Examples(count).Select(e => Example(e.Tokens, e.Supervised!))];

    private static EncodedExample Example(int[] ids, bool[] trained) =>
        new()
        {
            ContentId = default(ContentId),
            Ids = ids,
            Trained = trained,
            SupervisedTokens = trained.Count(t => t),
            Truncation = default,
        };
}
