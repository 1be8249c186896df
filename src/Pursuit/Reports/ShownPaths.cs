namespace Pursuit.Reports;

/// <summary>
/// Paths as a report shows them: from the directory that contains the run's where they are below it, else whole. However a path was
/// given and wherever the command was started, it is shown alike.
/// </summary>
/// <param name="run">The run's directory.</param>
internal sealed class ShownPaths(string run)
{
    private readonly string _from = Path.GetDirectoryName(Path.GetFullPath(run)) ?? "/";

    /// <summary>The path as it is shown.</summary>
    public string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var relative = Path.GetRelativePath(_from, full);
        return relative == ".." || relative.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : relative;
    }
}
