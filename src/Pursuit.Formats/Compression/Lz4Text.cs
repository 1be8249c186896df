using System.Buffers.Binary;
using K4os.Compression.LZ4.Streams;
using K4os.Compression.LZ4.Streams.Frames;
using Pursuit.Data.Reading.Compression;

namespace Pursuit.Formats.Compression;

/// <summary>
/// Decompresses LZ4 frames one after the other, skippable ones between them; K4os reads one, and checks every checksum that it carries.
/// </summary>
/// <param name="compressed">The file; owned.</param>
internal sealed class Lz4Text(Stream compressed) : ForwardStream
{
    private const uint Magic = 0x184D2204;
    private const uint LegacyMagic = 0x184C2102;
    private const uint Skippable = 0x184D2A50;

    private readonly FrameSource _source = new(compressed);
    private StreamLZ4FrameReader? _frame;
    private bool _anyFrame;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            if (_frame is null && !TryBegin()) return 0;
            var read = Guarded(buffer);
            if (read > 0) return read;
            _frame!.Dispose();
            _frame = null;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _frame?.Dispose();
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryBegin()
    {
        while (true)
        {
            var head = _source.Peek(2 * sizeof(uint));
            if (head.IsEmpty && _anyFrame) return false;
            if (head.Length < sizeof(uint)) throw new EndOfStreamException();
            var magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
            if (magic == LegacyMagic) throw new NotSupportedException("the legacy frame of 'lz4 -l'");
            if (magic == Magic) return _anyFrame = true;
            if ((magic & ~0xFu) != Skippable) throw new InvalidDataException("no LZ4 frame");
            if (head.Length < 2 * sizeof(uint)) throw new EndOfStreamException();
            _source.Skip(2 * sizeof(uint) + BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]));
        }
    }

    private int Guarded(Span<byte> buffer)
    {
        try
        {
            _frame ??= new StreamLZ4FrameReader(_source, leaveOpen: true, descriptor => descriptor.CreateDecoder());
            return _frame.ReadManyBytes(buffer, interactive: true);
        }
        catch (NotImplementedException e)
        {
            throw new NotSupportedException("a frame with a dictionary", e);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException or InvalidOperationException)
        {
            throw _source.HasEnded ? new EndOfStreamException(e.Message, e) : new InvalidDataException(e.Message, e);
        }
    }
}
