namespace Pursuit;

/// <summary>Finds the name a person probably meant.</summary>
internal static class Suggestion
{
    private const int LongestName = 64;

    /// <summary>"Did you mean 'gtp'?" for the nearest name within a third of its length, else null.</summary>
    public static string? For(string given, IEnumerable<string> names)
    {
        if (given.Length > LongestName) return null; // distances take the product of the lengths
        var nearest = names
            .Select(name => (name, distance: Distance(given.ToLowerInvariant(), name.ToLowerInvariant())))
            .OrderBy(x => x.distance)
            .ThenBy(x => x.name, StringComparer.Ordinal)
            .FirstOrDefault();
        return nearest.name is not null && nearest.distance <= Math.Max(1, Math.Max(given.Length, nearest.name.Length) / 3)
            ? $"Did you mean '{nearest.name}'?"
            : null;
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) from one text to the other.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var best = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        }

        return rows[a.Length, b.Length];
    }
}
