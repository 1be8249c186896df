namespace Pursuit.Jinja;

/// <summary>Messages every part of the template engine shares.</summary>
internal static class JinjaFaults
{
    /// <summary>A construct outside the subset, refused by name.</summary>
    public static PursuitException Unsupported(string name, int line, string construct) =>
        PursuitException.At(
            $"{name}, line {line}",
            $"the template uses {construct}",
            "the Jinja subset of docs/formats/chat-templates.md",
            "Rewrite that line, or supply a template without it as chat_template.jinja.");

    /// <summary>Text that is no template.</summary>
    public static PursuitException Syntax(string name, int line, string found, string expected) =>
        PursuitException.At($"{name}, line {line}", found, expected, "Check the template against jinja2.");

    /// <summary>A template's or record's words, cut to a line of at most <see cref="JinjaLimits.QuotationLength"/> UTF-16 units.</summary>
    public static string Cut(string text)
    {
        var most = Math.Min(text.Length, JinjaLimits.QuotationLength);
        var lineEnd = text.AsSpan(0, most).IndexOfAny('\n', '\r');
        var end = lineEnd >= 0 ? lineEnd : most;
        if (end == text.Length) return text;
        if (end > 0 && char.IsHighSurrogate(text[end - 1])) end--;
        return text[..end] + "...";
    }
}

/// <summary>
/// The cause of a fault that is about limits: says nothing about the record, so no caller may take it for a refusal of one.
/// </summary>
internal sealed class JinjaLimitException(string message) : Exception(message);
