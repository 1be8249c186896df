using System.Globalization;

namespace Pursuit.Reports;

/// <summary>Shortens texts for a report: the beginning says what it is about, the end often holds the answer.</summary>
internal static class TextCut
{
    /// <summary>Cuts the middle out of a long text.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="length">UTF-16 units to keep, besides the mark of the cut.</param>
    public static string Middle(string text, int length)
    {
        // A mark in place of a few characters would hide more than it saves.
        if (text.Length <= length + 40) return text;
        var head = Boundary(text, length * 2 / 3);
        var tail = Boundary(text, text.Length - length / 3);
        return string.Create(CultureInfo.InvariantCulture, $"{text[..head]} [... {tail - head:N0} characters ...] {text[tail..]}");
    }

    /// <summary>The beginning of a text, on one line.</summary>
    public static string Start(string text, int length)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : line[..Boundary(line, length)] + "...";
    }

    /// <summary>The index, or the one before where it would split a character of two units.</summary>
    private static int Boundary(string text, int at) =>
        at > 0 && char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1]) ? at - 1 : at;
}
