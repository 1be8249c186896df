using System.Globalization;
using System.Text;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>A step that rewrites text before it is cut into words.</summary>
internal interface INormalizer
{
    /// <summary>The rewritten text.</summary>
    MappedText Apply(MappedText text);
}

/// <summary>Several steps in order.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        foreach (var step in steps)
        {
            text.Work.Touch(text.Value.Length);
            text = step.Apply(text);
        }

        return text;
    }
}

/// <summary>Puts characters before a text that isn't empty.</summary>
internal sealed class PrependNormalizer(string content) : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        if (text.Value.Length == 0) return text;
        var builder = new MappedText.Builder(text);
        builder.Replace(content, 0, 0);
        builder.Copy(0, text.Value.Length);
        return builder.Build();
    }
}

/// <summary>Replaces every match by a fixed text.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        var matches = new List<TextMatch>();
        pattern.FindAll(text.Value, matches, text.Work);
        if (matches.Count == 0) return text;
        text.Work.Touch(TextWork.TouchedPerMatch * matches.Count);
        var builder = new MappedText.Builder(text);
        var done = 0;
        foreach (var (start, end) in matches)
        {
            builder.Copy(done, start);
            builder.Replace(content, start, end);
            done = end;
        }

        builder.Copy(done, text.Value.Length);
        return builder.Build();
    }
}

/// <summary>Lower-cases each character by itself (no final sigma), as the tokenizers crate does.</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    private const char DottedCapitalI = '\u0130';

    public MappedText Apply(MappedText text)
    {
        var lower = text.Value.ToLowerInvariant();
        var simple = lower.Length == text.Value.Length && !text.Value.Contains(DottedCapitalI);
        if (simple && lower == text.Value) return text;
        var builder = new MappedText.Builder(text);
        for (var i = 0; i < text.Value.Length;)
        {
            Rune.DecodeFromUtf16(text.Value.AsSpan(i), out var rune, out var length);
            // The one character whose lower case is two: i and a combining dot above (SpecialCasing.txt).
            if (rune.Value == DottedCapitalI) builder.Replace("i\u0307", i, i + length);
            else if (Rune.ToLowerInvariant(rune) is var folded && folded != rune) builder.Replace(folded.ToString(), i, i + length);
            else builder.Copy(i, i + length);
            i += length;
        }

        return builder.Build();
    }
}

/// <summary>Takes white space off the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        var start = 0;
        var end = text.Value.Length;
        while (left && start < end && char.IsWhiteSpace(text.Value[start])) start++;
        while (right && end > start && char.IsWhiteSpace(text.Value[end - 1])) end--;
        return text.Slice(start, end);
    }
}

/// <summary>Removes marks (general category M); decomposing first is the file's business.</summary>
internal sealed class StripAccentsNormalizer : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        var builder = new MappedText.Builder(text);
        for (var i = 0; i < text.Value.Length;)
        {
            Rune.DecodeFromUtf16(text.Value.AsSpan(i), out var rune, out var length);
            var mark = CharUnicodeInfo.GetUnicodeCategory(rune.Value)
                is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
            if (!mark) builder.Copy(i, i + length);
            i += length;
        }

        return builder.Length == text.Value.Length ? text : builder.Build();
    }
}
