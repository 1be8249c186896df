using static System.FormattableString;

namespace Pursuit.Reports.Html;

/// <summary>Times in words.</summary>
internal static class Durations
{
    /// <summary>"0.4 s", "12 s", "3 min 05 s" or "2 h 10 min".</summary>
    public static string Of(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time switch
        {
            { TotalSeconds: < 9.95 } => Invariant($"{seconds:0.0} s"),
            { TotalSeconds: < 59.5 } => Invariant($"{seconds:0} s"),
            { TotalHours: < 1 } => Invariant($"{(int)time.TotalMinutes} min {time.Seconds:00} s"),
            _ => Invariant($"{(int)time.TotalHours} h {time.Minutes:00} min"),
        };
    }
}
