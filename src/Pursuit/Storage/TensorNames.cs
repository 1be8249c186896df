namespace Pursuit.Storage;

/// <summary>Helps a person who asked for a tensor that isn't there.</summary>
internal static class TensorNames
{
    /// <summary>One sentence with the names that end like the one asked for, else the first few.</summary>
    public static string Suggest(string asked, IEnumerable<string> names)
    {
        var sorted = names.Order(StringComparer.Ordinal).ToList();
        if (sorted.Count == 0)
            return "The file holds no tensor.";
        var suffix = asked[(asked.LastIndexOf('.') + 1)..];
        var like = sorted.Where(name => suffix.Length > 0 && name.EndsWith(suffix, StringComparison.Ordinal)).Take(3).ToList();
        return $"Such as it has: {string.Join(", ", (like.Count > 0 ? like : sorted.Take(3)).Select(name => $"'{name}'"))}.";
    }
}
