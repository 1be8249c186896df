using System.Buffers.Binary;
using System.Text;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>
/// SentencePiece's <c>precompiled_charsmap</c>: a double-array tree (Darts) over UTF-8 bytes whose leaves tell where in a text of
/// zero-ended strings a replacement begins.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _texts;

    private CharacterMap(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <summary>Reads a map: four bytes with the tree's length, the tree, the texts.</summary>
    /// <param name="bytes">The map.</param>
    /// <returns>Null where the bytes aren't one.</returns>
    public static CharacterMap? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8) return null;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length < 4 || length % 4 != 0 || length > bytes.Length - 4) return null;
        var units = new uint[length / 4];
        for (var i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + (4 * i))..]);
        return new CharacterMap(units, bytes[(4 + (int)length)..].ToArray());
    }

    /// <summary>The replacement by the shortest rule that begins a text; null for none.</summary>
    public string? Find(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (text.Length > 2 && Encoding.UTF8.GetByteCount(text) > bytes.Length) return null;
        return LeafOf(bytes[..Encoding.UTF8.GetBytes(text, bytes)]) is { } at ? TextAt(at) : null;
    }

    private int? LeafOf(ReadOnlySpan<byte> key)
    {
        var node = Offset(_units[0]);
        foreach (var value in key)
        {
            if (value == 0) return null; // ends a key, as in C
            node ^= value;
            if (node >= (uint)_units.Length) return null;
            var unit = _units[node];
            if ((unit & 0x800000FF) != value) return null;
            node ^= Offset(unit);
            if (node >= (uint)_units.Length) return null;
            if ((unit >> 8 & 1) != 0) return (int)(_units[node] & 0x7FFFFFFF);
        }

        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & (1 << 9)) >> 6);

    private string TextAt(int start)
    {
        if (start >= _texts.Length) return "";
        var rest = _texts.AsSpan(start);
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
