using System.Runtime.InteropServices;
using Pursuit.Data;
using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>
/// Turns examples into token ids and loss masks. A conversation is printed by the chat template and encoded without adding
/// special tokens again; loss is taken on the assistant's words and their end token. A text is encoded with the tokenizer's
/// special tokens and the end-of-text token; loss is taken on every token but the first. Over-long examples are cut so that
/// the last answer stays (docs/formats/chat-templates.md).
/// </summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
internal sealed class ExampleEncoder
{
    private readonly AnswerMask _mask;
    private readonly TextFrame _frame;
    private readonly int? _bos;
    private readonly int? _eos;

    /// <summary>Creates an encoder.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's chat template.</param>
    /// <param name="config">The model's special tokens.</param>
    /// <param name="maxLength">Tokens an example may have at most; 2 or more.</param>
    /// <exception cref="PursuitException">The limit is below 2.</exception>
    public ExampleEncoder(Tokenizer tokenizer, ChatTemplate template, TokenizerConfig config, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(config);
        if (maxLength < 2)
            throw PursuitException.At(
                "the maximum length", $"{maxLength} tokens", "2 or more", "One token has nothing before it to be predicted from.");
        Tokenizer = tokenizer;
        Template = template;
        MaxLength = maxLength;
        _mask = new AnswerMask(tokenizer, config, template.GenerationPrompts);
        _frame = new TextFrame(tokenizer, config);
        _bos = config.BosToken is { } bos ? tokenizer.TokenToId(bos) : null;
        SpecialTokens = $"{config.BosToken} {config.EosToken} {config.UnkToken} {config.PadToken} {_frame}";
        _eos = config.EosToken is { } eos ? tokenizer.TokenToId(eos) : null;
    }

    /// <summary>The model's tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The model's chat template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Tokens an example may have at most.</summary>
    public int MaxLength { get; }

    /// <summary>The configuration's special tokens and those that go around a plain text, for fingerprints.</summary>
    internal string SpecialTokens { get; }

    /// <summary>Encodes an example.</summary>
    /// <exception cref="PursuitException">The template refuses the conversation, or its tools are no JSON; says why.</exception>
    public EncodedExample Encode(Example example)
    {
        ArgumentNullException.ThrowIfNull(example);
        return example.Text is { } text ? EncodeText(example, text) : EncodeConversation(example);
    }

    /// <summary>Encodes an example whose template may refuse it.</summary>
    /// <param name="example">The example.</param>
    /// <param name="refusal">Why the template refuses it; null where it doesn't.</param>
    /// <returns>The encoded example; null where the template refuses it.</returns>
    public EncodedExample? TryEncode(Example example, out string? refusal)
    {
        try
        {
            refusal = null;
            return Encode(example);
        }
        catch (PursuitException e)
        {
            refusal = e.Message;
            return null;
        }
    }

    private EncodedExample EncodeText(Example example, string text)
    {
        var ids = new List<int>((text.Length / 3) + 8);
        var (start, end) = _frame.Encode(text, ids);
        var special = CountSpecial(CollectionsMarshal.AsSpan(ids)[start..end]);
        if (_eos is { } eos && (ids.Count == 0 || ids[^1] != eos)) ids.Add(eos);
        var trained = new bool[ids.Count];
        Array.Fill(trained, true);
        return Finish(example, ids, trained, ExampleCut.OfText(ids.Count, MaxLength), ids.Count, ids.Count) with
        {
            IsText = true,
            SpecialTokensInWords = special,
            HasDoubledBeginning = HasDoubledBeginning(ids),
        };
    }

    private EncodedExample EncodeConversation(Example example)
    {
        var rendered = Template.Render(example);
        var ids = new List<int>((rendered.Text.Length / 3) + 8);
        var spans = new List<TokenSpan>((rendered.Text.Length / 3) + 8);
        Tokenizer.Encode(rendered.Text, addSpecialTokens: false, ids, spans);
        var trained = new bool[ids.Count];
        var (start, end, withoutEnd) = _mask.Apply(rendered, ids, spans, trained);
        var cut = ExampleCut.OfConversation(ids.Count, MaxLength, HeaderTokens(rendered, spans), start, end);
        return Finish(example, ids, trained, cut, start == end ? ids.Count : start, start == end ? ids.Count : end) with
        {
            EmptyTurns = rendered.EmptyTurns,
            LostAnswers = rendered.LostAnswers,
            ShortenedAnswers = rendered.ShortenedAnswers,
            AnswersWithoutEnd = withoutEnd,
            ThoughtsNotPrinted = rendered.ThoughtsNotPrinted,
            ToolsNotPrinted = rendered.ToolsNotPrinted,
            DocumentsNotPrinted = rendered.DocumentsNotPrinted,
            SpecialTokensInWords = CountSpecial(rendered.Words, ids, spans),
            HasNestedTemplate = rendered.HasNestedTemplate,
            HasDoubledBeginning = HasDoubledBeginning(ids),
            LastTurnIsNotAssistant = example.Turns.Count == 0 || example.Turns[^1].Role != Turn.Assistant,
        };
    }

    private bool HasDoubledBeginning(List<int> ids) => _bos is { } bos && ids.Count > 1 && ids[0] == bos && ids[1] == bos;

    private int CountSpecial(ReadOnlySpan<int> ids)
    {
        var count = 0;
        foreach (var id in ids)
        {
            if (Tokenizer.IsSpecial(id)) count++;
        }

        return count;
    }

    // Special tokens that begin within the record's own words.
    private int CountSpecial(IReadOnlyList<CharSpan> words, List<int> ids, List<TokenSpan> spans)
    {
        var (count, word) = (0, 0);
        for (var i = 0; i < ids.Count && word < words.Count; i++)
        {
            if (!Tokenizer.IsSpecial(ids[i]) || spans[i].Length == 0) continue;
            while (word < words.Count && words[word].End <= spans[i].Start) word++;
            if (word < words.Count && words[word].Start <= spans[i].Start) count++;
        }

        return count;
    }

    // Tokens that end before the first turn's words.
    private static int HeaderTokens(RenderedConversation rendered, List<TokenSpan> spans)
    {
        var count = 0;
        while (count < spans.Count && spans[count].End <= rendered.HeaderLength) count++;
        return count;
    }

    private static EncodedExample Finish(Example example, List<int> ids, bool[] trained, ExampleCut cut, int answerStart, int answerEnd)
    {
        var kept = new int[cut.Length];
        var mask = new bool[cut.Length];
        ids.CopyTo(0, kept, 0, cut.Head);
        ids.CopyTo(cut.TailStart, kept, cut.Head, cut.TailEnd - cut.TailStart);
        Array.Copy(trained, 0, mask, 0, cut.Head);
        Array.Copy(trained, cut.TailStart, mask, cut.Head, cut.TailEnd - cut.TailStart);
        if (mask.Length > 0) mask[0] = false; // there is nothing to predict it from
        return new EncodedExample
        {
            Id = example.Id,
            ContentId = example.ContentId,
            Ids = kept,
            Trained = mask,
            SupervisedTokens = mask.AsSpan().Count(true),
            Truncation = Facts(ids.Count, trained, cut, example.IsText ? 0 : answerStart, example.IsText ? ids.Count : answerEnd),
        };
    }

    private static Truncation Facts(int length, bool[] trained, ExampleCut cut, int answerStart, int answerEnd)
    {
        var (prompt, earlier, answer, trailing) = (0, 0, 0, 0);
        for (var i = cut.Head; i < length; i++)
        {
            if (i >= cut.TailStart && i < cut.TailEnd) continue;
            if (i >= answerEnd) trailing++;
            else if (i >= answerStart) answer++;
            else
            {
                prompt++;
                if (trained[i]) earlier++;
            }
        }

        return new Truncation(length, prompt, earlier, answer, trailing);
    }
}
