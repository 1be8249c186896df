using System.Globalization;
using System.Text;

namespace Pursuit.Jinja;

/// <summary>Python's escapes of a string literal.</summary>
internal static class JinjaStringLiteral
{
    /// <summary>The characters a literal stands for.</summary>
    /// <param name="body">What is between the quotes.</param>
    /// <param name="name">The template's name, for messages.</param>
    /// <param name="line">The line, for messages.</param>
    public static string Decode(string body, string name, int line)
    {
        if (!body.Contains('\\')) return body;
        var text = new StringBuilder(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\' || i + 1 >= body.Length)
            {
                text.Append(body[i]);
                continue;
            }

            var c = body[++i];
            switch (c)
            {
                case '\n': break;
                case '\\' or '\'' or '"': text.Append(c); break;
                case 'a': text.Append('\a'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'n': text.Append('\n'); break;
                case 'r': text.Append('\r'); break;
                case 't': text.Append('\t'); break;
                case 'v': text.Append('\v'); break;
                case 'x': Append(2); break;
                case 'u': Append(4); break;
                case 'U': Append(8); break;
                case 'N': throw JinjaFaults.Unsupported(name, line, "a character written by its name, \"\\N{...}\"");
                case >= '0' and <= '7': AppendOctal(); break;
                default: text.Append('\\').Append(c); break;
            }

            void Append(int digits)
            {
                var hex = i + digits < body.Length ? body.AsSpan(i + 1, digits) : default;
                if (!uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF)
                    throw JinjaFaults.Syntax(
                        name, line, $"the escape \"\\{c}\" without its digits", $"{digits} hexadecimal digits of a code point");
                // A pair written as two escapes is one character here, as it is when Python encodes it.
                if (code is >= 0xD800 and <= 0xDFFF || code <= 0xFFFF) text.Append((char)code);
                else text.Append(char.ConvertFromUtf32((int)code));
                i += digits;
            }

            void AppendOctal()
            {
                var code = 0;
                var end = Math.Min(body.Length, i + 3);
                var at = i;
                for (; at < end && body[at] is >= '0' and <= '7'; at++) code = (code * 8) + (body[at] - '0');
                text.Append((char)code);
                i = at - 1;
            }
        }

        return text.ToString();
    }
}
