namespace Pursuit.Data.Filtering;

/// <summary>Cuts a filter into words.</summary>
internal static class FilterLexer
{
    private static readonly string[] Signs = ["<=", ">=", "!=", "<>", "==", "=", "<", ">", "(", ")", ",", "."];

    /// <summary>The words, and the end behind them.</summary>
    /// <exception cref="PursuitException">A character that begins no word, or a quotation mark that isn't closed.</exception>
    public static List<FilterToken> Read(string text)
    {
        var tokens = new List<FilterToken>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var start = at;
            tokens.Add(Next(text, ref at) with { Column = start + 1 });
        }

        tokens.Add(new FilterToken(FilterTokenKind.End, "", text.Length + 1));
        return tokens;
    }

    private static FilterToken Next(string text, ref int at)
    {
        var first = text[at];
        if (first is '"' or '\'') return new FilterToken(FilterTokenKind.Text, Quoted(text, ref at), 0);
        if (first == '`') return new FilterToken(FilterTokenKind.QuotedName, Quoted(text, ref at), 0);
        var start = at;
        if (char.IsAsciiDigit(first) || (first == '-' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
        {
            // Of "messages.0.content" the number is one without a point.
            var isPath = start > 0 && text[start - 1] == '.';
            at++;
            while (at < text.Length && IsInNumber(text, at, isPath)) at++;
            return new FilterToken(FilterTokenKind.Number, text[start..at], 0);
        }

        if (IsInWord(first))
        {
            while (at < text.Length && IsInWord(text[at])) at++;
            return new FilterToken(FilterTokenKind.Word, text[start..at], 0);
        }

        foreach (var sign in Signs)
        {
            if (!text.AsSpan(at).StartsWith(sign, StringComparison.Ordinal)) continue;
            at += sign.Length;
            return new FilterToken(FilterTokenKind.Sign, sign, 0);
        }

        throw RecordFilter.Fault(start + 1, $"'{first}'", "a field, a text in quotation marks, a number, or one of ( ) , = != < <= > >=");
    }

    private static bool IsInWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static bool IsInNumber(string text, int at, bool isPath) =>
        char.IsAsciiDigit(text[at])
        || (!isPath && (text[at] is '.' or 'e' or 'E' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')));

    /// <summary>What stands between quotation marks; one within is doubled.</summary>
    private static string Quoted(string text, ref int at)
    {
        var (start, mark) = (at, text[at]);
        for (at++; at < text.Length; at++)
        {
            if (text[at] != mark) continue;
            if (at + 1 < text.Length && text[at + 1] == mark)
            {
                at++;
                continue;
            }

            at++;
            return text[(start + 1)..(at - 1)].Replace(new string(mark, 2), mark.ToString(), StringComparison.Ordinal);
        }

        throw RecordFilter.Fault(start + 1, $"a {mark} that isn't closed", $"another {mark} (within the quotation one is doubled)");
    }
}
