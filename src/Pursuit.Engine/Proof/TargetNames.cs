namespace Pursuit.Engine.Proof;

/// <summary>What to call targets that are known by their test files' paths.</summary>
internal static class TargetNames
{
    /// <summary>
    /// The files' names without endings where they differ (<c>gsm8k.jsonl</c>), else those of the directories they are in
    /// (<c>gsm8k/test.jsonl</c>), else the paths.
    /// </summary>
    public static IReadOnlyList<string> FromTests(IReadOnlyList<string> tests)
    {
        var full = tests.Select(Path.GetFullPath).ToArray();
        string[] files = [.. full.Select(f => Path.GetFileName(f).Split('.')[0])];
        string[] directories = [.. full.Select(f => Path.GetFileName(Path.GetDirectoryName(f)) ?? "")];
        // A lone "test.jsonl" says less than where it is.
        if (Differ(files) && !files.All(f => f is "test" or "")) return files;
        return Differ(directories) && directories.All(d => d.Length > 0) ? directories : tests;
    }

    private static bool Differ(string[] names) => names.Distinct().Count() == names.Length;
}
