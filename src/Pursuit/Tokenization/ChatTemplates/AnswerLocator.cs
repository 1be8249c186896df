using Pursuit.Data;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>
/// Finds each answer in one rendering of a conversation by the marks its characters kept and by the loop's passes that
/// printed them. The rule is stated in docs/formats/chat-templates.md, "Which tokens are trained". Its cost grows with the
/// rendering's length, whatever the number of turns.
/// </summary>
internal sealed class AnswerLocator
{
    private readonly CompiledTemplate _template;
    private readonly JinjaRendering _rendering;
    private readonly JinjaText _text;
    private readonly MarkOwners _owners;
    private readonly IReadOnlyList<Turn> _turns;
    private readonly PrintedRecord _printed;

    /// <summary>Prepares the search.</summary>
    public AnswerLocator(CompiledTemplate template, JinjaRendering rendering, MarkOwners owners, IReadOnlyList<Turn> turns)
    {
        _template = template;
        _rendering = rendering;
        _text = rendering.Text;
        _owners = owners;
        _turns = turns;
        _printed = new PrintedRecord(rendering, owners, turns);
    }

    /// <summary>All answers, with what became of the turns.</summary>
    public RenderedConversation Locate()
    {
        var answers = new List<AnswerSpan>();
        var (empty, lost) = (0, 0);
        for (var turn = 0; turn < _turns.Count; turn++)
        {
            if (IsEmpty(_turns[turn])) empty++;
            if (!_turns[turn].IsTrained) continue;
            if (_printed.Run(turn) is { } run)
            {
                if (!_template.MarksAnswers) answers.Add(Answer(turn, run));
            }
            else if (HasWords(_turns[turn]))
            {
                lost++;
            }
        }

        answers.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start)); // a template may print turns in another order
        if (_template.MarksAnswers)
            answers.AddRange(GeneratedSpans().Select(span => new AnswerSpan(-1, span, span.End, span.End, AnswerEnd.Exact)));
        var (shortened, thoughts, tools, documents) = _printed.CountMissing();
        var (words, untrained) = RecordsWords();
        return new RenderedConversation
        {
            Text = _text.Value,
            Answers = answers,
            Untrained = untrained,
            Words = words,
            HeaderLength = words.Count > 0 ? words[0].Start : _text.Value.Length,
            EmptyTurns = empty,
            LostAnswers = lost,
            ShortenedAnswers = shortened,
            ThoughtsNotPrinted = thoughts,
            ToolsNotPrinted = tools,
            DocumentsNotPrinted = documents,
            Work = _rendering.Work + _printed.Work + _turns.Count,
        };
    }

    private static bool HasWords(Turn turn) => !string.IsNullOrWhiteSpace(turn.Content) || turn.ToolCallsJson is not null;

    private static bool IsEmpty(Turn turn) => !HasWords(turn) && string.IsNullOrWhiteSpace(turn.Reasoning);

    private (List<CharSpan> Words, List<CharSpan> Untrained) RecordsWords()
    {
        var words = new List<CharSpan>(_text.Marks.Length);
        var untrained = new List<CharSpan>();
        foreach (var (start, end, number) in _text.Marks)
        {
            var owner = _owners[number];
            if (owner.Turn < 0) continue;
            words.Add(new CharSpan(start, end));
            if (owner.Part == RecordPart.UntrainedContent) untrained.Add(new CharSpan(start, end));
        }

        return (words, untrained);
    }

    private AnswerSpan Answer(int turn, (int First, int Last) run)
    {
        var marks = _text.Marks;
        var first = marks[run.First];
        var last = marks[run.Last];
        var before = run.First > 0 ? marks[run.First - 1].End : 0;
        var start = PythonText.SkipSpace(_text.Value, Math.Min(first.Start, StartOfSpeech(turn, before, first)));
        var limit = run.Last + 1 < marks.Length ? marks[run.Last + 1].Start : _text.Value.Length;
        var end = _owners[last.Owner].Part == RecordPart.ToolCalls ? AnswerEnd.ClosingAndEndToken : AnswerEnd.EndToken;
        // White space the turn brought itself is the turn's.
        var span = new CharSpan(Math.Min(start, first.Start), last.End);
        return new AnswerSpan(turn, span, _printed.Pass(turn) is { } pass ? Math.Clamp(pass.End, span.End, limit) : null, limit, end);
    }

    // Where the model would begin to speak: what the template prints from there on, the model has to say.
    private int StartOfSpeech(int turn, int before, JinjaMark first)
    {
        var header = _text.Value.AsSpan(before, first.Start - before);
        if (_template.GenerationPrompt.Length > 0)
        {
            var at = header.LastIndexOf(_template.GenerationPrompt, StringComparison.Ordinal);
            return at >= 0 ? before + at + _template.GenerationPrompt.Length : before + BehindCommonOpening(header);
        }

        // A template without a generation prompt: only a tool call has words of the model's before the record's.
        if (_owners[first.Owner].Part != RecordPart.ToolCalls || _printed.Pass(turn) is not { } pass) return first.Start;
        var entered = Math.Max(before, pass.Start);
        if (entered > first.Start) return first.Start;
        return _text.Value.AsSpan(entered, first.Start - entered).StartsWith(_template.AnswerHeader, StringComparison.Ordinal)
            ? entered + _template.AnswerHeader.Length
            : entered;
    }

    // A generation prompt may continue with what not every answer begins with (an opened <think>): then what the header shares
    // with its beginning is the prompt. Returns the position after it, or the header's length where they share nothing.
    private int BehindCommonOpening(ReadOnlySpan<char> header)
    {
        var (best, behind) = (0, header.Length);
        for (var at = 0; at <= header.Length - best; at++)
        {
            var common = header[at..].CommonPrefixLength(_template.GenerationPrompt);
            common = WithoutTornTag(_template.GenerationPrompt.AsSpan(0, common));
            if (common < best || _template.GenerationPrompt.AsSpan(0, common).IsWhiteSpace()) continue;
            (best, behind) = (common, at + common);
        }

        return behind;
    }

    // "<t" is what <think> and <tool_call> share, and neither's.
    private static int WithoutTornTag(ReadOnlySpan<char> text)
    {
        var open = text.LastIndexOfAny('<', '[');
        return open >= 0 && text[open..].IndexOfAny('>', ']') < 0 ? open : text.Length;
    }

    // What the template marked, without the turns that the record marks as not to be trained.
    private IEnumerable<CharSpan> GeneratedSpans()
    {
        if (_turns.All(turn => turn.TrainMark != false)) return _rendering.Generations;
        var turns = GeneratedTurns();
        return _rendering.Generations.Where((_, i) => turns[i] < 0 || _turns[turns[i]].IsTrained);
    }

    // The turn of each generation block: that of the loop's pass it is in, else that of its words, else -1.
    private int[] GeneratedTurns()
    {
        var turns = new int[_rendering.Generations.Count];
        var (stretch, mark) = (0, 0);
        for (var i = 0; i < turns.Length; i++)
        {
            var span = _rendering.Generations[i];
            while (stretch + 1 < _rendering.Stretches.Count && _rendering.Stretches[stretch + 1].Start <= span.Start) stretch++;
            while (mark < _text.Marks.Length && _text.Marks[mark].End <= span.Start) mark++;
            turns[i] = _rendering.Stretches[stretch].Message;
            if (turns[i] < 0 && mark < _text.Marks.Length && _text.Marks[mark].Start < span.End)
                turns[i] = _owners[_text.Marks[mark].Owner].Turn;
        }

        return turns;
    }
}
