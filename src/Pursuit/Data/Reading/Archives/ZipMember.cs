using System.IO.Compression;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Data.Reading.Archives;

/// <summary>A file of a zip.</summary>
/// <param name="Name">Its path there.</param>
/// <param name="Bytes">Its size, decompressed.</param>
/// <param name="Index">Its number in the directory.</param>
internal sealed record ZipMember(string Name, long Bytes, int Index) : ArchiveMember(Name, Bytes)
{
    /// <summary>The files of a zip.</summary>
    /// <exception cref="PursuitException">Its directory is damaged.</exception>
    public static IReadOnlyList<ZipMember> List(SourceFile archive)
    {
        try
        {
            using var zip = new ZipArchive(archive.OpenRaw(), ZipArchiveMode.Read);
            return
            [
                .. zip.Entries.Select((entry, index) => new ZipMember(entry.FullName, entry.Length, index))
                    .Where(member => !member.Name.EndsWith('/')),
            ];
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Broken(archive.Path, "its directory can't be read", e);
        }
    }

    public override Stream Open(SourceFile archive)
    {
        var zip = new ZipArchive(archive.OpenRaw(), ZipArchiveMode.Read);
        try
        {
            var entry = zip.Entries[Index];
            if (entry.IsEncrypted)
                throw PursuitException.At(
                    $"{archive.Path}/{Name}", "the member is encrypted", "members without a password", "Unpack the archive.");
            return new Checked(zip, entry.Open(), entry.Crc32, entry.Length, $"{archive.Path}/{Name}");
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException)
        {
            zip.Dispose();
            throw Broken($"{archive.Path}/{Name}", MessageOf(e), e);
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    }

    private static string MessageOf(Exception e) => e.Message.TrimEnd('.');

    private static PursuitException Broken(string where, string what, Exception? cause) => PursuitException.At(
        where, $"the zip is truncated, corrupt, or of a kind that isn't read: {what}", "whole members, stored or deflated",
        "Copy or download the file again; 'unzip -t' confirms it.", cause);

    /// <summary>A member's text, whose length and checksum must be as the directory has them.</summary>
    private sealed class Checked(ZipArchive zip, Stream text, uint crc, long length, string name) : ForwardStream
    {
        private uint _crc;
        private long _read;

        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty) return 0;
            int read;
            try
            {
                read = text.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw Broken(name, MessageOf(e), e);
            }

            _crc = Crc.Add32(_crc, buffer[..read]);
            _read += read;
            if (_read > length || (read == 0 && _read < length))
                throw Broken(name, FormattableString.Invariant($"{_read:N0} bytes of {length:N0}"), null);
            if (read == 0 && _crc != crc) throw Broken(name, "another checksum", null);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                text.Dispose();
                zip.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
