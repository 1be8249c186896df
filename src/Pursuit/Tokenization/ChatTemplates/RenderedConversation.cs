namespace Pursuit.Tokenization;

/// <summary>How far behind an answer its tokens reach.</summary>
public enum AnswerEnd
{
    /// <summary>The span is exact: the template marked it itself with <c>{% generation %}</c>.</summary>
    Exact,

    /// <summary>The first end token is trained too, if nothing but white space (which is not trained) stands between.</summary>
    EndToken,

    /// <summary>The answer ends in a tool call: what the template prints to close it is trained too, up to and with the end token.</summary>
    ClosingAndEndToken,
}

/// <summary>The words of one answer in the rendered text.</summary>
/// <param name="Turn">Position of its turn, or -1 where the template marked it itself.</param>
/// <param name="Span">Its characters.</param>
/// <param name="Limit">Where the next turn's words begin, or the text ends: the answer's end token stands before.</param>
/// <param name="End">How far behind the span the trained tokens reach.</param>
public readonly record struct AnswerSpan(int Turn, CharSpan Span, int Limit, AnswerEnd End);

/// <summary>A conversation as a chat template prints it, with the assistant's words told apart.</summary>
public sealed record RenderedConversation
{
    /// <summary>The text, special tokens written out.</summary>
    public required string Text { get; init; }

    /// <summary>The assistant's words, ascending; their end tokens are found among the tokens (<see cref="ExampleEncoder"/>).</summary>
    public IReadOnlyList<AnswerSpan> Answers { get; init; } = [];

    /// <summary>Characters before the first turn's own: the template's header.</summary>
    public int HeaderLength { get; init; }

    /// <summary>Turns without a word and without a tool call.</summary>
    public int EmptyTurns { get; init; }

    /// <summary>Answers whose words the template left out or mixed with other turns'; they are not trained.</summary>
    public int LostAnswers { get; init; }

    /// <summary>Answers of which the template printed only a part, such as Qwen3 without earlier turns' thoughts; that part is trained.</summary>
    public int ShortenedAnswers { get; init; }

    /// <summary>The characters of <see cref="Answers"/>.</summary>
    public IEnumerable<CharSpan> TrainedSpans => Answers.Select(answer => answer.Span);
}
