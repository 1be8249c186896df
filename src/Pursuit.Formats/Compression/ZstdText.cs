using Pursuit.Data.Reading.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Pursuit.Formats.Compression;

/// <summary>Decompresses frames one after the other, skippable ones between them; a window of 128 MiB at most bounds the memory.</summary>
/// <param name="compressed">The file; owned.</param>
internal sealed class ZstdText(Stream compressed) : ForwardStream
{
    private readonly DecompressionStream _text = new(compressed, checkEndOfStream: true, leaveOpen: false);

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _text.Read(buffer);
        }
        catch (ZstdException e) when (e.Code == ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge)
        {
            throw new NotSupportedException("a frame with a window of more than 128 MiB, as zstd's long mode makes it", e);
        }
        catch (ZstdException e) when (e.Code == ZSTD_ErrorCode.ZSTD_error_dictionary_wrong)
        {
            throw new NotSupportedException("a frame with a dictionary", e);
        }
        catch (ZstdException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _text.Dispose();
        base.Dispose(disposing);
    }
}
