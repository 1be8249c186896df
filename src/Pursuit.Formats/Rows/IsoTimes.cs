using System.Globalization;

namespace Pursuit.Formats.Rows;

/// <summary>Dates and times as ISO 8601 has them. A value outside the years 1 to 9999, which ISO can't spell, is its number.</summary>
internal static class IsoTimes
{
    private const long TicksPerDay = TimeSpan.TicksPerDay;
    private static readonly long EpochDay = DateTime.UnixEpoch.Ticks / TicksPerDay;
    private static readonly long LastDay = DateTime.MaxValue.Ticks / TicksPerDay;

    /// <summary>A day.</summary>
    /// <param name="row">Gets it.</param>
    /// <param name="days">Since 1970-01-01.</param>
    public static void Date(JsonRow row, long days)
    {
        if (DayOf(days) is { } date) row.Word(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        else row.Integer(days);
    }

    /// <summary>A moment; its fraction is there where it isn't zero, in the unit's digits.</summary>
    /// <param name="row">Gets it.</param>
    /// <param name="value">Units since 1970-01-01.</param>
    /// <param name="digits">The unit's digits after the second: 0, 3, 6 or 9.</param>
    /// <param name="zone">What stands after it: nothing, "Z".</param>
    public static void Timestamp(JsonRow row, long value, int digits, string zone)
    {
        var perDay = 86_400 * PowerOfTen(digits);
        var days = Math.DivRem(value, perDay, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + perDay);
        if (DayOf(days) is { } date)
            row.Word($"{date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}T{Clock(rest, digits)}{zone}");
        else
            row.Integer(value);
    }

    /// <summary>A moment of seconds and nanoseconds, which together need more than 64 bits.</summary>
    public static void Timestamp(JsonRow row, long seconds, long nanoseconds, string zone)
    {
        var days = Math.DivRem(seconds, 86_400, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + 86_400);
        if (DayOf(days) is { } date && nanoseconds >= 0)
            row.Word($"{date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}T{Clock(rest * 1_000_000_000 + nanoseconds, 9)}{zone}");
        else
            row.Integer(seconds);
    }

    /// <summary>A time of the day.</summary>
    /// <param name="row">Gets it.</param>
    /// <param name="value">Units since midnight.</param>
    /// <param name="digits">The unit's digits after the second.</param>
    public static void Time(JsonRow row, long value, int digits)
    {
        if (value >= 0 && value < 86_400 * PowerOfTen(digits)) row.Word(Clock(value, digits));
        else row.Integer(value);
    }

    private static DateTime? DayOf(long days) =>
        days >= -EpochDay && days <= LastDay - EpochDay ? new DateTime((days + EpochDay) * TicksPerDay) : null;

    private static string Clock(long value, int digits)
    {
        var seconds = Math.DivRem(value, PowerOfTen(digits), out var fraction);
        var clock = string.Create(
            CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}");
        return fraction == 0 ? clock : $"{clock}.{fraction.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}";
    }

    private static long PowerOfTen(int digits) => digits switch { 0 => 1, 3 => 1_000, 6 => 1_000_000, _ => 1_000_000_000 };
}
