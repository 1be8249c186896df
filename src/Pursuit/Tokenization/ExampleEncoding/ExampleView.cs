using System.Text;

namespace Pursuit.Tokenization;

/// <summary>A stretch of an example's text.</summary>
/// <param name="Text">Its characters.</param>
/// <param name="IsTrained">Whether loss is taken on its tokens.</param>
public readonly record struct ExampleSegment(string Text, bool IsTrained);

/// <summary>Shows people what a model reads of an example, trained and masked tokens told apart.</summary>
public static class ExampleView
{
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
        var shown = "";
        for (var start = 0; start < example.Ids.Length;)
        {
            var end = start + 1;
            while (end < example.Ids.Length && example.Trained[end] == example.Trained[start]) end++;
            // Decoders treat the first token apart, so each stretch is what it adds to all before it.
            var all = tokenizer.Decode(example.Ids.AsSpan(0, end), skipSpecialTokens: false);
            var text = all.StartsWith(shown, StringComparison.Ordinal)
                ? all[shown.Length..]
                : tokenizer.Decode(example.Ids.AsSpan(start, end - start), skipSpecialTokens: false);
            segments.Add(new ExampleSegment(text, example.Trained[start]));
            shown = all;
            start = end;
        }

        return segments;
    }

    /// <summary>The same for terminals without colour: trained stretches stand in <c>⟦ ⟧</c>.</summary>
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
