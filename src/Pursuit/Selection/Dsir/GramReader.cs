using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Data;

namespace Pursuit.Selection.Dsir;

/// <summary>The buckets of a text's words and pairs of words, in the text's order. Not for several threads at once.</summary>
internal sealed class GramReader(GramHash hash, int buckets)
{
    private const ulong Start = 0xCBF29CE484222325;
    private const ulong Prime = 0x100000001B3;
    private const ulong Pair = 0x9E3779B97F4A7C15;

    private readonly ArrayBufferWriter<byte> _utf8 = new();
    private ulong[] _words = new ulong[1024];
    private int[] _buckets = new int[1024];
    private int _count;

    /// <summary>Every word's bucket, and behind each word but the first that of the pair it ends.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<int> Read(string text)
    {
        _count = 0;
        // Each character is at most one word, and a word adds at most two buckets.
        if (_buckets.Length < 2 * text.Length + 2) _buckets = new int[4 * text.Length];
        if (hash == GramHash.Fast) ReadFast(text);
        else ReadSha256(text);
        return _buckets.AsSpan(0, _count);
    }

    /// <summary>A hash spread over the buckets.</summary>
    internal static int Bucket(ulong hash, int buckets) => (int)Math.BigMul(Mixed(hash), (ulong)buckets, out _);

    /// <summary>A word's hash: FNV-1a over its lower-cased UTF-16 units.</summary>
    internal static ulong HashOf(ReadOnlySpan<char> lowered)
    {
        var value = Start;
        foreach (var unit in lowered) value = (value ^ unit) * Prime;
        return value;
    }

    /// <summary>A pair's hash.</summary>
    internal static ulong HashOf(ulong first, ulong second) => (Mixed(first) * Pair) + second;

    /// <summary>Every word's 64-bit hash, lower-cased, in the text's order.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<ulong> ReadWords(string text)
    {
        if (_words.Length < text.Length) _words = new ulong[2 * text.Length]; // each character is at most one word
        var classes = WordClasses.Classes;
        var lower = WordClasses.Lower;
        var count = 0;
        var i = 0;
        while (i < text.Length)
        {
            var kind = KindAt(text, i, classes);
            if (kind == WordClasses.Space)
            {
                i++;
                continue;
            }

            var value = Start;
            if (kind == WordClasses.Alone)
            {
                // The letter, and the marks on it.
                do
                {
                    var rune = RuneAt(text, i);
                    value = HashRune(value, rune);
                    i += rune.Utf16SequenceLength;
                }
                while (i < text.Length && UnspacedScripts.IsMark(RuneAt(text, i)));
            }

            while (kind != WordClasses.Alone && i < text.Length)
            {
                var unit = text[i];
                var own = classes[unit];
                if (own == WordClasses.Half)
                {
                    var rune = RuneAt(text, i);
                    if (WordClasses.Of(rune) != kind) break;
                    value = HashRune(value, Rune.ToLowerInvariant(rune));
                    i += rune.Utf16SequenceLength;
                    continue;
                }

                if (own != kind) break;
                value = (value ^ lower[unit]) * Prime;
                i++;
            }

            _words[count++] = value;
        }

        return _words.AsSpan(0, count);
    }

    private void ReadFast(string text)
    {
        var words = ReadWords(text);
        for (var i = 0; i < words.Length; i++)
        {
            _buckets[_count++] = Bucket(words[i], buckets);
            if (i > 0) _buckets[_count++] = Bucket(HashOf(words[i - 1], words[i]), buckets);
        }
    }

    private void ReadSha256(string text)
    {
        var lowered = PythonCase.Lower(text);
        var previous = default(Range?);
        for (var i = 0; i < lowered.Length;)
        {
            var kind = WordPunctAt(lowered, i);
            var start = i;
            while (i < lowered.Length && WordPunctAt(lowered, i) == kind) i += RuneAt(lowered, i).Utf16SequenceLength;
            if (kind == WordClasses.Space) continue;
            var word = start..i;
            _buckets[_count++] = Sha256Bucket(lowered[word], null);
            if (previous is { } first) _buckets[_count++] = Sha256Bucket(lowered[first], lowered[word]);
            previous = word;
        }
    }

    /// <summary>The 256-bit number modulo the buckets.</summary>
    private int Sha256Bucket(string first, string? second)
    {
        _utf8.ResetWrittenCount();
        Encoding.UTF8.GetBytes(first, _utf8);
        if (second is not null)
        {
            _utf8.Write(" "u8);
            Encoding.UTF8.GetBytes(second, _utf8);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_utf8.WrittenSpan, digest);
        var rest = 0UL;
        for (var k = 0; k < digest.Length; k += sizeof(uint))
            rest = ((rest << 32) | BinaryPrimitives.ReadUInt32BigEndian(digest[k..])) % (ulong)buckets;
        return (int)rest;
    }

    private static byte WordPunctAt(string text, int i) => WordClasses.WordPunct(KindAt(text, i, WordClasses.Classes));

    private static byte KindAt(string text, int i, byte[] classes) =>
        classes[text[i]] is var kind && kind == WordClasses.Half ? WordClasses.Of(RuneAt(text, i)) : kind;

    /// <summary>The character at a place; U+FFFD, one unit long, for half a pair.</summary>
    private static Rune RuneAt(string text, int i) => Rune.TryGetRuneAt(text, i, out var rune) ? rune : Rune.ReplacementChar;

    private static ulong HashRune(ulong value, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)]) value = (value ^ unit) * Prime;
        return value;
    }

    /// <summary>Spreads every bit over all of them (the finisher of SplitMix64).</summary>
    private static ulong Mixed(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
