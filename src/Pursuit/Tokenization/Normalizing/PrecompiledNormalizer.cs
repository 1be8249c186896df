using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>
/// SentencePiece's compiled rules, applied as the tokenizers crate applies them: to a grapheme cluster of at most five bytes as a whole,
/// else to each character; and by the shortest rule that begins it.
/// </summary>
internal sealed class PrecompiledNormalizer(CharacterMap map) : INormalizer
{
    private const int LongestCluster = 5; // bytes of UTF-8

    public MappedText Apply(MappedText text)
    {
        text.Work.Touch(text.Value.Length);
        MappedText.Builder? builder = null;
        var kept = 0;
        for (var start = 0; start < text.Value.Length;)
        {
            var end = start + StringInfo.GetNextTextElementLength(text.Value, start);
            if (Encoding.UTF8.GetByteCount(text.Value.AsSpan(start, end - start)) > LongestCluster
                || !TryReplace(start, end))
            {
                for (var i = start; i < end;)
                {
                    Rune.DecodeFromUtf16(text.Value.AsSpan(i), out _, out var length);
                    TryReplace(i, i + length);
                    i += length;
                }
            }

            start = end;
        }

        if (builder is null) return text;
        builder.Copy(kept, text.Value.Length);
        return builder.Build();

        bool TryReplace(int from, int to)
        {
            if (map.Find(text.Value.AsSpan(from, to - from)) is not { } content) return false;
            builder ??= new MappedText.Builder(text);
            builder.Copy(kept, from);
            builder.Replace(content, from, to);
            kept = to;
            return true;
        }
    }
}
