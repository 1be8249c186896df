using System.Globalization;

namespace Pursuit.Cli.Commands;

/// <summary>A duration on the command line: "90s", "30m" or "2h".</summary>
internal static class TimeLimit
{
    /// <summary>Reads an option's value; null where it isn't given.</summary>
    /// <exception cref="PursuitException">It is no duration.</exception>
    public static TimeSpan? Of(string option, string? text)
    {
        if (text is null) return null;
        return text.Length > 1 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && amount > 0 && amount < 1e6
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(amount),
                'm' => TimeSpan.FromMinutes(amount),
                'h' => TimeSpan.FromHours(amount),
                _ => throw Bad(option, text),
            }
            : throw Bad(option, text);
    }

    private static PursuitException Bad(string option, string text) => PursuitException.At(
        option, $"'{text}'", "a number followed by s, m or h, such as 90s, 30m or 2h");
}
