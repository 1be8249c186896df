using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>From the answers' characters to the tokens loss is taken on.</summary>
internal sealed class AnswerMask
{
    private readonly Tokenizer _tokenizer;
    private readonly int? _eos;
    private readonly HashSet<int> _openers = [];

    /// <summary>Learns a tokenizer's and a template's special tokens.</summary>
    public AnswerMask(Tokenizer tokenizer, TokenizerConfig config, IEnumerable<string> generationPrompts)
    {
        _tokenizer = tokenizer;
        _eos = config.EosToken is { } eos ? tokenizer.TokenToId(eos) : null;
        // A special token that opens a turn does not end one, even where the template prints no end.
        foreach (var prompt in generationPrompts) _openers.UnionWith(tokenizer.Encode(prompt, addSpecialTokens: false));
        if (config.BosToken is { } bos && tokenizer.TokenToId(bos) is { } opener) _openers.Add(opener);
    }

    /// <summary>Marks the trained tokens.</summary>
    /// <param name="rendered">The rendered conversation.</param>
    /// <param name="ids">Its tokens.</param>
    /// <param name="spans">Where each is in the text.</param>
    /// <param name="trained">[tokens], all false; gets true for the trained ones.</param>
    /// <returns>The last answer's tokens, and the number of answers without an end token.</returns>
    public (int Start, int End, int WithoutEnd) Apply(RenderedConversation rendered, List<int> ids, List<TokenSpan> spans, bool[] trained)
    {
        var (lastStart, lastEnd, withoutEnd) = (0, 0, 0);
        var token = 0;
        foreach (var answer in rendered.Answers)
        {
            var (start, end) = (answer.Span.Start, answer.Span.End);
            // A token made of nothing in the text (start = end) counts where it is.
            while (token < ids.Count && (spans[token].Length == 0 ? spans[token].Start < start : spans[token].End <= start)) token++;
            var first = token;
            for (; token < ids.Count && spans[token].Start < end; token++) trained[token] = true;
            var behind = answer.End == AnswerEnd.Exact ? token : MarkEnd(rendered.Text, answer, ids, spans, trained, token, ref withoutEnd);
            if (behind > first) (lastStart, lastEnd) = (first, behind);
            token = behind;
        }

        Unmark(rendered.Untrained, spans, trained);
        return (lastStart, lastEnd, withoutEnd);
    }

    // A token that holds a character the record marks as not to be trained is not trained.
    private static void Unmark(IReadOnlyList<CharSpan> untrained, List<TokenSpan> spans, bool[] trained)
    {
        var token = 0;
        foreach (var (start, end) in untrained)
        {
            while (token < spans.Count && spans[token].End <= start) token++;
            for (var at = token; at < spans.Count && spans[at].Start < end; at++) trained[at] = false;
        }
    }

    // Returns the position after the answer's last trained token.
    private int MarkEnd(
        string text, AnswerSpan answer, List<int> ids, List<TokenSpan> spans, bool[] trained, int behind, ref int withoutEnd)
    {
        var closes = answer.End == AnswerEnd.ClosingAndEndToken;
        var (first, last) = (-1, -1);
        for (var token = behind; token < ids.Count && spans[token].End <= answer.Limit; token++)
        {
            var within = answer.TurnEnd is not { } turnEnd || spans[token].End <= turnEnd;
            if (ids[token] == _eos)
            {
                // After the turn, the end of text ends an answer that nothing else has ended.
                if (within || first < 0) (first, last) = (first < 0 ? token : first, token);
                break;
            }

            if (within && IsEnd(ids[token]))
            {
                // An end token may close the words and another the turn; a call's closing may hold several.
                if (!closes || first < 0 || answer.TurnEnd is not null) last = token;
                if (first < 0) first = token;
            }
            else if (closes ? !within && first >= 0 : !MayStandBefore(token, first, answer))
            {
                break;
            }
        }

        if (first < 0)
        {
            withoutEnd++;
            return behind;
        }

        Array.Fill(trained, true, closes ? behind : first, last + 1 - (closes ? behind : first));
        return last + 1;

        // White space before the end token; between two of them only within what is known to be the turn.
        bool MayStandBefore(int token, int found, AnswerSpan of) =>
            IsBlank(text, spans[token], of.Span.End) && (found < 0 || (of.TurnEnd is { } end && spans[token].End <= end));
    }

    private bool IsEnd(int id) => id == _eos || (_tokenizer.IsSpecial(id) && !_openers.Contains(id));

    private static bool IsBlank(string text, TokenSpan span, int from) =>
        text.AsSpan(Math.Max(span.Start, from), Math.Max(0, span.End - Math.Max(span.Start, from))).IsWhiteSpace();
}
