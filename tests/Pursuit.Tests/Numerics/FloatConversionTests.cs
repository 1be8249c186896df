using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Numerics;

public sealed class FloatConversionTests
{
    public static TheoryData<string> Paths => [.. SimdPaths.Names];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_bf16_number_widens_to_its_definition_and_comes_back(string path)
    {
        var all = Enumerable.Range(0, 65536).Select(bits => (ushort)bits).ToArray();
        var wide = new float[all.Length];
        var back = new ushort[all.Length];
        FloatConversion.BFloat16ToSingle(SimdPaths.Parse(path), all, wide);
        FloatConversion.SingleToBFloat16(SimdPaths.Parse(path), wide, back);
        for (var i = 0; i < all.Length; i++)
        {
            var expected = ReferenceFloatConversion.BFloat16ToSingle(all[i]);
            if (float.IsNaN(expected))
            {
                float.IsNaN(wide[i]).ShouldBeTrue();
                back[i].ShouldBe((ushort)(all[i] | 0x40), $"NaN {all[i]:X4} stays that NaN, quiet");
            }
            else
            {
                BitConverter.SingleToInt32Bits(wide[i]).ShouldBe(BitConverter.SingleToInt32Bits(expected));
                back[i].ShouldBe(all[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_float_becomes_the_nearest_bf16_number_ties_to_even(string path)
    {
        var random = new SeededRandom(1, "test/bf16");
        var values = new float[40_000];
        for (var i = 0; i < values.Length; i++)
        {
            var bits = (uint)random.NextUInt64();
            if (i % 3 == 0)
                bits = (bits & 0xFFFF0000) | 0x8000; // a tie
            if (i % 7 == 0)
                bits |= 0x7F000000; // large, infinity and NaN
            values[i] = BitConverter.UInt32BitsToSingle(bits);
        }

        var narrow = new ushort[values.Length];
        FloatConversion.SingleToBFloat16(SimdPaths.Parse(path), values, narrow);
        for (var i = 0; i < values.Length; i++)
            narrow[i].ShouldBe(ReferenceFloatConversion.SingleToBFloat16(values[i]), $"{BitConverter.SingleToUInt32Bits(values[i]):X8}");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_short_length_stays_inside_its_memory(string path)
    {
        for (var n = 0; n < 70; n++)
        {
            using var memory = new GuardedFloats(n);
            memory.Span.Fill(1.5f);
            var narrow = new ushort[n + 1];
            FloatConversion.SingleToBFloat16(SimdPaths.Parse(path), memory.Span, narrow);
            narrow[..n].ShouldAllBe(x => x == 0x3FC0);
            narrow[n].ShouldBe((ushort)0);
            memory.Span.Clear();
            FloatConversion.BFloat16ToSingle(SimdPaths.Parse(path), narrow.AsSpan(0, n), memory.Span);
            memory.Span.ToArray().ShouldAllBe(x => x == 1.5f);
        }
    }

    [Fact]
    public void Every_fp16_number_widens_to_its_definition_and_comes_back()
    {
        var all = Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits)).ToArray();
        var wide = new float[all.Length];
        var back = new Half[all.Length];
        FloatConversion.HalfToSingle(all, wide);
        FloatConversion.SingleToHalf(wide, back);
        for (var i = 0; i < all.Length; i++)
        {
            var expected = ReferenceFloatConversion.HalfToSingle((ushort)i);
            float.IsNaN(wide[i]).ShouldBe(float.IsNaN(expected));
            if (float.IsNaN(expected))
                continue;
            BitConverter.SingleToInt32Bits(wide[i]).ShouldBe(BitConverter.SingleToInt32Bits(expected));
            BitConverter.HalfToUInt16Bits(back[i]).ShouldBe((ushort)i);
        }
    }

    [Fact]
    public void Narrowing_to_fp16_and_from_double_rounds_as_the_language_does()
    {
        var random = new SeededRandom(1, "test/fp16");
        var singles = new float[10_000];
        var doubles = new double[singles.Length];
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = (float)(random.NextGaussian() * Math.Pow(10, random.NextInt(16) - 9));
            doubles[i] = random.NextGaussian() * Math.Pow(10, random.NextInt(100) - 50);
        }

        doubles[0] = double.NaN;
        singles[0] = float.NaN;
        var halves = new Half[singles.Length];
        var rounded = new float[doubles.Length];
        FloatConversion.SingleToHalf(singles, halves);
        FloatConversion.DoubleToSingle(doubles, rounded);
        for (var i = 0; i < singles.Length; i++)
        {
            halves[i].ShouldBe((Half)singles[i]);
            rounded[i].ShouldBe((float)doubles[i]);
        }
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused() =>
        Should.Throw<PursuitException>(() => FloatConversion.SingleToBFloat16(new float[3], new ushort[2])).Message
            .ShouldContain("a source of 3 and a destination of 2");
}
