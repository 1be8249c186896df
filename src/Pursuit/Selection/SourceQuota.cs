using System.Globalization;

namespace Pursuit.Selection;

/// <summary>The least and the most of a budget that one source may take, in the budget's unit.</summary>
/// <param name="Source">The source's name; "*" for every source not named elsewhere.</param>
/// <param name="Minimum">The least; taken first, from the source's best ranks.</param>
/// <param name="Maximum">The most.</param>
/// <param name="IsShare">True where both are fractions of the budget.</param>
public sealed record SourceQuota(string Source, double Minimum, double Maximum, bool IsShare)
{
    /// <summary>The name that stands for every source without a quota of its own.</summary>
    public const string Any = "*";

    /// <summary>Reads "code=10%..40%", "code=..500", "code=100.." or "*=..25%".</summary>
    /// <exception cref="PursuitException">The text is none of these.</exception>
    public static SourceQuota Parse(string text)
    {
        var equals = text.LastIndexOf('=');
        var dots = text.IndexOf("..", Math.Max(0, equals), StringComparison.Ordinal);
        if (equals <= 0 || dots < 0) throw Malformed(text);
        var (minimum, minimumIsShare) = Number(text, text[(equals + 1)..dots], 0);
        var (maximum, maximumIsShare) = Number(text, text[(dots + 2)..], double.PositiveInfinity);
        if ((minimumIsShare ?? maximumIsShare) != (maximumIsShare ?? minimumIsShare) || minimum > maximum)
            throw Malformed(text);
        return new SourceQuota(text[..equals], minimum, maximum, (minimumIsShare ?? maximumIsShare) == true);
    }

    /// <summary>A quota's text with its source as a full path, so that it says the same from any directory; "*" stays.</summary>
    /// <exception cref="PursuitException">The text is no quota.</exception>
    public static string WithFullPath(string text) =>
        Parse(text).Source is var source and not Any ? Path.GetFullPath(source) + text[source.Length..] : text;

    // As with budgets, 29% of 100 is 29 whatever binary makes of it.
    internal long Least(long budget) => (long)Math.Ceiling(IsShare ? Minimum * budget - 1e-9 : Minimum);

    internal long Most(long budget) =>
        double.IsPositiveInfinity(Maximum) ? long.MaxValue : (long)Math.Floor(IsShare ? Maximum * budget + 1e-9 : Maximum);

    private static (double Value, bool? IsShare) Number(string whole, string part, double missing)
    {
        if (part.Length == 0) return (missing, null);
        var isShare = part.EndsWith('%');
        if (!double.TryParse(isShare ? part[..^1] : part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            throw Malformed(whole);
        return (isShare ? value / 100 : value, isShare);
    }

    private static PursuitException Malformed(string text) =>
        PursuitException.At(
            ApiName.Quota,
            $"'{text}' isn't a quota",
            "NAME=MIN..MAX in the budget's unit or as shares of the budget, such as code=10%..40%, code=100.. or *=..25%");
}
