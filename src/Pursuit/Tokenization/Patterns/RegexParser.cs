using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization.Patterns;

/// <summary>
/// Reads the part of Oniguruma's regular expressions that tokenizer files use, over whole code points. What isn't read is
/// refused by name.
/// </summary>
internal sealed class RegexParser
{
    private const int DeepestNesting = 64;
    private const int MostRepeats = 1000;
    private readonly string _pattern;
    private readonly string _where;
    private int _position;
    private bool _ignoreCase;
    private int _depth;

    private RegexParser(string pattern, string where)
    {
        _pattern = pattern;
        _where = where;
    }

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PursuitException">The pattern is malformed or uses what isn't supported.</exception>
    public static RegexNode Parse(string pattern, string where)
    {
        var parser = new RegexParser(pattern, where);
        var node = parser.ParseChoice();
        return parser.AtEnd ? node : throw parser.Fault("an unmatched ')'");
    }

    private bool AtEnd => _position >= _pattern.Length;

    private RegexNode ParseChoice()
    {
        if (++_depth > DeepestNesting) throw Fault($"groups nested deeper than {DeepestNesting}");
        var ignoreCase = _ignoreCase;
        var options = new List<RegexNode> { ParseSequence() };
        while (Take('|')) options.Add(ParseSequence());
        _ignoreCase = ignoreCase;
        _depth--;
        return options.Count == 1 ? options[0] : new RegexNode.Choice(options);
    }

    private RegexNode.Sequence ParseSequence()
    {
        var items = new List<RegexNode>();
        while (!AtEnd && _pattern[_position] is not ('|' or ')')) items.Add(ParseRepeated());
        return new RegexNode.Sequence(items);
    }

    private RegexNode ParseRepeated()
    {
        var item = ParseAtom();
        while (ParseQuantifier() is var (minimum, maximum, braces))
        {
            if (item is RegexNode.Repeat) throw Fault("a quantifier upon a quantifier");
            if (item.CanBeEmpty()) throw Fault("a quantifier on something that can match nothing");
            var lazy = Take('?');
            var possessive = !lazy && !braces && Take('+');
            if (lazy && braces && minimum == maximum) throw Fault("'?' after a fixed count");
            item = new RegexNode.Repeat(item, minimum, maximum, lazy, possessive);
        }

        return item;
    }

    private (int Minimum, int? Maximum, bool Braces)? ParseQuantifier()
    {
        if (Take('*')) return (0, null, false);
        if (Take('+')) return (1, null, false);
        if (Take('?')) return (0, 1, false);
        if (AtEnd || _pattern[_position] != '{') return null;
        var close = _pattern.IndexOf('}', _position);
        if (close < 0) return null;
        var body = _pattern[(_position + 1)..close].Split(',');
        if (body.Length > 2 || body.All(part => part.Length == 0) || !body.All(part => part.All(char.IsAsciiDigit) && part.Length < 6))
            return null;
        _position = close + 1;
        var minimum = body[0].Length == 0 ? 0 : int.Parse(body[0], CultureInfo.InvariantCulture);
        int? maximum = body.Length == 1 ? minimum : body[1].Length == 0 ? null : int.Parse(body[1], CultureInfo.InvariantCulture);
        if (minimum > MostRepeats || maximum > MostRepeats) throw Fault($"a repetition count over {MostRepeats}");
        if (maximum < minimum) throw Fault("a repetition whose maximum is below its minimum");
        return (minimum, maximum, true);
    }

    private RegexNode ParseAtom()
    {
        var c = _pattern[_position];
        switch (c)
        {
            case '(':
                return ParseGroup();
            case '[':
                _position++;
                return new RegexNode.Set(Fold(ParseClass()));
            case '.':
                _position++;
                return new RegexNode.Set(CodePointSet.Range('\n', '\n').Complement());
            case '^':
                _position++;
                return new RegexNode.Anchor(AnchorKind.LineStart);
            case '$':
                _position++;
                return new RegexNode.Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Fault($"a quantifier '{c}' with nothing before it");
            case '\\':
                return ParseEscapedAtom();
            default:
                return new RegexNode.Set(Fold(Literal(TakeCodePoint())));
        }
    }

    private RegexNode ParseEscapedAtom()
    {
        if (_position + 1 >= _pattern.Length) throw Fault("a backslash at the end");
        AnchorKind? anchor = _pattern[_position + 1] switch
        {
            'A' => AnchorKind.TextStart,
            'z' => AnchorKind.TextEnd,
            'Z' => AnchorKind.TextEndOrLastLineEnd,
            'b' => AnchorKind.WordBoundary,
            'B' => AnchorKind.NoWordBoundary,
            _ => null,
        };
        if (anchor is not { } kind) return new RegexNode.Set(Fold(ParseEscape(out _)));
        _position += 2;
        return new RegexNode.Anchor(kind);
    }

    private RegexNode ParseGroup()
    {
        _position++;
        if (!Take('?')) return Close(ParseChoice());
        if (Take(':')) return Close(ParseChoice());
        if (Take('>')) return new RegexNode.Atomic(Close(ParseChoice()));
        if (Take('=')) return new RegexNode.LookAhead(Close(ParseChoice()), false);
        if (Take('!')) return new RegexNode.LookAhead(Close(ParseChoice()), true);
        if (Take("<=")) return LookBehind(Close(ParseChoice()), false);
        if (Take("<!")) return LookBehind(Close(ParseChoice()), true);
        if (Take("i)"))
        {
            // Holds to the end of the enclosing group, and what follows is one expression with it.
            _ignoreCase = true;
            return ParseChoice();
        }

        if (Take("i:"))
        {
            var outer = _ignoreCase;
            _ignoreCase = true;
            var item = Close(ParseChoice());
            _ignoreCase = outer;
            return item;
        }

        throw Fault($"the group '(?{_pattern.AsSpan(_position, Math.Min(3, _pattern.Length - _position))}'");
    }

    private RegexNode.LookBehind LookBehind(RegexNode item, bool negative)
    {
        while (item is RegexNode.Sequence { Items.Count: 1 } sequence) item = sequence.Items[0];
        return item is RegexNode.Set set
            ? new RegexNode.LookBehind(set.Points, negative)
            : throw Fault("a look-behind of anything but one character");
    }

    private RegexNode Close(RegexNode item) => Take(')') ? item : throw Fault("a group without its ')'");

    private CodePointSet ParseClass()
    {
        if (++_depth > DeepestNesting) throw Fault($"classes nested deeper than {DeepestNesting}");
        var negated = Take('^');
        CodePointSet? left = null;
        var sets = new List<CodePointSet>();
        var first = true;
        while (true)
        {
            if (AtEnd) throw Fault("a character class without its ']'");
            if (!first && Take(']')) break;
            if (Take("&&"))
            {
                left = Intersect(left, sets);
                sets.Clear();
                first = false;
                continue;
            }

            if (_pattern.AsSpan(_position).StartsWith("[:")) throw Fault("a POSIX bracket '[:'");
            if (Take('[')) sets.Add(ParseClass());
            else sets.Add(ParseRange());
            first = false;
        }

        var result = Intersect(left, sets);
        _depth--;
        return negated ? result.Complement() : result;
    }

    private CodePointSet Intersect(CodePointSet? left, List<CodePointSet> sets)
    {
        if (sets.Count == 0) throw Fault("an empty character class");
        var right = CodePointSet.Union([.. sets]);
        return left is null ? right : left.Intersect(right);
    }

    private CodePointSet ParseRange()
    {
        var from = ParseClassItem(out var set);
        if (from < 0 || _position + 1 >= _pattern.Length || _pattern[_position] != '-' || _pattern[_position + 1] == ']')
            return set;
        _position++;
        var to = ParseClassItem(out _);
        if (to < from) throw Fault("a range that runs backwards or ends in a class");
        return CodePointSet.Range(from, to);
    }

    /// <summary>One character of a class (its code point) or a set (-1).</summary>
    private int ParseClassItem(out CodePointSet set)
    {
        if (_pattern[_position] == '\\')
        {
            set = ParseEscape(out var codePoint);
            return codePoint;
        }

        var literal = TakeCodePoint();
        set = Literal(literal);
        return literal;
    }

    private CodePointSet ParseEscape(out int codePoint)
    {
        codePoint = -1;
        if (_position + 1 >= _pattern.Length) throw Fault("a backslash at the end");
        var c = _pattern[_position + 1];
        _position += 2;
        switch (c)
        {
            case 's' or 'S' or 'd' or 'D' or 'w' or 'W':
                return RegexProperties.Shorthand(c);
            case 'p' or 'P':
                return ParseProperty(c == 'P');
            case 'x' or 'u':
                codePoint = ParseHex(c);
                return Literal(codePoint);
        }

        codePoint = c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            _ when char.IsAsciiLetterOrDigit(c) => throw Fault($"the escape '\\{c}'"),
            _ => Reread(),
        };
        return Literal(codePoint);
    }

    private int Reread()
    {
        _position--;
        return TakeCodePoint();
    }

    private CodePointSet ParseProperty(bool negated)
    {
        var close = _pattern.IndexOf('}', _position);
        if (!Take('{') || close < 0) throw Fault("a property without its braces");
        var name = _pattern[_position..close];
        _position = close + 1;
        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }

        var set = RegexProperties.ByName(name) ?? throw Fault($"the property \\p{{{name}}}");
        return negated ? set.Complement() : set;
    }

    private int ParseHex(char kind)
    {
        var digits = kind == 'x' ? 2 : 4;
        var start = _position;
        if (Take('{'))
        {
            var close = _pattern.IndexOf('}', _position);
            (start, digits) = close < 0 ? (_position, 0) : (_position, close - _position);
            _position = close < 0 ? _position : close + 1;
        }
        else
        {
            _position += digits;
        }

        return digits is > 0 and <= 6 && start + digits <= _pattern.Length
            && int.TryParse(_pattern.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && value <= 0x10FFFF
                ? value
                : throw Fault($"a malformed '\\{kind}'");
    }

    private static CodePointSet Literal(int codePoint) => CodePointSet.Range(codePoint, codePoint);

    private CodePointSet Fold(CodePointSet set) => _ignoreCase ? set.FoldAscii() : set;

    private int TakeCodePoint()
    {
        Rune.DecodeFromUtf16(_pattern.AsSpan(_position), out var rune, out var length);
        _position += length;
        return rune.Value;
    }

    private bool Take(char c)
    {
        if (AtEnd || _pattern[_position] != c) return false;
        _position++;
        return true;
    }

    private bool Take(string text)
    {
        if (string.CompareOrdinal(_pattern, _position, text, 0, text.Length) != 0) return false;
        _position += text.Length;
        return true;
    }

    private PursuitException Fault(string what) => PursuitException.At(
        _where, $"the regular expression '{Shorten(_pattern)}' has {what} near character {Math.Min(_position, _pattern.Length)}",
        "the regular expressions docs/formats/tokenizer.md lists");

    private static string Shorten(string pattern) => pattern.Length <= 200 ? pattern : pattern[..200] + "...";
}
