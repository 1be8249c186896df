using System.Numerics;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Parquet's hybrid of run lengths and bit packing, which levels and indices of a dictionary are stored in.</summary>
internal static class RunEncoder
{
    private const int Group = 8;

    /// <summary>Bits that values up to one need.</summary>
    public static int BitsOf(int most) => most == 0 ? 0 : BitOperations.Log2((uint)most) + 1;

    /// <summary>Appends values: runs of eight and more as their length, others packed in eights.</summary>
    /// <param name="destination">Gets the bytes.</param>
    /// <param name="values">The values, not negative and less than two to the power of <paramref name="bits"/>.</param>
    /// <param name="bits">1 to 32.</param>
    public static void Append<T>(ByteBuffer destination, ReadOnlySpan<T> values, int bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        while (!values.IsEmpty)
        {
            var run = RunOf(values);
            if (run >= Group)
            {
                Varints.Append(destination, (ulong)run << 1);
                var value = ulong.CreateTruncating(values[0]);
                for (var shift = 0; shift < bits; shift += 8) destination.Append((byte)(value >> shift));
                values = values[run..];
                continue;
            }

            // Only the last eight may be filled up: what is between runs is whole eights.
            var packed = Group;
            while (packed < values.Length && RunOf(values[packed..]) < Group) packed += Group;
            Varints.Append(destination, (ulong)(packed / Group) << 1 | 1);
            for (var at = 0; at < packed; at += Group) Pack(destination, values[Math.Min(at, values.Length)..], bits);
            values = values[Math.Min(packed, values.Length)..];
        }
    }

    /// <summary>How often the first value stands at the beginning.</summary>
    private static int RunOf<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        var other = values.IndexOfAnyExcept(values[0]);
        return other < 0 ? values.Length : other;
    }

    private static void Pack<T>(ByteBuffer destination, ReadOnlySpan<T> values, int bits)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (word, held) = (0UL, 0);
        for (var i = 0; i < Group; i++)
        {
            if (i < values.Length) word |= ulong.CreateTruncating(values[i]) << held;
            for (held += bits; held >= 8; held -= 8, word >>= 8) destination.Append((byte)word);
        }
    }
}
