using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>An input file as it was found: how to open it, and whether it is still the same.</summary>
internal sealed class SourceFile
{
    /// <summary>First bytes of what people hand over by mistake.</summary>
    private static readonly (byte[] Magic, string Name)[] Foreign =
    [
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
        ([0x42, 0x5A, 0x68], "compressed by bzip2"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "compressed by xz"),
        ([0x50, 0x41, 0x52, 0x31], "a Parquet file"),
        ([0x41, 0x52, 0x52, 0x4F, 0x57, 0x31], "an Arrow file"),
        ([0xFF, 0xFE], "text in UTF-16"),
        ([0xFE, 0xFF], "text in UTF-16"),
    ];

    private readonly DateTime _changed;

    private static string TableNames => string.Concat(RecordFormats.All.Select(f => $", or {f.Name}"));

    /// <summary>Looks at a file.</summary>
    /// <exception cref="PursuitException">It can't be read, or is neither plain nor gzip.</exception>
    public SourceFile(string path)
    {
        Path = path;
        if (!FileIdentity.IsRegularOrMissing(path)) throw NotAFile(); // opening a pipe would wait for somebody to write
        try
        {
            var info = new FileInfo(path);
            Bytes = info.Length;
            _changed = info.LastWriteTimeUtc;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }

        Span<byte> head = stackalloc byte[RecordFormats.HeadBytes];
        using (var file = OpenRaw())
        {
            if (!file.CanSeek) throw NotAFile();
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }

        Format = RecordFormats.Of(head);
        if (Format is not null) return;
        IsCompressed = head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);
        RequireNoTable(head);
        foreach (var (magic, name) in Foreign)
        {
            if (head.StartsWith(magic))
                throw PursuitException.At(
                    path, $"the file is {name}", $"JSON in UTF-8, plain or compressed by gzip{TableNames}", "Convert it first.");
        }
    }

    public string Path { get; }

    public bool IsCompressed { get; }

    /// <summary>The format of its table; null for text.</summary>
    public IRecordFormat? Format { get; }

    /// <summary>Its size on disk.</summary>
    public long Bytes { get; }

    /// <summary>Opens the file as it lies on disk.</summary>
    public FileStream OpenRaw()
    {
        try
        {
            return Disk.OpenToRead(Path, FileShare.Read, FileOptions.SequentialScan);
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
            return File.OpenHandle(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Opens the file's table, which it must be.</summary>
    /// <exception cref="PursuitException">It can't be read, or is corrupt.</exception>
    public IRecordTable OpenTable()
    {
        try
        {
            return Format!.Open(Path);
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

    /// <summary>Opens the file's text: decompressed where it is compressed.</summary>
    /// <param name="raw">The file underneath, whose position tells the progress.</param>
    public Stream OpenText(out FileStream raw)
    {
        raw = OpenRaw();
        return IsCompressed ? new WholeGzipStream(new BufferedStream(raw, 1 << 17), Path) : raw;
    }

    /// <summary>Checks that the file is still the one that was read.</summary>
    /// <exception cref="PursuitException">Its size or time has changed.</exception>
    public void RequireUnchanged()
    {
        var info = new FileInfo(Path);
        if (!info.Exists || info.Length != Bytes || info.LastWriteTimeUtc != _changed)
        {
            throw PursuitException.At(
                Path,
                info.Exists
                    ? FormattableString.Invariant($"the file has changed since it was read ({Bytes:N0} bytes then, {info.Length:N0} now)")
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

    private PursuitException NotAFile() =>
        PursuitException.At(Path, "it is a pipe or a device", "a file that can be read more than once", "Write the data to a file first.");

    private PursuitException Unreadable(Exception e) =>
        PursuitException.At(
            Path, $"the file can't be read ({e.Message})", "a readable file", Disk.CureOf(e, "Check its permissions and the disk."), e);
}
