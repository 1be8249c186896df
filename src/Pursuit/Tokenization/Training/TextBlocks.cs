using System.Text;

namespace Pursuit.Tokenization.Training;

/// <summary>Reads text files of any size in blocks of whole lines: a corpus for <see cref="BpeTrainer"/>.</summary>
internal static class TextBlocks
{
    /// <summary>Characters a block has at least, where the file has as many.</summary>
    public const int DefaultCharacters = 1 << 16;

    private const char ByteOrderMark = '\uFEFF';

    /// <summary>Reads files one after another; a block ends after the first line end beyond its least length.</summary>
    /// <param name="paths">UTF-8 text files; a byte-order mark is omitted.</param>
    /// <param name="leastCharacters">Least length of a block in UTF-16 characters.</param>
    /// <exception cref="PursuitException">A file can't be read or isn't UTF-8.</exception>
    public static IEnumerable<string> Read(IEnumerable<string> paths, int leastCharacters = DefaultCharacters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(leastCharacters);
        return paths.SelectMany(path => ReadFile(path, leastCharacters));
    }

    private static IEnumerable<string> ReadFile(string path, int leastCharacters)
    {
        using var reader = Open(path);
        var block = new StringBuilder();
        long done = 0;
        while (Fill(reader, path, done, block, leastCharacters))
        {
            var start = done == 0 && block[0] == ByteOrderMark ? 1 : 0;
            done += block.Length;
            if (block.Length > start) yield return block.ToString(start, block.Length - start);
            block.Clear();
        }
    }

    private static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(
                path, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", "a text file", null, e);
        }
    }

    private static bool Fill(StreamReader reader, string path, long done, StringBuilder block, int leastCharacters)
    {
        try
        {
            for (var next = reader.Read(); next >= 0; next = reader.Read())
            {
                block.Append((char)next);
                if (block.Length > leastCharacters && next == '\n') break;
            }

            return block.Length > 0;
        }
        catch (DecoderFallbackException e)
        {
            throw PursuitException.At(
                path, $"bytes that aren't UTF-8 after character {done + block.Length}", "UTF-8 text", "Convert the file, or omit it.", e);
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                path, $"reading failed after character {done + block.Length} ({e.Message})", "a readable file", null, e);
        }
    }
}
