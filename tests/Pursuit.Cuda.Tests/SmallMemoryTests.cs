using Pursuit.Engine.Adapters;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Tests;
using Pursuit.Engine.Training;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Cuda.Tests;

/// <summary>What doesn't fit into a card's memory is computed in smaller pieces, to the same bits.</summary>
public sealed class SmallMemoryTests : IDisposable
{
    private readonly CudaCard _card = ThisDevice.Open(lanes: 1);
    private readonly CudaOperations _operations;
    private readonly List<string> _notices = [];
    private readonly Device _device;

    public SmallMemoryTests()
    {
        _operations = ThisDevice.On(_card);
        _device = CudaDevices.DeviceOf("cuda", _card, _operations) with { Notice = _notices.Add, SegmentValues = 2000 };
    }

    public void Dispose()
    {
        _operations.Dispose();
        _card.HeldMemory.ShouldBe(0);
        _card.Dispose();
    }

    [Theory]
    [InlineData(GradientKind.Factored)]
    [InlineData(GradientKind.Lora)]
    public void Features_are_the_same_whether_layers_are_kept_or_computed_again_or_micro_batches_halved(GradientKind kind)
    {
        var examples = Examples(16);
        var tokens = examples.Sum(e => e.Ids.Length);
        var all = Extract(kind, examples, _ => long.MaxValue);
        _notices.ShouldBeEmpty();

        // Room for all examples, but not for what every layer keeps; then for half of them.
        var again = Extract(kind, examples, decoder => RoomFor(decoder, tokens));
        _notices.ShouldHaveSingleItem().ShouldStartWith("layers' values are computed again");
        again.Rows.ShouldBe(all.Rows);
        again.Losses.ShouldBe(all.Losses);

        _notices.Clear();
        var halved = Extract(kind, examples, decoder => RoomFor(decoder, tokens / 2));
        _notices.Count.ShouldBe(2);
        _notices[1].ShouldStartWith("micro-batches are smaller than asked for: the memory of cuda");
        halved.Rows.ShouldBe(all.Rows);
        halved.Losses.ShouldBe(all.Losses);

        // Memory that holds values computed again of some tokens, and all else that the first run held.
        long RoomFor(Decoder decoder, int some)
        {
            var longest = examples.Max(e => e.Ids.Length);
            var kept = Activations.BytesFor(decoder, new(tokens, longest, ForBackward: true));
            var arena = Activations.BytesFor(decoder, new(some, longest, ForBackward: true) { Recomputes = true });
            return Math.Max((_card.HeldMemory + arena) * 16 / 15 + 16, all.Held - kept + arena);
        }
    }

    [Fact]
    public void An_allocation_that_fails_within_a_pass_starts_it_again_with_halves_unless_it_adds_up()
    {
        using var decoder = Decoder.Create(Config, seed: 11, deviation: 0.2f, _device);
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        var batch = Batch.Pack(TinyModel.Examples(6));
        var (attempts, begun) = (0, 0);
        pool.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass { IsBackward = true, Begin = () => begun++ },
            (_, _, part) =>
            {
                attempts++;
                if (part.Examples > 2) throw PursuitException.At("memory", "none", "some", null, new DeviceMemoryException());
            },
            TestContext.Current.CancellationToken);
        begun.ShouldBeInRange(2, 5);
        attempts.ShouldBeGreaterThanOrEqualTo(begun - 1 + 3);
        _notices.ShouldHaveSingleItem();

        Should.Throw<PursuitException>(() => pool.ForEach(
            batch,
            LossReduction.ExampleSum,
            new Pass { AddsUp = true },
            (_, _, _) => throw PursuitException.At("memory", "none", "some", null, new DeviceMemoryException()),
            TestContext.Current.CancellationToken)).Message.ShouldStartWith("memory: none");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_larger_than_the_card_gives_the_bits_of_one_that_fits(bool isNarrow)
    {
        var directory = Directory.CreateTempSubdirectory("pursuit-stream-").FullName;
        try
        {
            using (var made = Decoder.Create(Config, seed: 11, deviation: 0.2f)) made.Save(directory, halfPrecision: isNarrow);
            var expected = Everything(directory, long.MaxValue, out var resident);
            resident.ShouldBeNull();
            var layout = new ParameterLayout(Config);
            var weights = isNarrow ? 2 * layout.BufferLength + 4 * layout.VectorLength : 4 * layout.BufferLength;
            Everything(directory, weights * 5 / 4 - 5, out var some).ShouldBe(expected);
            some.ShouldNotBeNull().ShouldBeInRange(1, Config.Layers - 1);
            Everything(directory, weights * 9 / 10, out var all).ShouldBe(expected);
            all.ShouldBe(0);
            _notices[^1].ShouldStartWith($"{Config.Layers} of {Config.Layers} layers don't fit into the memory of cuda");
            Should.Throw<PursuitException>(() => Everything(directory, weights / 4, out _)).Message
                .ShouldContain("the embedding, the head and two layers of the model take");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static ModelConfig Config => TinyModel.Config with { Layers = 7 };

    /// <summary>Losses, features, embeddings and tokens of a model that is loaded while a card has some bytes free.</summary>
    private List<float> Everything(string directory, long free, out int? firstOnHost)
    {
        _card.MostMemory = free == long.MaxValue ? free : _card.HeldMemory + free;
        using var decoder = Decoder.Load(directory, _device);
        _card.MostMemory = long.MaxValue;
        firstOnHost = decoder.Streamed?.First;
        if (firstOnHost is not null) decoder.Weights.Length.ShouldBeLessThan(decoder.Layout.BufferLength);
        var result = new List<float>();
        using (var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 }))
        {
            for (var round = 0; round < 2; round++)
            {
                var losses = pool.Losses(Batch.Pack(TinyModel.Examples(5)), TestContext.Current.CancellationToken);
                result.AddRange(losses.Examples.Select(x => (float)x));
            }

            result.AddRange(
                Rows(decoder, pool, new() { Kind = GradientKind.Factored, Preconditioning = Preconditioning.None, Factor = 6 }));
            var extractor = new EmbeddingExtractor(decoder, pool, new EmbeddingOptions());
            var rows = new float[5 * extractor.Dimension];
            extractor.Extract(Examples(5), rows, TestContext.Current.CancellationToken);
            result.AddRange(rows);
        }

        using var generator = new Generator(decoder);
        var tokens = generator.Greedy([7, 3, 9, 11, 2], 6, endTokens: [], cancellationToken: TestContext.Current.CancellationToken);
        result.AddRange(tokens.Select(t => (float)t));
        result.AddRange(decoder.Layout.All.SelectMany(decoder.Read));
        return result;
    }

    private Extracted Extract(GradientKind kind, EncodedExample[] examples, Func<Decoder, long> mostMemory)
    {
        var options = new GradientFeatureOptions { Kind = kind, Preconditioning = Preconditioning.None, Factor = 6, Dimension = 512 };
        using var decoder = Decoder.Create(Config, seed: 11, deviation: 0.2f, _device);
        using var adapters = kind == GradientKind.Lora ? LoraAdapters.Create(decoder, new LoraOptions { Rank = 3, Alpha = 6 }, 4) : null;
        decoder.Adapters = adapters;
        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool);
        var (rows, losses) = (new float[examples.Length * extractor.Dimension], new double[examples.Length]);
        _card.MostMemory = mostMemory(decoder);
        extractor.Extract(examples, rows, losses, TestContext.Current.CancellationToken);
        _card.MostMemory = long.MaxValue;
        return new(rows, losses, _card.HeldMemory);
    }

    private static float[] Rows(Decoder decoder, DecoderPool pool, GradientFeatureOptions options)
    {
        using var extractor = new GradientExtractor(decoder, pool, options, null, GradientSide.Pool);
        var rows = new float[5 * extractor.Dimension];
        extractor.Extract(Examples(5), rows, new double[5], TestContext.Current.CancellationToken);
        return rows;
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

    private sealed record Extracted(float[] Rows, double[] Losses, long Held);
}
