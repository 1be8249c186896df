using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet;

/// <summary>Numbers of as many bytes as they need, seven bits in each, the low ones first.</summary>
internal static class Varints
{
    /// <summary>Appends a number.</summary>
    public static void Append(ByteBuffer destination, ulong value)
    {
        for (; value >= 128; value >>= 7) destination.Append((byte)(value | 128));
        destination.Append((byte)value);
    }

    /// <summary>Reads a number of 64 bits at most.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="position">Where it begins; then where it ends.</param>
    /// <param name="where">What the bytes are, for messages.</param>
    /// <exception cref="InvalidDataException">The bytes end within it, or it has more than ten.</exception>
    public static ulong Read(ReadOnlySpan<byte> bytes, ref int position, string where)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= bytes.Length) throw new InvalidDataException($"{where} ends too early");
            var next = bytes[position++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }

        throw new InvalidDataException($"a number of more than ten bytes in {where}");
    }

    /// <summary>The unsigned number that stands for a signed one: those near zero are small.</summary>
    public static ulong Fold(long value) => (ulong)(value << 1 ^ value >> 63);

    /// <summary>The signed number that an unsigned one stands for.</summary>
    public static long Unfold(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
