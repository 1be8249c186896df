using System.Globalization;

namespace Pursuit.Cli;

/// <summary>
/// How many files a process may open at once. The runtime opens some eighty for itself, whenever it needs a part of itself: with too few,
/// a command ends anywhere, so it doesn't begin.
/// </summary>
internal static class DescriptorLimit
{
    /// <summary>Enough for every command and any number of input files: what macOS gives a process.</summary>
    public const int Least = 256;

    /// <summary>What is wrong with the bound of this process; null where nothing is, or the system isn't Linux and doesn't tell.</summary>
    public static string? Fault()
    {
        const string Limits = "/proc/self/limits", Name = "Max open files";
        if (!File.Exists(Limits)) return null;
        var line = Array.Find(File.ReadAllLines(Limits), l => l.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Trim().Split(' ')[0];
        return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most < Least
            ? $"this process may open {most} files at once; expected at least {Least}, which are enough for any number of input "
                + $"files. Run 'ulimit -n {Least}' first."
            : null;
    }
}
