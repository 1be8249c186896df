using Pursuit.Data;

namespace Pursuit.Tokenization;

/// <summary>
/// Finds each answer in a rendered conversation by the marks its characters kept. The rule is stated in
/// docs/formats/chat-templates.md, "Which tokens are trained".
/// </summary>
internal sealed class AnswerLocator
{
    private readonly JinjaText _text;
    private readonly IReadOnlyList<Turn> _turns;
    private readonly string _generationPrompt;
    private readonly Func<int, bool, JinjaText?> _renderFirst;

    /// <summary>Prepares the search.</summary>
    /// <param name="text">The rendered conversation.</param>
    /// <param name="turns">Its turns.</param>
    /// <param name="generationPrompt">What the template prints to make the assistant speak; may be empty.</param>
    /// <param name="renderFirst">What the template prints of the first turns, with or without the generation prompt; null where it refuses.</param>
    public AnswerLocator(JinjaText text, IReadOnlyList<Turn> turns, string generationPrompt, Func<int, bool, JinjaText?> renderFirst)
    {
        _text = text;
        _turns = turns;
        _generationPrompt = generationPrompt;
        _renderFirst = renderFirst;
    }

    /// <summary>All answers, with what became of the turns.</summary>
    /// <param name="generations">What the template itself marked as trained, or null where it has no such marks.</param>
    public RenderedConversation Locate(IReadOnlyList<CharSpan>? generations)
    {
        var answers = new List<AnswerSpan>();
        var (empty, lost, shortened) = (0, 0, 0);
        var runs = Runs();
        for (var turn = 0; turn < _turns.Count; turn++)
        {
            var isEmpty = string.IsNullOrWhiteSpace(_turns[turn].Content) && _turns[turn].ToolCallsJson is null;
            if (isEmpty) empty++;
            if (isEmpty || !_turns[turn].IsTrained) continue;
            if (runs[turn] is not { } run)
            {
                lost++;
                continue;
            }

            if (IsShortened(run, turn)) shortened++;
            if (generations is null) answers.Add(Answer(turn, run));
        }

        if (generations is not null)
            answers.AddRange(generations.Select(span => new AnswerSpan(-1, span, span.End, AnswerEnd.Exact)));
        return new RenderedConversation
        {
            Text = _text.Value,
            Answers = answers,
            HeaderLength = _text.Marks.Length > 0 ? _text.Marks[0].Start : _text.Value.Length,
            EmptyTurns = empty,
            LostAnswers = lost,
            ShortenedAnswers = shortened,
        };
    }

    // First and last mark of each turn; null for a turn without one, or with another turn's words in between.
    private (int First, int Last)?[] Runs()
    {
        var runs = new (int First, int Last)?[_turns.Count];
        var marks = _text.Marks;
        for (var i = 0; i < marks.Length; i++)
        {
            var turn = ConversationVariables.TurnOf(marks[i].Owner);
            runs[turn] = (runs[turn]?.First ?? i, i);
        }

        for (var turn = 0; turn < runs.Length; turn++)
        {
            if (runs[turn] is not { } run || !_turns[turn].IsTrained) continue;
            if (_turns[turn].ToolCallsJson is not null) runs[turn] = run = WithinTurn(turn, run);
            for (var i = run.First; i <= run.Last; i++)
            {
                if (ConversationVariables.TurnOf(marks[i].Owner) != turn) runs[turn] = null;
            }
        }

        return runs;
    }

    // A template may print a call's name once more with the tool's result; that is no word of the assistant's.
    private (int First, int Last) WithinTurn(int turn, (int First, int Last) run)
    {
        if (turn + 1 == _turns.Count || _renderFirst(turn + 1, false) is not { } upToHere) return run;
        if (!_text.Value.StartsWith(upToHere.Value, StringComparison.Ordinal)) return run;
        while (run.Last > run.First && _text.Marks[run.Last].End > upToHere.Value.Length) run.Last--;
        return run;
    }

    private AnswerSpan Answer(int turn, (int First, int Last) run)
    {
        var marks = _text.Marks;
        var first = marks[run.First];
        var last = marks[run.Last];
        var before = run.First > 0 ? marks[run.First - 1].End : 0;
        var start = PythonText.SkipSpace(_text.Value, Math.Min(first.Start, StartOfSpeech(turn, before, first)));
        var limit = run.Last + 1 < marks.Length ? marks[run.Last + 1].Start : _text.Value.Length;
        var end = ConversationVariables.IsTool(last.Owner) ? AnswerEnd.ClosingAndEndToken : AnswerEnd.EndToken;
        // White space the turn brought itself is the turn's.
        return new AnswerSpan(turn, new CharSpan(Math.Min(start, first.Start), last.End), limit, end);
    }

    // Where the model would begin to speak: what the template prints from there on, the model has to say.
    private int StartOfSpeech(int turn, int before, JinjaMark first)
    {
        if (_generationPrompt.Length > 0)
        {
            var at = _text.Value.AsSpan(before, first.Start - before).LastIndexOf(_generationPrompt, StringComparison.Ordinal);
            return at < 0 ? first.Start : before + at + _generationPrompt.Length;
        }

        // A template without a generation prompt: only a tool call has words of the model's before the record's. What the
        // prompt before this turn ends in, the assistant does not say.
        if (!ConversationVariables.IsTool(first.Owner) || _renderFirst(turn, true) is not { } prompt) return first.Start;
        var tail = prompt.Value.AsSpan(prompt.Marks.Length > 0 ? prompt.Marks[^1].End : 0);
        return _text.Value.AsSpan(before, first.Start - before).StartsWith(tail) ? before + tail.Length : first.Start;
    }

    // Whether words of the content are missing; templates may trim its white space.
    private bool IsShortened((int First, int Last) run, int turn)
    {
        var content = _turns[turn].Content;
        var printed = 0;
        for (var i = run.First; i <= run.Last; i++)
        {
            if (_text.Marks[i].Owner == ConversationVariables.OwnerOf(turn)) printed += _text.Marks[i].End - _text.Marks[i].Start;
        }

        if (printed >= content.Length) return false;
        var words = 0;
        for (var i = run.First; i <= run.Last; i++)
        {
            var mark = _text.Marks[i];
            if (mark.Owner == ConversationVariables.OwnerOf(turn)) words += Words(_text.Value.AsSpan(mark.Start, mark.End - mark.Start));
        }

        return words < Words(content);
    }

    // Characters that are no white space: templates trim.
    private static int Words(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var c in text)
        {
            if (!PythonText.IsSpace(c)) count++;
        }

        return count;
    }
}
