using System.Globalization;

namespace Pursuit;

/// <summary>Keeps what a message quotes short enough to read: data can be a hundred thousand characters long.</summary>
internal static class MessageText
{
    /// <summary>Characters of a quotation at most, besides the mark of the cut.</summary>
    public const int LongestQuotation = 200;

    private const int LongestWord = 400; // a path may be long, and its end matters
    private const int LongestMessage = 4_000;

    /// <summary>
    /// A message whose quotations (between ' or ") and words are cut where they are overlong, and which is cut itself beyond 4,000
    /// characters.
    /// </summary>
    public static string Shortened(string message)
    {
        if (message.Length <= LongestQuotation) return message;
        var parts = new System.Text.StringBuilder(LongestMessage);
        for (var at = 0; at < message.Length;)
        {
            var end = EndOfQuotation(message, at);
            if (end > at)
            {
                parts.Append(message[at]).Append(Cut(message[(at + 1)..end], LongestQuotation)).Append(message[end]);
                at = end + 1;
                continue;
            }

            end = at + 1;
            while (end < message.Length && !char.IsWhiteSpace(message[end]) && message[end] is not ('\'' or '"')) end++;
            parts.Append(Cut(message[at..end], LongestWord));
            at = end;
        }

        return parts.Length <= LongestMessage ? parts.ToString() : Cut(parts.ToString(), LongestMessage);
    }

    /// <summary>A number with its noun: "1 example", "1,200 examples".</summary>
    public static string Counted(long count, string one, string many) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many)}";

    /// <summary>The index of the mark that ends the quotation beginning here, or 0: an apostrophe begins none.</summary>
    private static int EndOfQuotation(string message, int at)
    {
        if (message[at] is not ('\'' or '"') || (at > 0 && char.IsLetterOrDigit(message[at - 1]))) return 0;
        for (var end = message.IndexOf(message[at], at + 1); end > 0; end = message.IndexOf(message[at], end + 1))
        {
            if (end + 1 == message.Length || !char.IsLetterOrDigit(message[end + 1])) return end;
        }

        return 0;
    }

    private static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        var (head, tail) = (length * 3 / 4, text.Length - (length / 4));
        if (char.IsLowSurrogate(text[head])) head--;
        if (char.IsLowSurrogate(text[tail])) tail++;
        return string.Create(CultureInfo.InvariantCulture, $"{text[..head]}[... {tail - head:N0} characters ...]{text[tail..]}");
    }
}
