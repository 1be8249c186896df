using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Pursuit.Data.Reading.Archives;
using Pursuit.Data.Reading.Compression;
using Pursuit.Data.Reading.Csv;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>An input file as it was found, or one within an archive: how to open it, and whether it is still the same.</summary>
internal sealed class SourceFile
{
    /// <summary>First bytes of what people hand over by mistake.</summary>
    private static readonly (byte[] Magic, string Name)[] Foreign =
    [
        ([0x50, 0x41, 0x52, 0x31], "a Parquet file"),
        ([0x41, 0x52, 0x52, 0x4F, 0x57, 0x31], "an Arrow file"),
        ([0xFF, 0xFE], "text in UTF-16"),
        ([0xFE, 0xFF], "text in UTF-16"),
    ];

    private readonly string _disk;
    private readonly long _diskBytes;
    private readonly DateTime _changed;
    private readonly SourceFile? _archive;
    private readonly ArchiveMember? _member;

    /// <summary>The ending of a file of separated values; null for any other.</summary>
    private readonly string? _separated;

    /// <summary>Where a table of an archive lies as it is; null where the archive has it compressed.</summary>
    private (SafeFileHandle? Spool, long Start)? _part;

    /// <summary>Looks at a file.</summary>
    /// <exception cref="PursuitException">It can't be read, or is of a kind that isn't.</exception>
    public SourceFile(string path)
    {
        Path = _disk = path;
        _separated = InputFiles.SeparatedEnding(path);
        if (!FileIdentity.IsRegularOrMissing(path)) throw NotAFile(); // opening a pipe would wait for somebody to write
        try
        {
            var info = new FileInfo(path);
            Bytes = _diskBytes = info.Length;
            _changed = info.LastWriteTimeUtc;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }

        Span<byte> head = stackalloc byte[Math.Max(RecordFormats.HeadBytes, Codecs.HeadBytes)];
        using (var file = OpenRaw())
        {
            if (!file.CanSeek) throw NotAFile();
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }

        Format = RecordFormats.Of(head);
        if (Format is not null) return;
        RequireNoTable(head);
        IsZip = head is [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..];
        IsTar = !IsZip && ArchiveFile.IsTar(path);
        Compression = Codecs.Detect(head, path);
        if (!IsZip) RequireKnown(head);
    }

    /// <summary>Looks at a file within an archive.</summary>
    /// <exception cref="PursuitException">It is damaged, or of a kind that isn't read.</exception>
    public SourceFile(SourceFile archive, ArchiveMember member, string path)
    {
        (Path, _disk, _diskBytes, _changed) = (path, archive._disk, archive._diskBytes, archive._changed);
        (_archive, _member, Bytes) = (archive, member, member.Bytes);
        _separated = InputFiles.SeparatedEnding(path);
        Span<byte> head = stackalloc byte[Math.Max(RecordFormats.HeadBytes, Codecs.HeadBytes)];
        using (var bytes = OpenBytes()) head = head[..bytes.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        Format = RecordFormats.Of(head);
        if (Format is not null)
        {
            if (member.Start is { } start) _part = (member.Spooled, start);
            return;
        }

        RequireNoTable(head);
        Compression = Codecs.Detect(head, path);
        RequireKnown(head);
    }

    /// <summary>Its path; within an archive the archive's with its own behind.</summary>
    public string Path { get; }

    /// <summary>How it is compressed, by its first bytes.</summary>
    public CompressionKind Compression { get; }

    /// <summary>The format of its table; null for text.</summary>
    public IRecordFormat? Format { get; }

    /// <summary>A zip, by its first bytes.</summary>
    public bool IsZip { get; }

    /// <summary>A tar, by its name.</summary>
    public bool IsTar { get; }

    public bool IsCompressed => Compression != CompressionKind.None;

    /// <summary>
    /// True where a record's place isn't one in a file as it lies on disk: to be read out of order, the text is unpacked first.
    /// </summary>
    public bool NeedsUnpacking => IsCompressed || _separated is not null || Start is null;

    /// <summary>Its first byte in what it lies in; null within a zip.</summary>
    public long? Start => _member is null ? 0 : _member.Start;

    /// <summary>What it lies in where that is the spool; null elsewhere.</summary>
    public SafeFileHandle? Spooled => _member?.Spooled;

    /// <summary>Its size on disk; within an archive its own.</summary>
    public long Bytes { get; }

    /// <summary>Opens the file as it lies on disk.</summary>
    public FileStream OpenRaw()
    {
        try
        {
            return Disk.OpenToRead(_disk, FileShare.Read, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Opens the file for reads at any offset.</summary>
    public SafeFileHandle OpenHandle()
    {
        try
        {
            return File.OpenHandle(_disk);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Unpacks a table that an archive has compressed, since tables are read at any offset.</summary>
    /// <param name="spool">Gets it.</param>
    /// <param name="token">Stops the unpacking.</param>
    /// <exception cref="PursuitException">There is no room, or the archive is damaged.</exception>
    public void UnpackTable(Spool spool, CancellationToken token)
    {
        if (Format is null || _member is null || _part is not null) return;
        var (start, _) = spool.Unpack(this, token);
        _part = (spool.Handle, start);
    }

    /// <summary>Opens the file's table, which it must be.</summary>
    /// <exception cref="PursuitException">It can't be read, or is corrupt.</exception>
    public IRecordTable OpenTable()
    {
        try
        {
            if (_part is not var (spooled, start)) return Format!.Open(Path);
            return Format!.Open(new FilePart(Path, spooled ?? OpenHandle(), start, Bytes, leaveOpen: spooled is not null));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Opens the file's records, to be read once.</summary>
    /// <param name="maxRecordBytes">Longer records are dropped, but counted.</param>
    /// <param name="blockBytes">Bytes to aim at for a batch.</param>
    /// <param name="hash">Takes the bytes of the text; null where nobody asks.</param>
    public IRecordReader OpenRecords(int maxRecordBytes, int blockBytes, IncrementalHash? hash)
    {
        if (Format is not null) return new TableReader(OpenTable(), maxRecordBytes, blockBytes, hash);
        var text = OpenText(out var raw);
        return new RecordReader(text, Path, maxRecordBytes, blockBytes, hash) { Raw = raw };
    }

    /// <summary>Opens the file's text: decompressed where it is compressed, and separated values as lines of JSON.</summary>
    /// <param name="raw">The file underneath, whose position tells the progress.</param>
    public Stream OpenText(out Stream raw)
    {
        raw = OpenBytes();
        var text = IsCompressed ? Codecs.Open(Compression, new BufferedStream(raw, 1 << 17), Path) : raw;
        return Format is null && _separated is { } ending ? new CsvText(text, Path, isTabs: ending == InputFiles.Tabs) : text;
    }

    /// <summary>Checks that the file is still the one that was read.</summary>
    /// <exception cref="PursuitException">Its size or time has changed.</exception>
    public void RequireUnchanged()
    {
        var info = new FileInfo(_disk);
        if (!info.Exists || info.Length != _diskBytes || info.LastWriteTimeUtc != _changed)
        {
            throw PursuitException.At(
                _disk,
                info.Exists
                    ? "the file has changed since it was read "
                        + FormattableString.Invariant($"({_diskBytes:N0} bytes then, {info.Length:N0} now)")
                    : "the file is gone since it was read",
                "input files that stay as they are during a run",
                "Run again from the start.");
        }
    }

    /// <summary>A table's name on a file that doesn't begin as one: truncated to nothing, an error page, another format.</summary>
    private void RequireNoTable(ReadOnlySpan<byte> head)
    {
        if (RecordFormats.OfName(Path) is not { } named || head.StartsWith("version https"u8)) return; // a Git LFS pointer is told below
        throw PursuitException.At(
            Path,
            head.IsEmpty ? "an empty file" : $"a file that begins with the bytes {Convert.ToHexString(head[..Math.Min(4, head.Length)])}",
            $"a {named.Name} file, as its name says",
            "Copy or download it again; if it is another format, name it so.");
    }

    /// <summary>Opens the bytes as they lie on disk or in the archive.</summary>
    private Stream OpenBytes() => _member is null ? OpenRaw() : _member.Open(_archive!);

    private void RequireKnown(ReadOnlySpan<byte> head)
    {
        foreach (var (magic, name) in Foreign)
        {
            if (head.StartsWith(magic))
                throw PursuitException.At(
                    Path, $"the file is {name}", $"text in UTF-8, plain or compressed ({Codecs.EndingsInWords})", "Convert it first.");
        }
    }

    private PursuitException NotAFile() =>
        PursuitException.At(Path, "it is a pipe or a device", "a file that can be read more than once", "Write the data to a file first.");

    private PursuitException Unreadable(Exception e) =>
        PursuitException.At(
            Path, $"the file can't be read ({e.Message})", "a readable file", Disk.CureOf(e, "Check its permissions and the disk."), e);
}
