using System.Globalization;

namespace Pursuit.Jinja;

/// <summary>Cuts the insides of <c>{% %}</c> or <c>{{ }}</c> into names, literals and operators.</summary>
internal sealed class JinjaTagLexer(string name, string source, List<JinjaToken> tokens)
{
    private static readonly string[] LongOperators = ["**", "//", "==", "!=", ">=", "<="];
    private const string ShortOperators = "+-/*%~[](){}><=.:|,;";
    private readonly Stack<char> _open = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _line;

    /// <summary>Reads up to and over the tag's end.</summary>
    /// <param name="position">Position after the tag's opening.</param>
    /// <param name="isBlock">True for <c>{%</c>.</param>
    /// <param name="tagLine">The line the tag begins on.</param>
    /// <param name="line">The line at <paramref name="position"/>; moved along.</param>
    /// <returns>Position after the tag and the white space it takes with it.</returns>
    public int Read(int position, bool isBlock, int tagLine, ref int line)
    {
        _line = line;
        tokens.Add(new JinjaToken(isBlock ? JinjaTokenKind.BlockBegin : JinjaTokenKind.VariableBegin, "", tagLine));
        while (position < source.Length)
        {
            if (_open.Count == 0 && TryEnd(position, isBlock, out var after))
            {
                tokens.Add(new JinjaToken(isBlock ? JinjaTokenKind.BlockEnd : JinjaTokenKind.VariableEnd, "", _line));
                line = _line + source.AsSpan(position, after - position).Count('\n');
                return after;
            }

            position = ReadToken(position);
        }

        throw JinjaFaults.Syntax(
            name, tagLine, isBlock ? "\"{%\" that has no end" : "\"{{\" that has no end", isBlock ? "\"%}\"" : "\"}}\"");
    }

    private bool TryEnd(int position, bool isBlock, out int after)
    {
        var closer = isBlock ? "%}" : "}}";
        var sign = source[position];
        var signed = sign == '-' || (sign == '+' && isBlock);
        var at = signed ? position + 1 : position;
        after = at + 2;
        if (string.CompareOrdinal(source, at, closer, 0, 2) != 0) return false;
        if (signed && sign == '-')
            after = PythonText.SkipSpace(source, after);
        else if (!signed && isBlock && after < source.Length && source[after] == '\n')
            after++;
        return true;
    }

    private int ReadToken(int position)
    {
        var c = source[position];
        if (PythonText.IsSpace(c))
        {
            if (c == '\n') _line++;
            return position + 1;
        }

        if (char.IsAsciiDigit(c)) return ReadNumber(position);
        if (c == '_' || char.IsLetter(c)) return ReadName(position);
        if (c is '\'' or '"') return ReadString(position, c);
        foreach (var symbol in LongOperators)
        {
            if (string.CompareOrdinal(source, position, symbol, 0, 2) == 0) return Add(JinjaTokenKind.Operator, symbol, position + 2);
        }

        if (!ShortOperators.Contains(c))
            throw JinjaFaults.Syntax(name, _line, $"the character \"{Show(position)}\" in a tag", "a name, a literal or an operator");
        if (c is '(' or '[' or '{') _open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        else if (c is ')' or ']' or '}' && (!_open.TryPop(out var expected) || expected != c))
            throw JinjaFaults.Syntax(name, _line, $"an unexpected \"{c}\"", expected == '\0' ? "no closing bracket" : $"\"{expected}\"");
        return Add(JinjaTokenKind.Operator, c.ToString(), position + 1);
    }

    private string Show(int position) =>
        char.IsHighSurrogate(source[position]) && position + 1 < source.Length
            ? source.Substring(position, 2)
            : source[position].ToString();

    private int Add(JinjaTokenKind kind, string text, int end)
    {
        tokens.Add(new JinjaToken(kind, text, _line));
        return end;
    }

    private int ReadName(int position)
    {
        var end = position;
        while (end < source.Length && (source[end] == '_' || char.IsLetterOrDigit(source[end]))) end++;
        if (end - position > JinjaLimits.NameLength)
            throw JinjaFaults.Unsupported(name, _line, $"a name of {end - position:N0} characters, past {JinjaLimits.NameLength}");
        // One string for all places of a name.
        var known = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        var span = source.AsSpan(position, end - position);
        if (!known.TryGetValue(span, out var text)) _names.Add(text = span.ToString());
        return Add(JinjaTokenKind.Name, text, end);
    }

    private int ReadNumber(int position)
    {
        if (source[position] == '0' && position + 1 < source.Length && source[position + 1] is 'x' or 'X' or 'b' or 'B' or 'o' or 'O')
            throw JinjaFaults.Unsupported(name, _line, $"a number written with base \"0{source[position + 1]}\"");
        var end = Digits(position);
        var isFloat = false;
        // "messages.0.role" takes "0" from the middle of a chain of accesses; a digit after a dot is never a float's beginning.
        var afterDot = position > 0 && source[position - 1] == '.';
        if (!afterDot && end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
        {
            isFloat = true;
            end = Digits(end + 1);
        }

        if (!afterDot && end < source.Length && source[end] is 'e' or 'E')
        {
            var exponent = end + 1;
            if (exponent < source.Length && source[exponent] is '+' or '-') exponent++;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                isFloat = true;
                end = Digits(exponent);
            }
        }

        var text = source[position..end].Replace("_", "", StringComparison.Ordinal);
        if (!isFloat && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw JinjaFaults.Unsupported(name, _line, $"the whole number {JinjaFaults.Cut(text)}, past 64 bits");
        if (!isFloat && text.Length > 1 && text[0] == '0' && text.Trim('0').Length > 0)
            throw JinjaFaults.Syntax(name, _line, $"the number {JinjaFaults.Cut(text)}", "a whole number without leading zeros");
        return Add(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, text, end);
    }

    private int Digits(int position)
    {
        while (position < source.Length && (char.IsAsciiDigit(source[position])
            || (source[position] == '_' && position + 1 < source.Length && char.IsAsciiDigit(source[position + 1])))) position++;
        return position;
    }

    private int ReadString(int position, char quote)
    {
        var end = position + 1;
        while (end < source.Length && source[end] != quote)
            end += source[end] == '\\' ? 2 : 1;
        if (end >= source.Length) throw JinjaFaults.Syntax(name, _line, "a string that has no end", $"a closing {quote}");
        var body = source[(position + 1)..end];
        Add(JinjaTokenKind.String, JinjaStringLiteral.Decode(body, name, _line), end + 1);
        _line += body.AsSpan().Count('\n');
        return end + 1;
    }
}
