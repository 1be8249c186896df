using System.Buffers.Binary;
using System.Text;

namespace Pursuit.Fuzz.Mutation;

/// <summary>Knows nothing of a format but its words: flips, sets, inserts, removes, repeats, moves and splices bytes.</summary>
/// <param name="words">What is put into inputs whole.</param>
internal sealed class ByteMutator(IReadOnlyList<string> words) : Mutator
{
    private static readonly ulong[] Numbers =
    [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ulong.MaxValue,
    ];

    private static readonly byte[][] Bits =
        [[0xEF, 0xBB, 0xBF], [0xC3], [0xED, 0xA0, 0x80], [0xF8], [0], [0x1F, 0x8B], [0xFF, 0xFE], [0xE2, 0x80, 0xAE], [0x1B, 0x5B]];

    private readonly byte[][] _words = [.. words.Select(Encoding.UTF8.GetBytes)];

    protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
    {
        var at = random.NextInt(input.Length + 1);
        var length = Math.Min(random.NextInt(random.NextInt(8) == 0 ? 400 : 16), input.Length - at);
        switch (random.NextInt(10))
        {
            case 0 when at < input.Length:
                var flipped = (byte[])input.Clone();
                flipped[at] ^= (byte)(1 << random.NextInt(8));
                return flipped;
            case 1 when at < input.Length:
                var set = (byte[])input.Clone();
                set[at] = (byte)random.NextInt(256);
                return set;
            case 2:
                return Replaced(input, at, length, []);
            case 3:
                return Replaced(input, at, 0, Repeated(input[at..(at + length)], 1 + random.NextInt(random.NextInt(10) == 0 ? 2_000 : 4)));
            case 4:
                return Replaced(input, at, 0, Any(random, Bits));
            case 5 when at + 8 <= input.Length:
                var number = (byte[])input.Clone();
                var value = Any(random, Numbers) + (ulong)random.NextInt(3) - 1;
                if (random.NextInt(2) == 0) BinaryPrimitives.WriteUInt64LittleEndian(number.AsSpan(at), value);
                else BinaryPrimitives.WriteUInt32LittleEndian(number.AsSpan(at), (uint)value);
                return number;
            case 6 when random.NextInt(4) == 0:
                return input[..at];
            case 7:
                var from = random.NextInt(other.Length + 1);
                var part = other[from..(from + Math.Min(random.NextInt(200), other.Length - from))];
                return Replaced(input, at, random.NextInt(2) == 0 ? length : 0, part);
            default:
                return _words.Length == 0
                    ? Replaced(input, at, length, [(byte)random.NextInt(256)])
                    : Replaced(
                        input, at, random.NextInt(2) == 0 ? length : 0,
                        Repeated(Any(random, _words), random.NextInt(20) == 0 ? 1 + random.NextInt(500) : 1));
        }
    }

    private static byte[] Replaced(byte[] input, int at, int length, byte[] part) =>
        [.. input.AsSpan(0, at), .. part, .. input.AsSpan(at + length)];

    private static byte[] Repeated(byte[] part, int times)
    {
        var all = new byte[part.Length * times];
        for (var i = 0; i < times; i++) part.CopyTo(all, i * part.Length);
        return all;
    }
}
