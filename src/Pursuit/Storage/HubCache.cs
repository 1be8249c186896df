namespace Pursuit.Storage;

/// <summary>
/// The local cache in which Hugging Face's tools keep what they downloaded: finds a model or a data set by its name there. Nothing is
/// ever downloaded.
/// </summary>
/// <remarks>
/// The layout is huggingface_hub's: <c>models--ORG--NAME/refs/REVISION</c> holds a commit, <c>models--ORG--NAME/snapshots/COMMIT/</c>
/// its files, most of them links; a data set's folder is <c>datasets--ORG--NAME</c>. A name or revision with <c>..</c> or an absolute
/// path is no name, so nothing outside the cache is named.
/// </remarks>
internal static class HubCache
{
    private const string Prefix = "models--";
    private const string DatasetPrefix = "datasets--";
    private const string Snapshots = "snapshots";
    private const string MainBranch = "main";
    private const int LongestReference = 4_096;

    /// <summary>
    /// The cache's directory: <c>HF_HUB_CACHE</c>, else <c>HF_HOME/hub</c>, else <c>XDG_CACHE_HOME/huggingface/hub</c>, else
    /// <c>~/.cache/huggingface/hub</c>.
    /// </summary>
    public static string Directory =>
        Variable("HF_HUB_CACHE")
        ?? Variable("HUGGINGFACE_HUB_CACHE")
        ?? (Variable("HF_HOME") is { } home ? Path.Combine(home, "hub") : null)
        ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(UserHome, ".cache"), "huggingface", "hub");

    private static string UserHome => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>Whether a word can be a hub's name, <c>ORG/NAME</c> or <c>NAME</c>, with or without <c>@REVISION</c>.</summary>
    public static bool IsName(string word)
    {
        var (name, revision) = Split(word);
        var parts = name.Split('/');
        return parts.Length <= 2 && parts.All(IsPart) && (revision is null || revision.Split('/').All(IsPart));
    }

    /// <summary>The directory of a model's files in the cache; null where the cache has no such model.</summary>
    /// <param name="word"><c>ORG/NAME</c> or <c>NAME</c>, with <c>@REVISION</c> where it isn't <c>main</c>.</param>
    /// <exception cref="PursuitException">The cache has the model, but not that revision.</exception>
    public static string? Find(string word) => Find(word, Prefix);

    /// <summary>The directory of a data set's files in the cache; null where the cache has no such data set.</summary>
    /// <inheritdoc cref="Find(string)"/>
    public static string? FindDataset(string word) => Find(word, DatasetPrefix);

    private static string? Find(string word, string prefix)
    {
        if (!IsName(word)) return null;
        var (name, revision) = Split(word);
        var repository = Path.Combine(Directory, prefix + name.Replace("/", "--", StringComparison.Ordinal));
        return System.IO.Directory.Exists(repository) ? Snapshot(repository, revision) : null;
    }

    /// <summary>
    /// Follows a folder of the cache (<c>models--ORG--NAME</c>, the <c>snapshots</c> in it, or the cache itself where it holds one
    /// model) to the
    /// model's files; any other directory stays as it is.
    /// </summary>
    /// <exception cref="PursuitException">Several models or snapshots, and none of them is the one that is meant.</exception>
    public static string Follow(string directory)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (File.Exists(Path.Combine(full, "config.json"))) return directory;
        if (Path.GetFileName(full) == Snapshots) return Snapshot(Path.GetDirectoryName(full)!, null);
        if (System.IO.Directory.Exists(Path.Combine(full, Snapshots))) return Snapshot(full, null);
        return System.IO.Directory.GetDirectories(full, Prefix + "*") switch
        {
            [] => directory,
            [var only] => Snapshot(only, null),
            var several => throw PursuitException.At(
                directory,
                $"a cache of {several.Length} models: {string.Join(", ", several.Select(NameOf).Order(StringComparer.Ordinal).Take(8))}",
                "one model", "Give the model by its name."),
        };
    }

    /// <summary>Follows a data set's folder of the cache to its files; any other directory stays as it is.</summary>
    /// <exception cref="PursuitException">Several snapshots, and none of them is the one that is meant.</exception>
    public static string FollowDataset(string directory)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        return name.StartsWith(DatasetPrefix, StringComparison.Ordinal) && System.IO.Directory.Exists(Path.Combine(directory, Snapshots))
            ? Snapshot(directory, null)
            : directory;
    }

    /// <summary>How a data set gets into the cache, as advice.</summary>
    public static string HowToFetchDataset(string word)
    {
        var (name, revision) = Split(word);
        return $"Fetch it first by hf download {name}, as a repository of the type 'dataset'"
            + $"{(revision is null ? "" : $" at the revision {revision}")}. Pursuit itself downloads nothing.";
    }

    /// <summary>How a model gets into the cache, as advice.</summary>
    public static string HowToFetch(string word)
    {
        var (name, revision) = Split(word);
        return $"Fetch it first: hf download {name}{(revision is null ? "" : $" --revision {revision}")}. "
            + "Pursuit itself downloads nothing.";
    }

    private static string Snapshot(string repository, string? revision)
    {
        var asked = revision ?? MainBranch;
        var reference = Path.Combine(repository, "refs", asked);
        var commit = File.Exists(reference)
            ? System.Text.Encoding.UTF8.GetString(BoundedFile.Read(reference, LongestReference, "the name of a commit")).Trim()
            : asked;
        var snapshots = Path.Combine(repository, Snapshots);
        var all = System.IO.Directory.Exists(snapshots)
            ? System.IO.Directory.GetDirectories(snapshots).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray()
            : [];
        var found = all.Where(name => name!.StartsWith(commit, StringComparison.Ordinal)).ToArray();
        if (found.Length != 1 && revision is null) found = all; // no branch is marked: one snapshot is meant, several are not
        if (found.Length == 1) return Path.Combine(snapshots, found[0]!);
        var there = all.Length == 0 ? "no snapshot" : $"the snapshots {string.Join(", ", all)}";
        throw PursuitException.At(
            repository, $"{there}, none of them marked as \"{asked}\"", "one snapshot for that revision",
            "Fetch the revision, or name one snapshot's directory.");
    }

    private static string NameOf(string repository) =>
        Path.GetFileName(repository)[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal);

    private static (string Name, string? Revision) Split(string word)
    {
        var at = word.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? (word, null) : (word[..at], word[(at + 1)..]);
    }

    private static bool IsPart(string part) =>
        part.Length is > 0 and <= 96 && part is not ("." or "..") && char.IsAsciiLetterOrDigit(part[0])
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static string? Variable(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrWhiteSpace(value)) return null;
        return value == "~" || value.StartsWith("~/", StringComparison.Ordinal) ? UserHome + value[1..] : value;
    }
}
