namespace Pursuit.Tokenization;

/// <summary>From the answers' characters to the tokens loss is taken on.</summary>
internal sealed class AnswerMask
{
    private readonly Tokenizer _tokenizer;
    private readonly int? _eos;
    private readonly HashSet<int> _openers = [];

    /// <summary>Learns a tokenizer's and a template's special tokens.</summary>
    public AnswerMask(Tokenizer tokenizer, TokenizerConfig config, string generationPrompt)
    {
        _tokenizer = tokenizer;
        _eos = config.EosToken is { } eos ? tokenizer.TokenToId(eos) : null;
        // A special token that opens a turn does not end one, even where the template prints no end.
        foreach (var id in tokenizer.Encode(generationPrompt, addSpecialTokens: false)) _openers.Add(id);
        if (config.BosToken is { } bos && tokenizer.TokenToId(bos) is { } opener) _openers.Add(opener);
    }

    /// <summary>Marks the trained tokens.</summary>
    /// <param name="rendered">The rendered conversation.</param>
    /// <param name="ids">Its tokens.</param>
    /// <param name="spans">Where each stands in the text.</param>
    /// <param name="trained">[tokens], all false; gets true for the trained ones.</param>
    /// <returns>The last answer's tokens, and the number of answers without an end token.</returns>
    public (int Start, int End, int WithoutEnd) Apply(RenderedConversation rendered, List<int> ids, List<TokenSpan> spans, bool[] trained)
    {
        var (lastStart, lastEnd, withoutEnd) = (0, 0, 0);
        var token = 0;
        foreach (var answer in rendered.Answers)
        {
            var (start, end) = (answer.Span.Start, answer.Span.End);
            // A token made of nothing in the text (start = end) counts where it stands.
            while (token < ids.Count && (spans[token].Length == 0 ? spans[token].Start < start : spans[token].End <= start)) token++;
            var first = token;
            for (; token < ids.Count && spans[token].Start < end; token++) trained[token] = true;
            var behind = answer.End == AnswerEnd.Exact ? token : MarkEnd(rendered.Text, answer, ids, spans, trained, token, ref withoutEnd);
            if (behind > first) (lastStart, lastEnd) = (first, behind);
            token = behind;
        }

        return (lastStart, lastEnd, withoutEnd);
    }

    // Returns the position behind the answer's last trained token.
    private int MarkEnd(
        string text, AnswerSpan answer, List<int> ids, List<TokenSpan> spans, bool[] trained, int behind, ref int withoutEnd)
    {
        var closes = answer.End == AnswerEnd.ClosingAndEndToken;
        var found = -1;
        for (var token = behind; token < ids.Count && spans[token].End <= answer.Limit; token++)
        {
            if (IsEnd(ids[token]))
            {
                if (found < 0) found = token;
                // A tool call may close with special tokens of its own; the end-of-text token then ends the turn.
                if (ids[token] == _eos) found = token;
                if (!closes || ids[token] == _eos) break;
            }
            else if (!closes && !IsBlank(text, spans[token], answer.Span.End))
            {
                break;
            }
        }

        if (found < 0)
        {
            withoutEnd++;
            return behind;
        }

        if (closes) Array.Fill(trained, true, behind, found - behind);
        trained[found] = true;
        return found + 1;
    }

    private bool IsEnd(int id) => id == _eos || (_tokenizer.IsSpecial(id) && !_openers.Contains(id));

    private static bool IsBlank(string text, TokenSpan span, int from) =>
        text.AsSpan(Math.Max(span.Start, from), Math.Max(0, span.End - Math.Max(span.Start, from))).IsWhiteSpace();
}
