namespace Pursuit.TestKit;

/// <summary>Finds golden files: `tests/fixtures/TOPIC/`, each beside the script that made it.</summary>
internal static class Fixtures
{
    private static readonly Lazy<string> Root = new(() =>
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pursuit.slnx")))
                return Path.Combine(directory.FullName, "tests", "fixtures");
        }

        throw new InvalidOperationException(
            $"no Pursuit.slnx above {AppContext.BaseDirectory}: tests run from the repository's own build output");
    });

    /// <summary>The path of a golden file, such as "safetensors/types.safetensors".</summary>
    public static string PathOf(string relative) => Path.Combine(Root.Value, relative);
}
