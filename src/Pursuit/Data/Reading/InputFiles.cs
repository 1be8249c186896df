using Pursuit.Data.Reading.Archives;
using Pursuit.Data.Reading.Compression;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>Turns the paths people write (files, directories, globs) into a list of files in a fixed order.</summary>
internal sealed class InputFiles
{
    /// <summary>The ending of values separated by tabs.</summary>
    public const string Tabs = ".tsv";

    private const string RunMarker = "run.json";
    private static readonly string[] FactsEndings = [".selection.jsonl", ".selection.parquet"];
    private static readonly string[] Endings = [".jsonl", ".json", ".ndjson", ".jsonlines"];
    private static readonly string[] SeparatedEndings = [".csv", Tabs];
    private static readonly char[] Wildcards = ['*', '?'];

    /// <summary>Endings of files that may hold records nonetheless: in a directory they are named, never skipped silently.</summary>
    private static readonly HashSet<string> DataEndings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".parquet", ".arrow", ".feather", ".orc", ".avro", ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xml", ".json5",
        ".gz", ".zst", ".zstd", ".bz2", ".xz", ".lz4", ".zip", ".7z", ".rar", ".tar", ".tgz",
        ".tfrecord", ".pkl", ".pickle", ".msgpack", ".sqlite", ".db", ".h5", ".hdf5",
    };

    private readonly List<string> _files = [];
    private readonly List<FileNotRead> _notRead = [];

    private InputFiles()
    {
    }

    /// <summary>What a directory's files that are read end in, for messages.</summary>
    public static string EndingsRead =>
        string.Join(", ", Endings.Concat(SeparatedEndings)) + $", these with {Codecs.EndingsInWords}"
        + string.Concat(RecordFormats.All.SelectMany(f => f.Endings).Select(ending => $", {ending}")) + ", and .zip and .tar of them";

    /// <summary>
    /// The files: the arguments in the order given; the files of one directory or glob in ordinal order of their
    /// paths; a file that is named twice once, where it comes first.
    /// </summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>Files of directories that aren't read though they may hold records, and things that are no files.</summary>
    public IReadOnlyList<FileNotRead> NotRead => _notRead;

    /// <summary>Lists the files.</summary>
    /// <exception cref="PursuitException">A path doesn't exist, or a directory or glob holds nothing.</exception>
    public static InputFiles Expand(IReadOnlyList<string> paths)
    {
        var all = new InputFiles();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            foreach (var file in all.ExpandOne(path))
            {
                if (seen.Add(Path.GetFullPath(file))) all._files.Add(file);
            }
        }

        all._notRead.RemoveAll(file => !seen.Add(Path.GetFullPath(file.Path))); // named by itself, or found twice
        return all;
    }

    /// <summary>
    /// True where a file that is written would be among those a directory or glob stands for; another name of a file is no matter
    /// here.
    /// </summary>
    /// <param name="path">A path as people write it.</param>
    /// <param name="file">The file, there or not.</param>
    public static bool WouldRead(string path, string file)
    {
        var full = Path.GetFullPath(file);
        if (Directory.Exists(path))
        {
            var below = Path.GetRelativePath(path, full);
            var segments = below.Split(Path.DirectorySeparatorChar);
            var runs = Enumerable.Range(1, segments.Length - 1).Any(n => File.Exists(Path.Combine([path, .. segments[..n], RunMarker])));
            return segments[0] != ".." && !Path.IsPathRooted(below) && !runs && segments.All(s => Matches(s, "*"))
                && (IsRecords(full) || ArchiveFile.IsArchive(full));
        }

        return !File.Exists(path) && path.IndexOfAny(Wildcards) >= 0
            && Follows(full.Split(Path.DirectorySeparatorChar), Path.GetFullPath(path).Split(Path.DirectorySeparatorChar));

        static bool Follows(ReadOnlySpan<string> segments, ReadOnlySpan<string> pattern)
        {
            if (segments.IsEmpty || pattern.IsEmpty) return segments.IsEmpty && pattern.IsEmpty;
            if (pattern[0] != "**") return Matches(segments[0], pattern[0]) && Follows(segments[1..], pattern[1..]);
            ReadOnlySpan<string> rest = pattern.Length == 1 ? ["*"] : pattern[1..];
            for (; !segments.IsEmpty && Matches(segments[0], "*"); segments = segments[1..])
            {
                if (Follows(segments, rest)) return true;
            }

            return Follows(segments, rest);
        }
    }

    private List<string> ExpandOne(string path)
    {
        try
        {
            if (File.Exists(path)) return [path];
            if (Directory.Exists(path)) return ExpandDirectory(path);
            if (path.IndexOfAny(Wildcards) >= 0) return Glob(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                path, $"it can't be listed ({e.Message})", "readable files and directories", "Check the permissions.", e);
        }

        throw PursuitException.At(
            path,
            "no such file or directory",
            "a file, a directory or a glob",
            $"Check the path; it is looked for from {Directory.GetCurrentDirectory()}.");
    }

    private List<string> ExpandDirectory(string path)
    {
        var found = new List<string>();
        var others = new List<FileNotRead>();
        Walk(path, ["**", "*"], IsRead, found);
        found.Sort(string.CompareOrdinal);
        others.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        _notRead.AddRange(others);
        ShardNames.RequireAll(path, found);
        if (found.Count > 0) return found;
        var held = others.Count == 0
            ? ""
            : $"; it holds {string.Join(", ", others.Take(3).Select(o => Path.GetFileName(o.Path)))}{(others.Count > 3 ? ", ..." : "")}";
        throw PursuitException.At(
            path, $"the directory holds no file that ends in {EndingsRead}{held}", "at least one",
            "Convert other files first, or name them one by one or by a glob.");

        bool IsRead(string file)
        {
            if (!FileIdentity.IsRegularOrMissing(file))
            {
                others.Add(new FileNotRead(file, "a pipe, a socket or a device"));
                return false;
            }

            if (IsRecords(file) || ArchiveFile.IsArchive(file)) return true;
            if (DataEnding(file) is { } ending) others.Add(new FileNotRead(file, $"a {ending} file"));
            return false;
        }
    }

    /// <summary>What is read of a directory or an archive: by its name, a file of records.</summary>
    public static bool IsRecords(string file)
    {
        if (IsFacts(file) || IsDescription(file)) return false;
        var plain = Codecs.WithoutEnding(file);
        return RecordFormats.OfName(file) is not null
            || Endings.Concat(SeparatedEndings).Any(ending => plain.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The ending of a file that isn't read though it may hold records; null for any other.</summary>
    public static string? DataEnding(string file) =>
        !IsFacts(file) && DataEndings.Contains(Path.GetExtension(file)) ? Path.GetExtension(file) : null;

    /// <summary>The ending of a file of separated values, in lower case; null for any other.</summary>
    public static string? SeparatedEnding(string file)
    {
        var plain = Codecs.WithoutEnding(file);
        return Array.Find(SeparatedEndings, ending => plain.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A path with a name that begins with a dot, or with what the Macintosh adds to archives.</summary>
    public static bool IsHidden(string path) => path.Split('/').Any(segment => segment.StartsWith('.') || segment == "__MACOSX");

    /// <summary>What the library <c>datasets</c> writes beside the records, about them.</summary>
    private static bool IsDescription(string file) => Path.GetFileName(file) switch
    {
        "dataset_info.json" or "dataset_infos.json" or "dataset_dict.json" => true,
        "state.json" => File.Exists(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "dataset_info.json")),
        _ => false,
    };

    private static bool IsFacts(string file) =>
        Array.Exists(FactsEndings, ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static List<string> Glob(string pattern)
    {
        var segments = pattern.Split('/', Path.DirectorySeparatorChar);
        var literal = Array.FindIndex(segments, s => s.IndexOfAny(Wildcards) >= 0);
        var root = string.Join('/', segments[..literal]);
        if (literal == 1 && root.Length == 0) root = "/";
        var found = new List<string>();
        if (root.Length == 0 || Directory.Exists(root))
            Walk(root, segments[literal..], _ => true, found);
        found.Sort(string.CompareOrdinal);
        return found.Count > 0 ? found.Distinct(StringComparer.Ordinal).ToList() : throw PursuitException.At(
            pattern, "the glob matches no file", "at least one",
            $"Check the pattern; it is matched from {Directory.GetCurrentDirectory()}, and * doesn't cross '/' (** does).");
    }

    /// <summary>Follows pattern segments below a directory. Hidden entries need a pattern that begins with a dot.</summary>
    private static void Walk(string directory, string[] segments, Func<string, bool> accept, List<string> found)
    {
        var segment = segments[0];
        var rest = segments[1..];
        if (segment == "**")
        {
            if (rest.Length == 0) rest = ["*"];
            Walk(directory, rest, accept, found);
            foreach (var child in Entries(directory, directories: true))
            {
                // A linked directory may lead back up: it is entered by name, never by **.
                // A run's directory holds ledgers and stages, not records.
                if (Matches(Path.GetFileName(child), "*") && new DirectoryInfo(child).LinkTarget is null
                    && !File.Exists(Path.Combine(child, RunMarker)))
                    Walk(child, segments, accept, found);
            }

            return;
        }

        if (segment.IndexOfAny(Wildcards) < 0 && segment.Length > 0)
        {
            var next = Join(directory, segment);
            if (rest.Length > 0)
            {
                if (Directory.Exists(next)) Walk(next, rest, accept, found);
            }
            else if (File.Exists(next))
            {
                found.Add(next);
            }

            return;
        }

        foreach (var child in Entries(directory, directories: rest.Length > 0))
        {
            if (!Matches(Path.GetFileName(child), segment)) continue;
            if (rest.Length > 0)
                Walk(child, rest, accept, found);
            else if (accept(child))
                found.Add(child);
        }
    }

    private static IEnumerable<string> Entries(string directory, bool directories)
    {
        var path = directory.Length == 0 ? "." : directory;
        var entries = directories ? Directory.EnumerateDirectories(path) : Directory.EnumerateFiles(path);
        return entries.Select(entry => Join(directory, Path.GetFileName(entry)));
    }

    private static string Join(string directory, string name) =>
        directory.Length == 0 ? name : directory.EndsWith('/') ? directory + name : $"{directory}/{name}";

    /// <summary>Whether a name matches a pattern of <c>*</c> and <c>?</c>; in time proportional to their product at most.</summary>
    internal static bool Matches(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        if (name.StartsWith(".") && !pattern.StartsWith(".")) return false;
        int n = 0, p = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = n;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
