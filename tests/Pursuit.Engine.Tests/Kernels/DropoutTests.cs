using Pursuit.Engine.Kernels;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Engine.Tests.Kernels;

/// <summary>Dropout's mask and its kernels.</summary>
public sealed class DropoutTests
{
    [Fact]
    public void Every_width_gives_the_plain_twins_values_at_every_length()
    {
        var random = Enumerable.Range(0, 70).Select(i => 0.5f + i).ToArray();
        foreach (var operations in OperationRegistry.Fast)
        {
            for (var length = 0; length <= random.Length; length++)
            {
                foreach (var accumulate in new[] { false, true })
                {
                    var expected = Run(OperationRegistry.Plain, random.AsSpan(0, length), accumulate);
                    var actual = Run(operations, random.AsSpan(0, length), accumulate);
                    actual.Select(v => v == 3).ShouldBe(expected.Select(v => v == 3), $"{operations.Name}, {length}");
                    Distance.Relative(actual, expected).ShouldBeLessThan(Tolerances.OperationAgainstTwin, $"{operations.Name}, {length}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0.05f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void A_stream_drops_its_share_and_streams_and_neighbours_are_independent(float probability)
    {
        const int Count = 200_000;
        var step = DropoutMask.Derive(12345, 7);
        var (a, b) = (Mask(DropoutMask.Derive(step, 0)), Mask(DropoutMask.Derive(step, 1)));
        var sigma = Math.Sqrt(probability * (1 - probability) / Count);
        foreach (var mask in new[] { a, b })
            ((double)mask.Count(kept => !kept) / Count).ShouldBe(probability, 5 * sigma);
        // Two independent events of probability p happen together with p^2.
        var together = Math.Sqrt(probability * probability * (1 - probability * probability) / Count);
        foreach (var shift in new[] { 1, 2, 16, 576, 1024 })
            ((double)Enumerable.Range(0, Count - shift).Count(i => !a[i] && !a[i + shift]) / (Count - shift))
                .ShouldBe(probability * probability, 5 * together, $"{shift} apart");
        ((double)Enumerable.Range(0, Count).Count(i => !a[i] && !b[i]) / Count)
            .ShouldBe(probability * probability, 5 * together, "two streams");

        bool[] Mask(ulong stream) => [.. Enumerable.Range(0, Count).Select(i => DropoutMask.Keeps(stream, (uint)i, probability))];
    }

    [Fact]
    public void Nothing_is_dropped_with_probability_0()
    {
        Enumerable.Range(0, 1000).ShouldAllBe(i => DropoutMask.Keeps(99, (uint)i, 0));
    }

    private static float[] Run(IDecoderOperations operations, ReadOnlySpan<float> values, bool accumulate)
    {
        using var buffer = operations.Allocate(2 * values.Length + 1);
        var (source, destination) = (buffer.Slice(0, values.Length), buffer.Slice(values.Length, values.Length));
        operations.Write(values, source);
        operations.Fill(3, destination);
        using var offsets = operations.Allocate(2, ElementType.Int32);
        operations.Write([0, values.Length], offsets.Slice(0, 2));
        operations.Dropout(new(new(offsets.Slice(0, 2), 0, 1), 1, 0.3f, 0xABCDEF0123456789, 0), source, accumulate, destination);
        var result = new float[values.Length];
        operations.Read(destination, result);
        return result;
    }
}
