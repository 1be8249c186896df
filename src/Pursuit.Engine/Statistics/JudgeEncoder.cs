using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Selection.AskLlm;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// Turns examples into what a judge reads: the question as a user's message, printed by the chat template as a conversation whose answer is
/// the one that counts. The tokens end with that answer, which is one token, so that the model's prediction of the last token is the
/// judge's answer.
/// </summary>
internal sealed class JudgeEncoder
{
    private readonly string _model;
    private readonly ExampleEncoder _encoder;
    private readonly JudgePrompt _prompt;
    private readonly int _longest;
    private readonly int _frame;

    /// <summary>Checks that the prompt fits and the answer is one token.</summary>
    /// <param name="model">The judge's directory, for messages.</param>
    /// <param name="encoder">Its tokenizer and template.</param>
    /// <param name="prompt">The question and the answer.</param>
    /// <param name="longest">Tokens of a question with its answer at most.</param>
    /// <exception cref="PursuitException">The answer isn't one token, or the question alone is too long.</exception>
    public JudgeEncoder(string model, ExampleEncoder encoder, JudgePrompt prompt, int longest)
    {
        (_model, _encoder, _prompt, _longest) = (model, encoder, prompt, longest);
        _frame = Tokens("").Length;
        if (_frame >= longest)
            throw PursuitException.At(
                "ask-llm.prompt", $"{_frame:N0} tokens of {model} without an example", $"less than {longest:N0}, what the judge reads",
                $"Give a shorter prompt, a larger {ApiName.MaxLength} or a model with a longer context.");
    }

    /// <summary>Encodes the question about an example; a text that doesn't fit loses its end.</summary>
    /// <returns>Token ids, the last of them the answer's; and whether the text was cut.</returns>
    public (int[] Ids, bool IsCut) Encode(Example example)
    {
        var text = ExampleText.Of(example);
        var ids = Tokens(text);
        if (ids.Length <= _longest) return (ids, false);
        var (words, spans) = (new List<int>(), new List<TokenSpan>());
        _encoder.Tokenizer.Encode(text, addSpecialTokens: false, words, spans);
        // Within the question the text's own tokens may be others at its ends, so that a cut may leave a token too many.
        for (var keep = Math.Min(words.Count, _longest - _frame); ; keep -= Math.Max(1, ids.Length - _longest))
        {
            ids = Tokens(keep <= 0 ? "" : text[..WholeCharacters(text, spans[keep - 1].End)]);
            if (ids.Length <= _longest) return (ids, true);
        }
    }

    /// <summary>The question about a text and the answer, up to and with the answer's token.</summary>
    private int[] Tokens(string text)
    {
        var rendered = _encoder.Template.Render([new Turn(Turn.User, _prompt.About(text)), new Turn(Turn.Assistant, _prompt.Answer)]);
        var (ids, spans) = (new List<int>(), new List<TokenSpan>());
        _encoder.Tokenizer.Encode(rendered.Text, addSpecialTokens: false, ids, spans);
        var (start, end) = AnswerOf(rendered);
        // A token made of nothing in the text belongs to no word.
        var own = Enumerable.Range(0, ids.Count).Where(i => spans[i].Length > 0 && spans[i].End > start && spans[i].Start < end).ToArray();
        if (own.Length != 1)
            throw PursuitException.At(
                _model,
                $"a tokenizer that splits the answer '{_prompt.Answer}' into {own.Length} tokens: "
                    + string.Join(", ", own.Select(i => $"'{_encoder.Tokenizer.Decode([ids[i]], skipSpecialTokens: false)}'")),
                "an answer that is one token, whose probability is the score",
                $"Give another {ApiName.Model}, or a prompt that asks for an answer of one token ({ApiName.Set} ask-llm.prompt and "
                    + "ask-llm.answer).");
        return [.. ids.Take(own[0] + 1)];
    }

    private CharSpan AnswerOf(RenderedConversation rendered)
    {
        if (rendered.Answers is [.., var last]
            && rendered.Text.IndexOf(_prompt.Answer, last.Span.Start, last.Span.Length, StringComparison.Ordinal) is >= 0 and var start)
            return new CharSpan(start, start + _prompt.Answer.Length);
        throw PursuitException.At(
            _model, $"a chat template that doesn't print the answer '{_prompt.Answer}' as it is", "the assistant's words as they are",
            "Give another ask-llm.answer or another model.");
    }

    /// <summary>An end that doesn't halve a character of two UTF-16 units.</summary>
    private static int WholeCharacters(string text, int end) => end > 0 && char.IsHighSurrogate(text[end - 1]) ? end - 1 : end;
}
