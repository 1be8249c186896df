namespace Pursuit.Jinja;

/// <summary>
/// Python's string operations on marked texts. Case mappings are one character for one (but "ß" gives "SS"), as
/// docs/formats/chat-templates.md states.
/// </summary>
internal static class PythonStrings
{
    /// <summary>str.strip, lstrip, rstrip; <paramref name="characters"/> missing or None means white space.</summary>
    public static JinjaText Strip(JinjaContext context, JinjaText text, object? characters, bool left, bool right)
    {
        var set = characters switch
        {
            JinjaText given => given.Value,
            null or JinjaMissing => null,
            _ => throw context.Fault($"a strip of a {PythonValues.TypeName(characters)}; expected a string of characters."),
        };
        context.Spend(4L * (set?.Length ?? 0));
        if (set is not null && set.Any(char.IsSurrogate)) throw context.Unsupported("a strip of characters outside the basic plane");
        var known = set is null ? null : new HashSet<char>(set);
        var value = text.Value;
        var start = 0;
        var end = value.Length;
        while (left && start < end && Goes(value[start])) start++;
        while (right && end > start && Goes(value[end - 1])) end--;
        context.Spend(4L * (value.Length - (end - start)));
        return text.Slice(context, start, end);

        bool Goes(char c) => known is null ? PythonText.IsSpace(c) : known.Contains(c);
    }

    /// <summary>A search for a part of a text; charges for the whole of it, and for the part.</summary>
    public static LiteralSearch Search(JinjaContext context, JinjaText text, JinjaText part)
    {
        context.Spend(JinjaLimits.TextCost + (2L * text.Value.Length) + (6L * part.Value.Length));
        return new LiteralSearch(part.Value);
    }

    /// <summary>str.upper</summary>
    public static JinjaText Upper(JinjaContext context, JinjaText text)
    {
        context.Spend(JinjaLimits.TextCost + (4L * text.Value.Length));
        var upper = text.WithSameLength(text.Value.ToUpperInvariant());
        return upper.Value.Contains('ß') ? Replace(context, upper, JinjaText.Of("ß"), JinjaText.Of("SS"), null) : upper;
    }

    /// <summary>str.lower</summary>
    public static JinjaText Lower(JinjaContext context, JinjaText text)
    {
        context.Spend(JinjaLimits.TextCost + (4L * text.Value.Length));
        return text.WithSameLength(text.Value.ToLowerInvariant());
    }

    /// <summary>str.capitalize</summary>
    public static JinjaText Capitalize(JinjaContext context, JinjaText text)
    {
        var first = text.Value.Length > 1 && char.IsHighSurrogate(text.Value[0]) ? 2 : Math.Min(1, text.Value.Length);
        var capital = text.Value.StartsWith('ß') ? JinjaText.Of("Ss", text.OwnerAt(0)) : Upper(context, text.Slice(context, 0, first));
        return JinjaText.Concat(context, capital, Lower(context, text.Slice(context, first, text.Value.Length)));
    }

    /// <summary>jinja2's title filter: a capital after white space and any of <c>- ( { [ &lt;</c>.</summary>
    public static JinjaText FilterTitle(JinjaContext context, JinjaText text) =>
        Title(context, text, "SS", static c => c is '-' or '(' or '{' or '[' or '<' || PythonText.IsSpace(c));

    /// <summary>str.title: a capital after everything that is no letter.</summary>
    public static JinjaText MethodTitle(JinjaContext context, JinjaText text) => Title(context, text, "Ss", static c => !char.IsLetter(c));

    private static JinjaText Title(JinjaContext context, JinjaText text, string capitalSharpS, Func<char, bool> startsWord)
    {
        context.Spend(JinjaLimits.TextCost + (6L * text.Value.Length));
        var result = new char[text.Value.Length];
        var sharps = new List<int>();
        var atStart = true;
        for (var i = 0; i < result.Length; i++)
        {
            var c = text.Value[i];
            if (atStart && c == 'ß') sharps.Add(i);
            result[i] = atStart ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c);
            atStart = startsWord(c);
        }

        var title = text.WithSameLength(new string(result));
        if (sharps.Count == 0) return title;
        var builder = new JinjaTextBuilder(context);
        var from = 0;
        foreach (var at in sharps)
        {
            builder.Append(title, from, at);
            builder.Append(capitalSharpS, title.OwnerAt(at));
            from = at + 1;
        }

        builder.Append(title, from, title.Value.Length);
        return builder.ToText();
    }

    /// <summary>markupsafe.escape: a text with the five characters that HTML reads as its own written out; a safe one as it is.</summary>
    public static JinjaText EscapeUnlessSafe(JinjaContext context, JinjaText text)
    {
        context.Spend(text.Value.Length);
        if (text.IsSafe || text.Value.AsSpan().IndexOfAny("&<>'\"") < 0) return text;
        var builder = new JinjaTextBuilder(context);
        var position = 0;
        for (var i = 0; i < text.Value.Length; i++)
        {
            var entity = text.Value[i] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '\'' => "&#39;", '"' => "&#34;", _ => null };
            if (entity is null) continue;
            builder.Append(text, position, i);
            builder.Append(entity, text.OwnerAt(i));
            position = i + 1;
        }

        builder.Append(text, position, text.Value.Length);
        return builder.ToText();
    }

    /// <summary>str.replace. What comes in belongs to the turn whose words it replaces, unless it is a turn's itself.</summary>
    public static JinjaText Replace(JinjaContext context, JinjaText text, JinjaText old, JinjaText replacement, object? count)
    {
        var left = count switch
        {
            null or JinjaMissing => long.MaxValue,
            _ when PythonValues.TryInteger(count, out var limit) => limit < 0 ? long.MaxValue : limit,
            _ => throw context.Fault($"a replace with a count that is a {PythonValues.TypeName(count)}; expected a whole number."),
        };
        if (old.Value.Length == 0) throw context.Unsupported("a replace of the empty string");
        var search = Search(context, text, old);
        var at = left > 0 ? search.Next(text.Value, 0) : -1;
        if (at < 0) return text;
        var builder = new JinjaTextBuilder(context);
        var from = 0;
        for (; at >= 0 && left > 0; left--, at = search.Next(text.Value, from))
        {
            context.Step();
            builder.Append(text, from, at);
            if (replacement.Marks.Length > 0) builder.Append(replacement);
            else builder.Append(replacement.Value, text.OwnerAt(at));
            from = at + old.Value.Length;
        }

        builder.Append(text, from, text.Value.Length);
        return builder.ToText();
    }

    /// <summary>str.split and, with <paramref name="fromRight"/>, str.rsplit.</summary>
    public static JinjaList Split(JinjaContext context, JinjaText text, object? separator, object? limit, bool fromRight)
    {
        var most = limit switch
        {
            null or JinjaMissing => int.MaxValue,
            _ when PythonValues.TryInteger(limit, out var n) => n < 0 ? int.MaxValue : (int)Math.Min(n, int.MaxValue),
            _ => throw context.Fault($"a split with a limit that is a {PythonValues.TypeName(limit)}; expected a whole number."),
        };
        var by = separator switch
        {
            null or JinjaMissing => null,
            JinjaText given when given.Value.Length > 0 => given,
            JinjaText => throw context.Fault("a split by the empty string; expected a separator."),
            _ => throw context.Fault($"a split by a {PythonValues.TypeName(separator)}; expected a string."),
        };
        if (by is null) context.Spend(2L * text.Value.Length);
        var pieces = by is null ? Words(context, text.Value, most, fromRight)
            : fromRight ? PiecesFromRight(context, text.Value, by.Value, Search(context, text, by), most)
            : Pieces(context, text.Value, by.Value, Search(context, text, by), most);
        return new JinjaList([.. pieces.Select(piece => text.Slice(context, piece.Start, piece.End))]);
    }

    private static List<CharSpan> Pieces(JinjaContext context, string text, string by, LiteralSearch search, int most)
    {
        var pieces = new List<CharSpan>();
        var from = 0;
        for (var at = search.Next(text, 0); at >= 0 && pieces.Count < most; at = search.Next(text, from))
        {
            context.Step(2);
            pieces.Add(new CharSpan(from, at));
            from = at + by.Length;
        }

        pieces.Add(new CharSpan(from, text.Length));
        return pieces;
    }

    private static List<CharSpan> PiecesFromRight(JinjaContext context, string text, string by, LiteralSearch search, int most)
    {
        var pieces = new List<CharSpan>();
        var to = text.Length;
        while (pieces.Count < most && to >= by.Length)
        {
            var at = search.Last(text, to);
            if (at < 0) break;
            context.Step(2);
            pieces.Add(new CharSpan(at + by.Length, to));
            to = at;
        }

        pieces.Add(new CharSpan(0, to));
        pieces.Reverse();
        return pieces;
    }

    private static List<CharSpan> Words(JinjaContext context, string text, int most, bool fromRight)
    {
        var words = new List<CharSpan>();
        for (var at = PythonText.SkipSpace(text, 0); at < text.Length; at = PythonText.SkipSpace(text, at))
        {
            var start = at;
            while (at < text.Length && !PythonText.IsSpace(text[at])) at++;
            context.Step(2);
            words.Add(new CharSpan(start, at));
        }

        if (words.Count <= most) return words;
        // What is past the limit stays one piece, white space inside it included; only its outer end is trimmed.
        return fromRight
            ? most == 0 ? [new CharSpan(0, words[^1].End)] : [new CharSpan(0, words[^(most + 1)].End), .. words.Skip(words.Count - most)]
            : [.. words.Take(most), new CharSpan(words[most].Start, text.Length)];
    }

    /// <summary>str.splitlines without the line ends.</summary>
    public static JinjaList SplitLines(JinjaContext context, JinjaText text)
    {
        context.Spend(2L * text.Value.Length);
        var lines = new List<object?>();
        var from = 0;
        for (var at = 0; at < text.Value.Length; at++)
        {
            if (!PythonText.IsLineBreak(text.Value[at])) continue;
            context.Step(2);
            lines.Add(text.Slice(context, from, at));
            if (text.Value[at] == '\r' && at + 1 < text.Value.Length && text.Value[at + 1] == '\n') at++;
            from = at + 1;
        }

        if (from < text.Value.Length) lines.Add(text.Slice(context, from, text.Value.Length));
        return new JinjaList(lines);
    }

    /// <summary>The indent filter.</summary>
    public static JinjaText Indent(JinjaContext context, JinjaText text, object? width, bool first, bool blank)
    {
        var indention = width switch
        {
            JinjaText given => given.Value,
            _ when PythonValues.TryInteger(width, out var n) && n <= 1000 => new string(' ', (int)Math.Max(0, n)),
            _ => throw context.Fault("the filter \"indent\" by a width that is neither a string nor a number up to 1000."),
        };
        // jinja2 appends a line break before it splits, so that an empty text is one empty line.
        var lines = SplitLines(context, JinjaText.Concat(context, text, JinjaText.Of("\n"))).Items;
        var builder = new JinjaTextBuilder(context);
        if (first) builder.Append(indention);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (JinjaText)lines[i]!;
            if (i > 0) builder.Append("\n");
            if (i > 0 && (blank || line.Value.Length > 0)) builder.Append(indention);
            builder.Append(line);
        }

        return builder.ToText();
    }
}
