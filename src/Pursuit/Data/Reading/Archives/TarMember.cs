using Microsoft.Win32.SafeHandles;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Data.Reading.Archives;

/// <summary>A file of a tar: a part of the archive, or of its text in the spool where that is compressed.</summary>
internal sealed record TarMember(string Name, long Bytes, long First, SafeFileHandle? Spool) : ArchiveMember(Name, Bytes)
{
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
            var walk = new TarWalk(text);
            while (walk.Next() is var (name, first, bytes))
            {
                token.ThrowIfCancellationRequested();
                members.Add(new TarMember(name, bytes, start + first, spooled));
            }

            return members;
        }
        catch (NotSupportedException e)
        {
            throw PursuitException.At(archive.Path, $"the tar has {e.Message}, which isn't read", "plain files", "Unpack the archive.", e);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw PursuitException.At(
                archive.Path,
                "the tar is truncated or corrupt " + FormattableString.Invariant($"({members.Count:N0} files could be found)"),
                "whole members up to two empty blocks", "Copy or download the file again; 'tar -tf' confirms it.", e);
        }
    }

    public override Stream Open(SourceFile archive) =>
        new RegionStream(Spool ?? archive.OpenHandle(), First, Bytes, ownsHandle: Spool is null);
}
