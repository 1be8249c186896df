using Pursuit.Data.Reading.Compression;
using Pursuit.Storage;

namespace Pursuit.Data.Reading.Archives;

/// <summary>Zip and tar files: which they are, and the files of records in them.</summary>
internal static class ArchiveFile
{
    private const string StateFile = "state.json";
    private const string InfoFile = "dataset_info.json";
    private const int MostStateBytes = 16 << 20;

    private static readonly string[] ShortEndings = [".tgz", ".tzst", ".tbz2", ".txz"];

    /// <summary>Whether a name is an archive's.</summary>
    public static bool IsArchive(string name) => IsZip(name) || IsTar(name);

    /// <summary>The files of records within, in ordinal order of their paths; none where the file is no archive.</summary>
    /// <param name="archive">The file.</param>
    /// <param name="spool">Gets the text of a compressed tar, and tables that are compressed.</param>
    /// <param name="notRead">Gets the members that may hold records but aren't read, and an archive without any that is.</param>
    /// <param name="token">Stops the unpacking.</param>
    /// <exception cref="PursuitException">It is damaged.</exception>
    public static IReadOnlyList<SourceFile> Members(SourceFile archive, Spool spool, List<FileNotRead> notRead, CancellationToken token)
    {
        IReadOnlyList<ArchiveMember> members = archive.IsZip ? ZipMember.List(archive) : TarMember.List(archive, spool, token);
        var byName = new SortedDictionary<string, ArchiveMember>(StringComparer.Ordinal);
        foreach (var member in members)
        {
            if (!InputFiles.IsHidden(member.Name)) byName[member.Name] = member; // of two with one name the later, as tar unpacks them
        }

        var files = new List<SourceFile>();
        foreach (var (name, member) in byName)
        {
            var path = $"{archive.Path}/{name}";
            if (IsArchive(name)) notRead.Add(new FileNotRead(path, "an archive within an archive"));
            else if (IsState(name, byName)) RequireAllRows(archive, member, path);
            else if (InputFiles.IsRecords(name)) files.Add(new SourceFile(archive, member, path));
            else if (InputFiles.DataEnding(name) is { } ending) notRead.Add(new FileNotRead(path, $"a {ending} file"));
        }

        foreach (var file in files) file.UnpackTable(spool, token);
        if (files.Count == 0)
            notRead.Add(new FileNotRead(archive.Path, $"an archive without a file that ends in {InputFiles.EndingsRead}"));
        return files;
    }

    internal static bool IsTar(string name) =>
        Codecs.WithoutEnding(name).EndsWith(".tar", StringComparison.OrdinalIgnoreCase)
        || ShortEndings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    /// <summary>What <c>save_to_disk</c> wrote of a data set beside its tables.</summary>
    private static bool IsState(string name, SortedDictionary<string, ArchiveMember> members) =>
        Path.GetFileName(name) == StateFile && members.ContainsKey(name[..^StateFile.Length] + InfoFile);

    /// <summary>Refuses a saved data set whose rows were chosen or shuffled: its tables alone would be other rows.</summary>
    private static void RequireAllRows(SourceFile archive, ArchiveMember member, string path)
    {
        if (member.Bytes > MostStateBytes)
            throw PursuitException.At(path, FormattableString.Invariant($"{member.Bytes:N0} bytes"), "a saved data set's state");
        var bytes = new byte[member.Bytes];
        using (var stream = member.Open(archive)) stream.ReadExactly(bytes);
        using var state = JsonFile.Parse(bytes, path);
        if (!state.Root["_indices_data_files"].IsNull)
            throw PursuitException.At(
                path, "a saved data set whose rows were chosen or shuffled, within an archive", "a data set saved as it is, or a folder",
                "Unpack the archive, and name the folder.");
    }

    private static bool IsZip(string name) => name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);
}
