using ICSharpCode.SharpZipLib.BZip2;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Formats.Compression;

/// <summary>
/// Decompresses bzip2 streams one after the other; SharpZipLib reads one, and checks every block's checksum and the stream's.
/// </summary>
/// <param name="compressed">The file; owned.</param>
internal sealed class Bzip2Text(Stream compressed) : ForwardStream
{
    private const int HeaderBytes = 4;

    private readonly FrameSource _source = new(compressed);
    private BZip2InputStream? _stream;
    private bool _anyStream;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            if (_stream is null && !TryBegin()) return 0;
            var read = Guarded(buffer);
            if (read > 0) return read;
            _stream!.Dispose();
            _stream = null;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream?.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryBegin()
    {
        // The package takes any other bytes for the end.
        var header = _source.Peek(HeaderBytes);
        if (header.IsEmpty && _anyStream) return false;
        if (header.Length < HeaderBytes) throw new EndOfStreamException();
        if (!header.StartsWith("BZh"u8) || header[3] is < (byte)'1' or > (byte)'9') throw new InvalidDataException("no bzip2 stream");
        _anyStream = true;
        return true;
    }

    private int Guarded(Span<byte> buffer)
    {
        try
        {
            _stream ??= new BZip2InputStream(_source) { IsStreamOwner = false };
            return _stream.Read(buffer);
        }
        catch (Exception e) when (e is BZip2Exception or EndOfStreamException or IndexOutOfRangeException)
        {
            throw _source.HasEnded ? new EndOfStreamException(e.Message, e) : new InvalidDataException(e.Message, e);
        }
    }
}
