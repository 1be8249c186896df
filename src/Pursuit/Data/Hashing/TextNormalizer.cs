using System.Buffers;
using System.Text;

namespace Pursuit.Data.Hashing;

/// <summary>
/// The text normalization of content id v1, in place over UTF-8: CRLF to LF, Unicode NFC, outer white space trimmed.
/// ASCII text costs two vectorised scans; ICU is asked only about text outside the ranges known to be NFC already.
/// </summary>
internal static class TextNormalizer
{
    /// <summary>Normalizes the buffer's bytes from <paramref name="start"/> to its end.</summary>
    public static void NormalizeTail(ByteBuffer buffer, int start)
    {
        var length = ReplaceCrLf(buffer.Tail(start));
        buffer.Truncate(start + length);
        if (!IsCertainlyNfc(buffer.Tail(start))) ComposeTail(buffer, start);
        Trim(buffer, start);
    }

    /// <summary>Refuses to run where .NET has no Unicode data, since every id would silently differ.</summary>
    /// <exception cref="PursuitException">The process runs in invariant-globalization mode.</exception>
    public static void RequireNfc()
    {
        if (!UnicodeText.Normalizes)
        {
            throw PursuitException.At(
                "content ids",
                "this process runs in invariant-globalization mode, where text isn't normalized and content ids would differ",
                ".NET with ICU",
                "Unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT, or install the ICU libraries (Debian: apt install libicu-dev).");
        }
    }

    /// <summary>
    /// True only where every character keeps its place in NFC whatever its surroundings: no combining mark, nothing that
    /// composes with what precedes it and nothing that NFC replaces. False means "ask ICU".
    /// </summary>
    internal static bool IsCertainlyNfc(ReadOnlySpan<byte> utf8)
    {
        while (true)
        {
            var next = utf8.IndexOfAnyExceptInRange((byte)0, (byte)0x7F);
            if (next < 0) return true;
            utf8 = utf8[next..];
            do
            {
                Rune.DecodeFromUtf8(utf8, out var rune, out var length);
                if (!KeepsItsPlace(rune.Value)) return false;
                utf8 = utf8[length..];
            }
            while (utf8.Length > 0 && utf8[0] > 0x7F);
        }
    }

    private static bool KeepsItsPlace(int c) => c switch
    {
        < 0x0300 => true, // Latin
        < 0x0400 => false, // combining marks, Greek
        <= 0x0482 => true, // Cyrillic
        < 0x2010 => false,
        <= 0x205E => true, // general punctuation
        >= 0x20A0 and <= 0x20CF => true, // currency
        >= 0x2190 and <= 0x2328 => true, // arrows, mathematics, technical; two angle brackets follow
        >= 0x232B and <= 0x2ADB => true,
        >= 0x3001 and <= 0x3029 => true, // CJK punctuation
        >= 0x3041 and <= 0x3096 => true, // Hiragana
        >= 0x30A0 and <= 0x30FF => true, // Katakana
        >= 0x4E00 and <= 0x9FFF => true, // Han
        >= 0xAC00 and <= 0xD7A3 => true, // Hangul syllables
        >= 0xFF01 and <= 0xFF60 => true, // full-width forms
        >= 0x1F300 and <= 0x1FAFF => true, // emoji
        _ => false,
    };

    private static int ReplaceCrLf(Span<byte> text)
    {
        var read = text.IndexOf("\r\n"u8);
        if (read < 0) return text.Length;
        var write = read;
        while (true)
        {
            read++; // over the CR
            var next = text[read..].IndexOf("\r\n"u8);
            var run = next < 0 ? text.Length - read : next;
            text.Slice(read, run).CopyTo(text[write..]);
            write += run;
            if (next < 0) return write;
            read += next;
        }
    }

    private static void ComposeTail(ByteBuffer buffer, int start)
    {
        var composed = UnicodeText.Normalize(Encoding.UTF8.GetString(buffer.Tail(start)), NormalizationForm.FormC);
        buffer.Truncate(start);
        buffer.Advance(Encoding.UTF8.GetBytes(composed, buffer.Reserve(Encoding.UTF8.GetMaxByteCount(composed.Length))));
    }

    private static void Trim(ByteBuffer buffer, int start)
    {
        var text = buffer.Tail(start);
        var end = text.Length;
        while (end > 0 && Rune.DecodeLastFromUtf8(text[..end], out var last, out var size) == OperationStatus.Done
            && Rune.IsWhiteSpace(last))
            end -= size;
        var first = 0;
        while (first < end && Rune.DecodeFromUtf8(text[first..end], out var rune, out var size) == OperationStatus.Done
            && Rune.IsWhiteSpace(rune))
            first += size;
        if (first > 0) text[first..end].CopyTo(text);
        buffer.Truncate(start + end - first);
    }
}
