using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Data.Reading.Archives;

/// <summary>A file of a tar: a part of the archive, or of its text in the spool where that is compressed.</summary>
internal sealed record TarMember(string Name, long Bytes, long First, SafeFileHandle? Spool) : ArchiveMember(Name, Bytes)
{
    private const int Block = 512;

    public override long? Start => First;

    public override SafeFileHandle? Spooled => Spool;

    /// <summary>The files of a tar, plain or compressed.</summary>
    /// <exception cref="PursuitException">It is damaged.</exception>
    public static IReadOnlyList<TarMember> List(SourceFile archive, Spool spool, CancellationToken token)
    {
        var members = new List<TarMember>();
        try
        {
            var (start, length) = archive.Compression == CompressionKind.None ? (0, archive.Bytes) : spool.Unpack(archive, token);
            var spooled = archive.Compression == CompressionKind.None ? null : spool.Handle;
            using var text = new RegionStream(spooled ?? archive.OpenHandle(), start, length, ownsHandle: spooled is null);
            using var reader = new TarReader(text, leaveOpen: true);
            var end = 0L;
            while (reader.GetNextEntry() is { } entry)
            {
                token.ThrowIfCancellationRequested();
                end = entry.DataOffset + entry.Length;
                if (end > length) throw new EndOfStreamException();
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
                    members.Add(new TarMember(entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name,
                        entry.Length, start + entry.DataOffset, spooled));
            }

            RequireEnd(text, end);
            return members;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or FormatException or ArgumentException)
        {
            throw PursuitException.At(
                archive.Path,
                "the tar is truncated or corrupt " + FormattableString.Invariant($"({members.Count:N0} files could be found)"),
                "whole members up to two empty blocks", "Copy or download the file again; 'tar -tf' confirms it.", e);
        }
    }

    public override Stream Open(SourceFile archive) =>
        new RegionStream(Spool ?? archive.OpenHandle(), First, Bytes, ownsHandle: Spool is null);

    /// <summary>A whole tar ends with two empty blocks: one cut between two members has none.</summary>
    private static void RequireEnd(RegionStream text, long end)
    {
        text.Position = (end + Block - 1) / Block * Block;
        Span<byte> blocks = stackalloc byte[2 * Block];
        text.ReadExactly(blocks);
        if (blocks.ContainsAnyExcept((byte)0)) throw new InvalidDataException("no end");
    }
}
