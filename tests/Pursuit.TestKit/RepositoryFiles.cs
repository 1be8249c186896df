namespace Pursuit.TestKit;

/// <summary>Finds files of the repository, and of the shared folder that some machines have beside it.</summary>
internal static class RepositoryFiles
{
    /// <summary>The environment variable that names the shared folder.</summary>
    public const string SharedVariable = "PURSUIT_SHARED";

    /// <summary>The repository's root: the nearest directory upward that holds Pursuit.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What a test that needs the shared folder says when it skips.</summary>
    public static string SharedAbsent =>
        $"the shared folder isn't here: set {SharedVariable} to it, or put it beside the repository as '../shared'";

    /// <summary>A golden file: tests/fixtures/TOPIC/NAME.</summary>
    public static string Fixture(string topic, string name) => Path.Combine(Root, "tests", "fixtures", topic, name);

    /// <summary>A path in the shared folder, or null where there is none.</summary>
    public static string? Shared(params string[] parts)
    {
        var folder = Environment.GetEnvironmentVariable(SharedVariable) ?? Path.Combine(Root, "..", "shared");
        var path = Path.Combine([folder, .. parts]);
        return Path.Exists(path) ? Path.GetFullPath(path) : null;
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pursuit.slnx"))) return directory.FullName;
        }

        throw new InvalidOperationException($"No Pursuit.slnx above {AppContext.BaseDirectory}.");
    }
}
