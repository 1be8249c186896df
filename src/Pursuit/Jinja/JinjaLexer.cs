namespace Pursuit.Jinja;

/// <summary>
/// Cuts a template into text and tags with jinja2's rules of white space as transformers sets them: <c>trim_blocks</c>
/// (the line break after a block or comment goes), <c>lstrip_blocks</c> (blanks from the line's start to a block or
/// comment go), <c>-</c> (all white space on that side goes), <c>+</c> (neither rule), and the template's last line break goes.
/// </summary>
internal sealed class JinjaLexer
{
    private readonly string _name;
    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private readonly JinjaTagLexer _tags;
    private int _position;
    private int _line = 1;
    private bool _atLineStart = true;

    private JinjaLexer(string name, string source)
    {
        _name = name;
        _source = source;
        _tags = new JinjaTagLexer(name, source, _tokens);
    }

    /// <summary>All tokens of a template, the last of kind <see cref="JinjaTokenKind.End"/>.</summary>
    /// <exception cref="PursuitException">The text is no template; says the line.</exception>
    public static IReadOnlyList<JinjaToken> Tokenize(string name, string template)
    {
        var source = NormalizeLineBreaks(template);
        if (source.EndsWith('\n')) source = source[..^1];
        var lexer = new JinjaLexer(name, source);
        lexer.Run();
        return lexer._tokens;
    }

    // Only these three are line breaks to jinja2; .NET's ReplaceLineEndings knows more.
    private static string NormalizeLineBreaks(string text) =>
        text.Contains('\r') ? text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n') : text;

    private void Run()
    {
        while (_position < _source.Length)
        {
            var tag = NextTag(_position);
            if (tag < 0)
            {
                AddData(_source[_position..]);
                break;
            }

            var opener = _source[tag + 1];
            var sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : '\0';
            var text = Left(_source[_position..tag], sign, opener != '{');
            AddData(text);
            Advance(tag);
            var tagLine = _line;
            Advance(tag + (sign == '\0' ? 2 : 3));
            switch (opener)
            {
                case '#':
                    SkipComment(tagLine);
                    break;
                case '%' when TryRaw(tag):
                    break;
                default:
                    _position = _tags.Read(_position, opener == '%', tagLine, ref _line);
                    break;
            }

            _atLineStart = _position > 0 && _source[_position - 1] == '\n';
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.End, "", _line));
    }

    private int NextTag(int from)
    {
        while (true)
        {
            var at = _source.IndexOf('{', from);
            if (at < 0 || at + 1 >= _source.Length) return -1;
            if (_source[at + 1] is '{' or '%' or '#') return at;
            from = at + 1;
        }
    }

    private string Left(string text, char sign, bool stripsLine)
    {
        if (sign == '-') return text[..PythonText.TrimmedEnd(text)];
        if (sign == '+' || !stripsLine) return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        if (lineStart == 0 && !_atLineStart) return text;
        for (var i = lineStart; i < text.Length; i++)
        {
            if (!PythonText.IsSpace(text[i])) return text;
        }

        return text[..lineStart];
    }

    private void AddData(string text)
    {
        if (text.Length > 0) _tokens.Add(new JinjaToken(JinjaTokenKind.Data, text, _line));
    }

    private void Advance(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }

    private void SkipComment(int line)
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0) throw JinjaFaults.Syntax(_name, line, "a comment that has no end", "\"#}\"");
        var sign = end > _position ? _source[end - 1] : '\0';
        Advance(AfterBlock(end + 2, sign));
    }

    // Where reading continues after a block's or comment's end.
    private int AfterBlock(int position, char sign)
    {
        if (sign == '-') return PythonText.SkipSpace(_source, position);
        return sign != '+' && position < _source.Length && _source[position] == '\n' ? position + 1 : position;
    }

    private bool TryRaw(int tag)
    {
        if (!TryKeywordBlock(tag, "raw", out var bodyStart, out var closingSign)) return false;
        var line = _line;
        if (closingSign == '-') bodyStart = PythonText.SkipSpace(_source, bodyStart);
        for (var at = _source.IndexOf("{%", bodyStart, StringComparison.Ordinal);
            at >= 0;
            at = _source.IndexOf("{%", at + 2, StringComparison.Ordinal))
        {
            if (!TryKeywordBlock(at, "endraw", out var after, out var sign)) continue;
            var opening = at + 2 < _source.Length ? _source[at + 2] : '\0';
            _atLineStart = bodyStart > 0 && _source[bodyStart - 1] == '\n';
            Advance(bodyStart);
            AddData(Left(_source[bodyStart..at], opening is '-' or '+' ? opening : '\0', stripsLine: true));
            Advance(AfterBlock(after, sign));
            return true;
        }

        throw JinjaFaults.Syntax(_name, line, "\"{% raw %}\" that has no end", "\"{% endraw %}\"");
    }

    // "{%", a sign, white space, the keyword, white space, a sign, "%}".
    private bool TryKeywordBlock(int tag, string keyword, out int after, out char sign)
    {
        after = 0;
        sign = '\0';
        var at = tag + 2;
        if (at < _source.Length && _source[at] is '-' or '+') at++;
        at = PythonText.SkipSpace(_source, at);
        if (string.CompareOrdinal(_source, at, keyword, 0, keyword.Length) != 0) return false;
        at = PythonText.SkipSpace(_source, at + keyword.Length);
        if (at < _source.Length && _source[at] is '-' or '+') sign = _source[at++];
        after = at + 2;
        return string.CompareOrdinal(_source, at, "%}", 0, 2) == 0;
    }
}
