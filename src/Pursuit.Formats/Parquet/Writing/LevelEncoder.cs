using System.Numerics;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Parquet's hybrid of run lengths and bit packing.</summary>
internal static class LevelEncoder
{
    private const int Group = 8;

    /// <summary>Bits that levels up to one need.</summary>
    public static int BitsOf(int most) => most == 0 ? 0 : BitOperations.Log2((uint)most) + 1;

    /// <summary>Appends levels: runs of eight and more as their length, others packed in eights.</summary>
    /// <param name="destination">Gets the bytes.</param>
    /// <param name="levels">The levels, less than two to the power of <paramref name="bits"/>.</param>
    /// <param name="bits">1 to 8.</param>
    public static void Append(ByteBuffer destination, ReadOnlySpan<byte> levels, int bits)
    {
        while (!levels.IsEmpty)
        {
            var run = RunOf(levels);
            if (run >= Group)
            {
                Varints.Append(destination, (ulong)run << 1);
                destination.Append(levels[0]);
                levels = levels[run..];
                continue;
            }

            // Only the last eight may be filled up: what is between runs is whole eights.
            var packed = Group;
            while (packed < levels.Length && RunOf(levels[packed..]) < Group) packed += Group;
            Varints.Append(destination, (ulong)(packed / Group) << 1 | 1);
            for (var at = 0; at < packed; at += Group) Pack(destination, levels[Math.Min(at, levels.Length)..], bits);
            levels = levels[Math.Min(packed, levels.Length)..];
        }
    }

    /// <summary>How often the first level stands at the beginning.</summary>
    private static int RunOf(ReadOnlySpan<byte> levels)
    {
        var other = levels.IndexOfAnyExcept(levels[0]);
        return other < 0 ? levels.Length : other;
    }

    private static void Pack(ByteBuffer destination, ReadOnlySpan<byte> levels, int bits)
    {
        var word = 0UL;
        for (var i = 0; i < Math.Min(Group, levels.Length); i++) word |= (ulong)levels[i] << (i * bits);
        for (var i = 0; i < bits; i++) destination.Append((byte)(word >> (Group * i)));
    }
}
