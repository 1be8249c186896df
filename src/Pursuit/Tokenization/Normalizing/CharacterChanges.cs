using System.Text;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>Rewrites a text character by character.</summary>
internal static class CharacterChanges
{
    /// <summary>The text with every changed character replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="change">What stands for a character; null keeps it.</param>
    public static MappedText Apply(MappedText text, Func<Rune, string?> change)
    {
        text.Work.Touch(text.Value.Length);
        MappedText.Builder? builder = null;
        var kept = 0;
        for (var i = 0; i < text.Value.Length;)
        {
            Rune.DecodeFromUtf16(text.Value.AsSpan(i), out var rune, out var length);
            if (change(rune) is { } content)
            {
                builder ??= new MappedText.Builder(text);
                builder.Copy(kept, i);
                builder.Replace(content, i, i + length);
                kept = i + length;
            }

            i += length;
        }

        if (builder is null) return text;
        builder.Copy(kept, text.Value.Length);
        return builder.Build();
    }
}
