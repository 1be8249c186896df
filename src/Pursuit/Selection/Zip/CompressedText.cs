namespace Pursuit.Selection.Zip;

/// <summary>
/// Texts one behind another, and the size they compress to. DEFLATE sees 32 KiB back, so what one more text adds depends on the
/// last 32 KiB alone: z(tail + c) - z(tail).
/// </summary>
internal sealed class CompressedText
{
    /// <summary>How far DEFLATE sees back, in bytes.</summary>
    public const int Window = 1 << 15;

    /// <summary>zlib's size of no text at all.</summary>
    public const int EmptySize = 8;

    private readonly byte[] _tail = new byte[Window];
    private int _length;

    /// <summary>Bytes of all texts.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes they compress to.</summary>
    public long Compressed { get; private set; } = EmptySize;

    /// <summary>The last bytes.</summary>
    public ReadOnlySpan<byte> Tail => _tail.AsSpan(0, _length);

    /// <summary>R = bytes / compressed bytes with one text more.</summary>
    /// <param name="text">The text's bytes.</param>
    /// <param name="added">z(tail + text) - z(tail).</param>
    public double RatioWith(int text, int added) => (double)(Bytes + text) / (Compressed + added);

    /// <summary>Adds a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="added">z(tail + text) - z(tail).</param>
    public void Append(ReadOnlySpan<byte> text, int added)
    {
        Bytes += text.Length;
        Compressed += added;
        var kept = text[Math.Max(0, text.Length - Window)..];
        var old = Math.Min(_length, Window - kept.Length);
        _tail.AsSpan(_length - old, old).CopyTo(_tail);
        kept.CopyTo(_tail.AsSpan(old));
        _length = old + kept.Length;
    }
}
