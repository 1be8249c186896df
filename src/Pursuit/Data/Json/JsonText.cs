using System.Globalization;
using System.Text;

namespace Pursuit.Data.Json;

/// <summary>The inside of JSON strings, already checked by the JSON reader: escapes and surrogates.</summary>
internal static class JsonText
{
    /// <summary>
    /// Writes the string an escaped JSON string stands for; never longer than its source.
    /// </summary>
    /// <param name="source">The bytes between the quotes: valid UTF-8 with valid escapes and no lone surrogate.</param>
    /// <param name="destination">At least as long as <paramref name="source"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var written = 0;
        while (true)
        {
            var plain = source.IndexOf((byte)'\\');
            if (plain < 0)
            {
                source.CopyTo(destination[written..]);
                return written + source.Length;
            }

            source[..plain].CopyTo(destination[written..]);
            written += plain;
            var escape = source[plain + 1];
            source = source[(plain + 2)..];
            if (escape != (byte)'u')
            {
                destination[written++] = escape switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    _ => escape,
                };
                continue;
            }

            var unit = CodeUnit(source);
            source = source[4..];
            var rune = new Rune(char.IsSurrogate(unit) ? '\0' : unit);
            if (char.IsHighSurrogate(unit))
            {
                rune = new Rune(unit, CodeUnit(source[2..]));
                source = source[6..];
            }

            written += rune.EncodeToUtf8(destination[written..]);
        }
    }

    /// <summary>Finds the first <c>\u</c> escape that is half a surrogate pair, as an offset, or -1.</summary>
    public static int IndexOfLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        for (var i = 0; i < escaped.Length;)
        {
            var next = escaped[i..].IndexOf((byte)'\\');
            if (next < 0) return -1;
            i += next;
            if (escaped[i + 1] != (byte)'u')
            {
                i += 2;
                continue;
            }

            var unit = CodeUnit(escaped[(i + 2)..]);
            if (char.IsHighSurrogate(unit))
            {
                var rest = escaped[(i + 6)..];
                if (rest.Length < 6 || rest[0] != (byte)'\\' || rest[1] != (byte)'u' || !char.IsLowSurrogate(CodeUnit(rest[2..]))) return i;
                i += 12;
            }
            else if (char.IsLowSurrogate(unit))
            {
                return i;
            }
            else
            {
                i += 6;
            }
        }

        return -1;
    }

    private static char CodeUnit(ReadOnlySpan<byte> digits) =>
        (char)ushort.Parse(digits[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
