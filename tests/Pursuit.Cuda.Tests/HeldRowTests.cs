using ILGPU;
using ILGPU.Runtime.CPU;
using Pursuit.Numerics;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Cuda.Tests;

/// <summary>Rows in a card's memory: products to the processor's bits, and so the same selection.</summary>
public sealed class HeldRowTests
{
    private static readonly CudaCard Card = OpenInTeams();

    private readonly long _before = Card.HeldMemory;

    public static MatrixTheoryData<int, int, int> Shapes { get; } = new([1, 3, 4, 5, 19], [1, 15, 16, 17, 33, 100], [1, 3, 4, 6]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Dots_have_the_bits_of_the_processors_whatever_the_numbers(int rows, int dimension, int columns)
    {
        float[][] numbers = [Numbers(rows * dimension, "rows/0"), Numbers(rows * dimension, "rows/1")];
        var rhs = Numbers(columns * 2 * dimension, "right");
        TileRights[] right =
            [new(rhs, columns, 2 * dimension, 0, dimension), new(rhs, columns, 2 * dimension, dimension, dimension)];
        foreach (var element in Enum.GetValues<FeatureElement>())
        {
            using var held = new CudaRowDevice(Card).Hold(new HeldShape(element, rows, 2, dimension)).ShouldNotBeNull();
            var narrow = Array.ConvertAll(numbers, x => Array.ConvertAll(x, ReferenceFloatConversion.SingleToBFloat16));
            var bytes = Array.ConvertAll(numbers, x => Array.ConvertAll(x, v => (sbyte)Math.Clamp(float.IsNaN(v) ? 0 : v, -128, 127)));
            for (var checkpoint = 0; checkpoint < 2; checkpoint++)
            {
                // In two parts, the later one first.
                foreach (var (first, count) in new[] { (rows / 2, rows - rows / 2), (0, rows / 2) })
                    if (count > 0) held.Write(Tile(checkpoint, first, count), checkpoint, first, count);
            }

            using var pass = held.Begin(right);
            for (var checkpoint = 0; checkpoint < 2; checkpoint++)
            {
                var from = rows / 3;
                var tile = Tile(checkpoint, from, rows - from);
                if (element == FeatureElement.I8)
                {
                    var (sums, expected) = (new long[(rows - from) * columns], new long[(rows - from) * columns]);
                    ByteScan.Dots(tile.Bytes, rows - from, right[checkpoint].Words, expected);
                    pass.Dots(checkpoint, from, rows - from, sums);
                    sums.ShouldBe(expected);
                }
                else
                {
                    var (dots, expected) = (new float[(rows - from) * columns], new float[(rows - from) * columns]);
                    if (element == FeatureElement.BF16) RowScan.Dots(tile.BFloats, rows - from, right[checkpoint].Singles, expected);
                    else RowScan.Dots(tile.Floats, rows - from, right[checkpoint].Singles, expected);
                    pass.Dots(checkpoint, from, rows - from, dots);
                    // A sum of nothing but zeros may differ in its sign, which no product keeps.
                    Array.ConvertAll(dots, d => BitConverter.SingleToInt32Bits(d + 0f)).ShouldBe(
                        Array.ConvertAll(expected, d => BitConverter.SingleToInt32Bits(d + 0f)), $"{element}");
                }
            }

            FeatureTile Tile(int checkpoint, int first, int count) => element switch
            {
                FeatureElement.BF16 => new FeatureTile(narrow[checkpoint].AsSpan(first * dimension, count * dimension)),
                FeatureElement.I8 => new FeatureTile(bytes[checkpoint].AsSpan(first * dimension, count * dimension)),
                _ => new FeatureTile(numbers[checkpoint].AsSpan(first * dimension, count * dimension)),
            };
        }

        Card.HeldMemory.ShouldBe(_before);
    }

    [Fact]
    public void A_selection_whose_passes_aCard_makes_is_the_processors_to_the_last_bit()
    {
        var problem = Gradients.Realistic(60, 6, "8", dimension: 21, groups: ["a", "b"]);
        var selector = new GtpSelector(new GtpOptions());
        var context = new SelectionContext { Threads = 2, CancellationToken = TestContext.Current.CancellationToken };
        var expected = selector.Select(problem, context);
        var device = new CountedDevice(new CudaRowDevice(Card));
        var found = selector.Select(problem, context with { RowDevice = device });
        found.Rows.ShouldBe(expected.Rows);
        device.Passes.ShouldBeGreaterThan(1);
        Card.HeldMemory.ShouldBe(_before);
    }

    [Fact]
    public void Rows_that_do_not_fit_are_not_held()
    {
        var shape = new HeldShape(FeatureElement.BF16, 1 << 20, 4, 4096);
        new HeldLayout(shape).Bytes.ShouldBe(4L * (1 << 20) * 4096 * 2);
        Card.MostMemory = 1L << 30;
        try
        {
            new CudaRowDevice(Card).Hold(shape).ShouldBeNull();
        }
        finally
        {
            Card.MostMemory = long.MaxValue;
        }

        Card.HeldMemory.ShouldBe(_before);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(300_000_000, 1, 1)]
    [InlineData(20_000_000, 4096, 4)]
    public void Pieces_hold_every_row_within_what_32_bits_count(int rows, int dimension, int checkpoints)
    {
        foreach (var element in Enum.GetValues<FeatureElement>())
        {
            var layout = new HeldLayout(new HeldShape(element, rows, checkpoints, dimension));
            ((long)layout.Pieces * layout.PieceRows).ShouldBeGreaterThanOrEqualTo(rows);
            ((long)layout.PieceRows * layout.Words).ShouldBeLessThanOrEqualTo(int.MaxValue);
            layout.Numbers.ShouldBeInRange(dimension, dimension + 31);
        }
    }

    /// <summary>Normal numbers of very different sizes, with zeros of both signs and numbers too small to be normal.</summary>
    private static float[] Numbers(int length, string purpose)
    {
        var random = new SeededRandom(3, "cuda/held-rows/" + purpose);
        var numbers = new float[length];
        for (var k = 0; k < length; k++)
        {
            var number = (float)random.NextGaussian() * MathF.ScaleB(1, random.NextInt(24) - 12);
            numbers[k] = random.NextInt(12) switch { 0 => 0f, 1 => -0f, 2 => number * 1e-39f, _ => number };
        }

        return numbers;
    }

    /// <summary>A card whose groups are teams; ILGPU's processor has as many threads in a warp.</summary>
    private static CudaCard OpenInTeams()
    {
        if (Environment.GetEnvironmentVariable(ThisDevice.Variable) is { Length: > 0 }) return ThisDevice.Card;
        var context = Context.Create(builder => builder.CPU(new CPUDevice(DeviceCode.HeldRowCode.Team, 1, 1)));
        var accelerator = context.CreateCPUAccelerator(0, CPUAcceleratorMode.Parallel);
        return new CudaCard("card in teams", context, accelerator, DeviceCode.HeldRowCode.Team, mostGroups: 2);
    }

    /// <summary>Counts the passes that a device makes.</summary>
    private sealed class CountedDevice(IRowDevice device) : IRowDevice
    {
        public int Passes { get; private set; }

        public IHeldRows? Hold(HeldShape shape) => device.Hold(shape) is { } rows ? new Counted(rows, this) : null;

        private sealed class Counted(IHeldRows rows, CountedDevice owner) : IHeldRows
        {
            public void Write(FeatureTile tile, int checkpoint, int first, int count) => rows.Write(tile, checkpoint, first, count);

            public IHeldPass Begin(IReadOnlyList<TileRights> right)
            {
                owner.Passes++;
                return rows.Begin(right);
            }

            public void Dispose() => rows.Dispose();
        }
    }
}
