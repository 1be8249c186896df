using System.Buffers;
using System.Text;

namespace Pursuit.Tokenization;

/// <summary>
/// The alphabet of byte-level BPE: one printable character for each of the 256 bytes (Radford and others, 2019, GPT-2's
/// <c>bytes_to_unicode</c>). Printable Latin-1 stands for itself, the rest are U+0100 and up in order.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Build();
    private static readonly short[] Bytes = Invert();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte a character stands for, or -1.</summary>
    public static int ToByte(char character) => character < Bytes.Length ? Bytes[character] : -1;

    /// <summary>The text's UTF-8 bytes, each as its character.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var count = Encoding.UTF8.GetBytes(text, rented);
        var encoded = string.Create(count, rented, static (destination, bytes) =>
        {
            for (var i = 0; i < destination.Length; i++) destination[i] = Characters[bytes[i]];
        });
        ArrayPool<byte>.Shared.Return(rented);
        return encoded;
    }

    /// <summary>The bytes the characters of a token stand for, or null where one stands for none.</summary>
    public static byte[]? Decode(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            var value = ToByte(token[i]);
            if (value < 0) return null;
            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] Build()
    {
        var characters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= 0x21 and <= 0x7E or >= 0xA1 and <= 0xAC or >= 0xAE;
            characters[value] = (char)(printable ? value : next++);
        }

        return characters;
    }

    private static short[] Invert()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++) bytes[Characters[value]] = (short)value;
        return bytes;
    }
}
