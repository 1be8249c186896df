using System.Text;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>A stretch of an example's text.</summary>
/// <param name="Text">Its characters.</param>
/// <param name="IsTrained">Whether loss is taken on its tokens.</param>
internal readonly record struct ExampleSegment(string Text, bool IsTrained);

/// <summary>Shows people what a model reads of an example, trained and masked tokens distinguished.</summary>
internal static class ExampleView
{
    /// <summary>Tokens before a stretch that its text may depend on: a character has four bytes at most.</summary>
    private const int Context = 4;

    /// <summary>The example's tokens as text, in stretches that are trained or not.</summary>
    /// <remarks>
    /// The text is decoded from the ids, so it is what the model gets and not what the record said. A character whose bytes
    /// are split between two stretches shows as U+FFFD in each.
    /// </remarks>
    public static IReadOnlyList<ExampleSegment> Segments(Tokenizer tokenizer, EncodedExample example)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(example);
        var segments = new List<ExampleSegment>();
        for (var start = 0; start < example.Ids.Length;)
        {
            var end = start + 1;
            while (end < example.Ids.Length && example.Trained[end] == example.Trained[start]) end++;
            segments.Add(new ExampleSegment(Added(tokenizer, example.Ids, start, end), example.Trained[start]));
            start = end;
        }

        return segments;
    }

    // Decoders treat the first token apart, so a stretch is what it adds to the few tokens before it.
    private static string Added(Tokenizer tokenizer, int[] ids, int start, int end)
    {
        var context = Math.Max(0, start - Context);
        var before = tokenizer.Decode(ids.AsSpan(context, start - context), skipSpecialTokens: false);
        var all = tokenizer.Decode(ids.AsSpan(context, end - context), skipSpecialTokens: false);
        return all.StartsWith(before, StringComparison.Ordinal)
            ? all[before.Length..]
            : tokenizer.Decode(ids.AsSpan(start, end - start), skipSpecialTokens: false);
    }

    /// <summary>The same for terminals without color: trained stretches are in <c>⟦ ⟧</c>.</summary>
    public static string WithBrackets(IEnumerable<ExampleSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        var text = new StringBuilder();
        foreach (var segment in segments)
        {
            if (segment.IsTrained) text.Append('⟦').Append(segment.Text).Append('⟧');
            else text.Append(segment.Text);
        }

        return text.ToString();
    }
}
