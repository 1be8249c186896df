using Pursuit.Engine.Adapters;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Tests;
using Pursuit.Engine.Training;
using Pursuit.TestKit;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Cuda.Tests;

/// <summary>What is made with a model on the device, against the same on the processor, and the device's promises.</summary>
public sealed class WholeModelTests
{
    private static readonly Device Card = CudaDevices.DeviceOf("cuda", ThisDevice.Card, ThisDevice.Operations) with
    {
        LeastMicroBatchTokens = 1, // so that examples get neighbours and lose them
        SegmentValues = 2000,
    };

    [Theory]
    [InlineData(GradientKind.Full, 512)]
    [InlineData(GradientKind.Factored, 512)]
    [InlineData(GradientKind.Factored, 1 << 16)]
    [InlineData(GradientKind.Lora, 512)]
    public void Features_are_those_of_the_processor_and_neighbours_change_no_bit_of_them(GradientKind kind, int dimension)
    {
        var options = new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Dimension = dimension, Factor = 6 };
        var examples = Examples(7);
        var (expected, _) = Extract(Device.Cpu, options, examples);
        var (together, losses) = Extract(Card, options, examples);
        var length = together.Length / examples.Length;
        for (var i = 0; i < examples.Length; i++)
        {
            Distance.Relative(together.AsSpan(i * length, length), expected.AsSpan(i * length, length))
                .ShouldBeLessThan(Tolerances.ModelAgainstFloat64, $"example {i}");
        }

        var (apart, lossesApart) = Extract(Card, options with { MicroBatch = 1 }, examples);
        apart.ShouldBe(together);
        lossesApart.ShouldBe(losses);
    }

    [Fact]
    public void Embeddings_are_those_of_the_processor()
    {
        var (expected, rows) = (Embeddings(Device.Cpu), Embeddings(Card));
        Distance.Relative(rows, expected).ShouldBeLessThan(Tolerances.ModelAgainstFloat64);

        static float[] Embeddings(Device device)
        {
            using var decoder = Create(device);
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
            var extractor = new EmbeddingExtractor(decoder, pool, new EmbeddingOptions());
            var rows = new float[5 * extractor.Dimension];
            extractor.Extract(Examples(5), rows, TestContext.Current.CancellationToken);
            return rows;
        }
    }

    [Fact]
    public void Steps_of_training_end_where_those_of_the_processor_do()
    {
        var (expected, weights) = (Train(Device.Cpu), Train(Card));
        Distance.Relative(weights, expected).ShouldBeLessThan(1e-4); // a step's size is a gradient's by its root: signs of noise count
        Train(Card).ShouldBe(weights, "the same bits again");

        static float[] Train(Device device)
        {
            using var decoder = Create(device);
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = 40 });
            using var gradients = new WeightGradients(decoder);
            using var optimizer = new AdamWOptimizer(gradients, new AdamWOptions { WeightDecay = 0.1f, ClipNorm = 1 });
            for (var step = 0; step < 3; step++)
            {
                pool.Gradients(
                    Batch.Pack(TinyModel.Examples(6)), LossReduction.ExampleSum, gradients, TestContext.Current.CancellationToken);
                optimizer.Step(1e-3);
            }

            return [.. decoder.Layout.All.SelectMany(decoder.Read)];
        }
    }

    [Fact]
    public void Tokens_generated_are_those_of_the_processor()
    {
        Generate(Card).ShouldBe(Generate(Device.Cpu));

        static int[] Generate(Device device)
        {
            using var decoder = Create(device);
            using var generator = new Generator(decoder);
            return [.. generator.Greedy([7, 3, 9, 11, 2], 12, endTokens: [], cancellationToken: TestContext.Current.CancellationToken)];
        }
    }

    [Fact]
    public void Rounded_products_change_losses_by_as_much_as_bf16_does()
    {
        using var operations = ThisDevice.New(BlasType.BFloat16);
        var rounded = CudaDevices.DeviceOf("cuda-bf16", ThisDevice.Card, operations);
        var (expected, losses) = (Losses(Device.Cpu), Losses(rounded));
        Distance.Relative([.. losses.Select(x => (float)x)], [.. expected.Select(x => (float)x)]).ShouldBeInRange(1e-6, 1e-2);

        static IReadOnlyList<double> Losses(Device device)
        {
            using var decoder = Create(device);
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
            return pool.Losses(Batch.Pack(TinyModel.Examples(6)), TestContext.Current.CancellationToken).Examples;
        }
    }

    [Fact]
    public void Every_byte_that_is_held_is_given_back()
    {
        using var card = ThisDevice.Open();
        using (var operations = ThisDevice.On(card))
        {
            var device = CudaDevices.DeviceOf("cuda", card, operations);
            using var decoder = Create(device);
            using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 3 });
            pool.Workers.ShouldBe(1);
            pool.Losses(Batch.Pack(TinyModel.Examples(2)), TestContext.Current.CancellationToken);
            device.HeldMemory().ShouldBeGreaterThan(4 * decoder.Layout.BufferLength);
        }

        card.HeldMemory.ShouldBe(0);
    }

    [Fact]
    public void Memory_that_is_not_there_is_refused_with_its_numbers_and_what_to_lower()
    {
        using var card = ThisDevice.Open();
        using var operations = ThisDevice.On(card);
        var held = card.HeldMemory;
        Should.Throw<PursuitException>(() => operations.Allocate(1L << 58)).Message
            .ShouldSatisfyAllConditions(
                m => m.ShouldContain("memory of cuda under test: 1099511627776 MiB could not be allocated"),
                m => m.ShouldContain("Use a smaller micro-batch"));
        card.HeldMemory.ShouldBe(held);
    }

    [Fact]
    public void Results_of_each_kind_of_products_have_fingerprints_of_their_own()
    {
        using var operations = ThisDevice.New(BlasType.BFloat16);
        var (card, version) = (ThisDevice.Card.Accelerator.Name, operations.BlasVersion);
        Card.Backend.ShouldBe($"cuda/1/float32/{card}/{version}");
        CudaDevices.DeviceOf("cuda-bf16", ThisDevice.Card, operations).Backend.ShouldBe($"cuda/1/bf16/{card}/{version}");
    }

    private static Decoder Create(Device device) => Decoder.Create(TinyModel.Config, seed: 11, deviation: 0.2f, device);

    private static (float[] Rows, double[] Losses) Extract(Device device, GradientFeatureOptions options, EncodedExample[] examples)
    {
        using var decoder = Create(device);
        using var adapters = options.Kind == GradientKind.Lora
            ? LoraAdapters.Create(decoder, new LoraOptions { Rank = 3, Alpha = 6 }, 4)
            : null;
        decoder.Adapters = adapters;
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1, MicroBatchTokens = options.MicroBatch });
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool);
        var (rows, losses) = (new float[examples.Length * extractor.Dimension], new double[examples.Length]);
        extractor.Extract(examples, rows, losses, TestContext.Current.CancellationToken);
        return (rows, losses);
    }

    private static EncodedExample[] Examples(int count) =>
    [
        .. TinyModel.Examples(count).Select(e => new EncodedExample
        {
            ContentId = default(ContentId),
            Ids = e.Tokens,
            Trained = [.. e.Supervised!.Select((s, t) => s && t > 0)],
            SupervisedTokens = e.Supervised!.Where((s, t) => s && t > 0).Count(),
            Truncation = default,
        }),
    ];
}
