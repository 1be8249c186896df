using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>How far after an answer its tokens reach.</summary>
internal enum AnswerEnd
{
    /// <summary>The span is exact: the template marked it itself with <c>{% generation %}</c>.</summary>
    Exact,

    /// <summary>The end tokens are trained too, if nothing but white space (which is not trained) precedes them.</summary>
    EndToken,

    /// <summary>
    /// The answer ends in a tool call: what the template prints to close it is trained too, up to and with the end token.
    /// </summary>
    ClosingAndEndToken,
}

/// <summary>The words of one answer in the rendered text.</summary>
/// <param name="Turn">Position of its turn, or -1 where the template marked it itself.</param>
/// <param name="Span">Its characters.</param>
/// <param name="TurnEnd">Where the template ends the turn, or null where its loops don't tell.</param>
/// <param name="Limit">Where the next turn's words begin, or the text ends: the answer's end token is before.</param>
/// <param name="End">How far after the span the trained tokens reach.</param>
internal readonly record struct AnswerSpan(int Turn, CharSpan Span, int? TurnEnd, int Limit, AnswerEnd End);

/// <summary>A conversation as a chat template prints it, with the assistant's words distinguished.</summary>
internal sealed record RenderedConversation
{
    /// <summary>The text, special tokens written out.</summary>
    public required string Text { get; init; }

    /// <summary>The assistant's words, ascending; their end tokens are found among the tokens (<see cref="ExampleEncoder"/>).</summary>
    public IReadOnlyList<AnswerSpan> Answers { get; init; } = [];

    /// <summary>Stretches of the answers that the record marks as not to be trained, ascending.</summary>
    public IReadOnlyList<CharSpan> Untrained { get; init; } = [];

    /// <summary>The record's own words: what the turns say, call and think, ascending.</summary>
    public IReadOnlyList<CharSpan> Words { get; init; } = [];

    /// <summary>Characters before the first turn's own: the template's header.</summary>
    public int HeaderLength { get; init; }

    /// <summary>Turns without a word, a thought and a tool call.</summary>
    public int EmptyTurns { get; init; }

    /// <summary>Answers whose words the template omitted or mixed with other turns'; they are not trained.</summary>
    public int LostAnswers { get; init; }

    /// <summary>Answers of which the template printed only a part, such as no calls or not all; that part is trained.</summary>
    public int ShortenedAnswers { get; init; }

    /// <summary>Assistant's turns whose thoughts (a field beside the words) the template omitted, wholly or in part.</summary>
    public int ThoughtsNotPrinted { get; init; }

    /// <summary>Definitions of tools that the template omitted.</summary>
    public int ToolsNotPrinted { get; init; }

    /// <summary>Documents that the template omitted.</summary>
    public int DocumentsNotPrinted { get; init; }

    /// <summary>True where a turn's words hold what opens an answer in this template: a rendered conversation within this one.</summary>
    public bool HasNestedTemplate { get; init; }

    /// <summary>Units of work that rendering was charged, with the marks and turns that were looked at to find the answers.</summary>
    internal long Work { get; init; }

    /// <summary>The characters of <see cref="Answers"/>.</summary>
    public IEnumerable<CharSpan> TrainedSpans => Answers.Select(answer => answer.Span);
}
