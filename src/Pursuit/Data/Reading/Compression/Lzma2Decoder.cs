namespace Pursuit.Data.Reading.Compression;

/// <summary>
/// LZMA2: chunks of LZMA or of plain text that share a window. The arithmetic is that of the LZMA specification of Igor Pavlov's SDK.
/// </summary>
internal sealed class Lzma2Decoder
{
    /// <summary>The largest window: xz -9 makes one of 64 MiB.</summary>
    public const int MostWindowBytes = 256 << 20;

    private readonly LzmaWindow _window = new();
    private readonly LzmaDecoder _lzma;
    private bool _needsWindow;
    private bool _needsProperties;
    private bool _isPlain;
    private int _left; // of the chunk's text
    private bool _ended;

    public Lzma2Decoder() => _lzma = new LzmaDecoder(_window);

    /// <summary>A block begins.</summary>
    /// <param name="size">The window's size as the filter's property spells it.</param>
    public void Begin(byte size)
    {
        if (size > 40) throw new InvalidDataException("a bad window size");
        var bytes = size == 40 ? uint.MaxValue : (2L | (size & 1)) << ((size / 2) + 11);
        if (bytes > MostWindowBytes)
            throw new NotSupportedException(
                FormattableString.Invariant($"a window of {bytes >> 20:N0} MiB, more than {MostWindowBytes >> 20:N0} MiB"));
        _window.Begin((int)bytes);
        (_needsWindow, _needsProperties, _left, _ended) = (true, true, 0, false);
    }

    /// <summary>Decodes text.</summary>
    /// <returns>Bytes of it; 0 at the block's end.</returns>
    public int Read(ByteSource source, Span<byte> destination)
    {
        if (_left == 0 && !_ended) BeginChunk(source);
        if (_ended) return 0;
        var count = Math.Min(destination.Length, Math.Min(_left, _window.MakeRoom()));
        if (_isPlain) _window.CopyFrom(source, count);
        else _lzma.Decode(count);
        _left -= count;
        if (_left == 0 && !_isPlain) _lzma.End();
        _window.CopyLast(destination[..count]);
        return count;
    }

    private void BeginChunk(ByteSource source)
    {
        var control = source.Next();
        if (control == 0)
        {
            _ended = true;
            return;
        }

        if (control == 1 || control >= 0xE0)
        {
            _window.Reset();
            _needsWindow = false;
        }
        else if (_needsWindow)
        {
            throw new InvalidDataException("a first chunk without a window");
        }

        _isPlain = control < 0x80;
        if (_isPlain)
        {
            if (control > 2) throw new InvalidDataException("a bad chunk");
            _left = ((source.Next() << 8) | source.Next()) + 1;
            return;
        }

        _left = (((control & 0x1F) << 16) | (source.Next() << 8) | source.Next()) + 1;
        var bytes = ((source.Next() << 8) | source.Next()) + 1;
        if (control >= 0xC0)
        {
            _lzma.SetProperties(source.Next());
            _needsProperties = false;
        }
        else if (_needsProperties)
        {
            throw new InvalidDataException("a first chunk without properties");
        }

        if (control >= 0xA0) _lzma.ResetState();
        _lzma.Begin(source, bytes);
    }
}
