using Microsoft.Win32.SafeHandles;

namespace Pursuit.Data.Reading;

/// <summary>Gets records' bytes again from one file, by offset.</summary>
internal abstract class RecordFetcher : IDisposable
{
    /// <summary>Bytes read ahead where requests follow each other.</summary>
    protected const int Window = 1 << 18;

    /// <summary>The bytes of the last record fetched, from the first on; valid until the next one.</summary>
    public byte[] Bytes { get; protected set; } = [];

    /// <summary>Reads a record into <see cref="Bytes"/>.</summary>
    public abstract void Fetch(RecordLocator locator);

    /// <inheritdoc/>
    public abstract void Dispose();

    protected void Reserve(int length)
    {
        if (Bytes.Length < length) Bytes = GC.AllocateUninitializedArray<byte>(Math.Max(length, 4096));
    }
}

/// <summary>Random access to an uncompressed file or a spool; reads ahead only while requests follow each other.</summary>
internal sealed class RandomFetcher(SafeFileHandle handle, string name, bool ownsHandle) : RecordFetcher
{
    private readonly byte[] _window = GC.AllocateUninitializedArray<byte>(Window);
    private long _windowOffset;
    private int _windowLength;
    private long _nextOffset = -1;

    public override void Fetch(RecordLocator locator)
    {
        Reserve(locator.Length);
        var destination = Bytes.AsSpan(0, locator.Length);
        var follows = _nextOffset >= 0 && locator.Offset >= _nextOffset && locator.Offset - _nextOffset < Window;
        _nextOffset = locator.Offset + locator.Length;
        var inWindow = locator.Offset >= _windowOffset && _nextOffset <= _windowOffset + _windowLength;
        if (!inWindow && (!follows || locator.Length > Window / 4))
        {
            Fill(destination, locator.Offset, locator.Length);
            return;
        }

        if (!inWindow)
        {
            _windowOffset = locator.Offset;
            _windowLength = Fill(_window, locator.Offset, locator.Length);
        }

        _window.AsSpan((int)(locator.Offset - _windowOffset), locator.Length).CopyTo(destination);
    }

    public override void Dispose()
    {
        if (ownsHandle) handle.Dispose();
    }

    private int Fill(Span<byte> destination, long offset, int atLeast)
    {
        var total = 0;
        try
        {
            while (total < destination.Length)
            {
                var read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0) break;
                total += read;
            }
        }
        catch (IOException e)
        {
            throw PursuitException.At(name, FormattableString.Invariant($"reading failed at byte {offset + total:N0} ({e.Message})"), "a readable file", "Check the disk.", e);
        }

        return total >= atLeast ? total : throw PursuitException.At(
            name, FormattableString.Invariant($"the file ends at byte {offset + total:N0}"), "input files that stay as they are during a run", "Run again from the start.");
    }
}

/// <summary>Forward access to a compressed file: records must be asked for in file order.</summary>
internal sealed class ForwardFetcher(Stream text, string name) : RecordFetcher
{
    private readonly byte[] _skip = GC.AllocateUninitializedArray<byte>(1 << 16);
    private long _position;

    public override void Fetch(RecordLocator locator)
    {
        while (_position < locator.Offset)
            Advance(_skip.AsSpan(0, (int)Math.Min(_skip.Length, locator.Offset - _position)));
        Reserve(locator.Length);
        Advance(Bytes.AsSpan(0, locator.Length));
    }

    public override void Dispose() => text.Dispose();

    private void Advance(Span<byte> destination)
    {
        var read = text.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        _position += read;
        if (read < destination.Length)
        {
            throw PursuitException.At(
                name, FormattableString.Invariant($"the file ends at byte {_position:N0}"), "input files that stay as they are during a run", "Run again from the start.");
        }
    }
}
