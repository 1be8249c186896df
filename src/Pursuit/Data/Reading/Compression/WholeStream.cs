namespace Pursuit.Data.Reading.Compression;

/// <summary>Decompressed text; a decoder's complaints get the file's name and what to do.</summary>
/// <param name="decoder">
/// Decompresses; throws <see cref="EndOfStreamException"/> where the data ends early, <see cref="InvalidDataException"/> where it is
/// corrupt or followed by other bytes, <see cref="NotSupportedException"/> with what it can't decode.
/// </param>
/// <param name="name">The file's name.</param>
/// <param name="format">The format's name.</param>
/// <param name="check">The command that confirms it.</param>
internal sealed class WholeStream(Stream decoder, string name, string format, string check) : ForwardStream
{
    private long _delivered;

    public override int Read(Span<byte> buffer)
    {
        try
        {
            var read = decoder.Read(buffer);
            _delivered += read;
            return read;
        }
        catch (NotSupportedException e)
        {
            throw PursuitException.At(
                name, $"{e.Message}, which isn't read", $"data as {format} itself writes it",
                "Decompress the file, or compress it again.", e);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw PursuitException.At(
                name,
                $"the {format} data {(e is EndOfStreamException ? "is truncated" : $"is corrupt or followed by other bytes: {Words(e)}")} "
                    + FormattableString.Invariant($"({_delivered:N0} bytes could be read)"),
                "whole data up to the end of the file",
                $"Copy or download the file again; '{check}' confirms it.",
                e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) decoder.Dispose();
        base.Dispose(disposing);
    }

    private static string Words(Exception e) => e.Message.TrimEnd('.');
}
