namespace Pursuit.Selection.Zip;

/// <summary>Sizes of zlib streams at level 9 behind a common tail.</summary>
internal interface ITailCompressor : IDisposable
{
    /// <summary>Sets the tail, and returns its own compressed size.</summary>
    /// <param name="tail">At most <see cref="CompressedText.Window"/> bytes.</param>
    int SetTail(ReadOnlySpan<byte> tail);

    /// <summary>The compressed size of the tail with a text behind it. Any number of threads may measure at once.</summary>
    int SizeBehindTail(ReadOnlySpan<byte> text);
}
