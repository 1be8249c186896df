using Pursuit.Data;
using Pursuit.Jinja;

namespace Pursuit.Tokenization.ChatTemplates;

/// <summary>What of a record a rendering shows: the marks of each turn, and which parts are missing.</summary>
internal sealed class PrintedRecord
{
    private readonly JinjaRendering _rendering;
    private readonly MarkOwners _owners;
    private readonly IReadOnlyList<Turn> _turns;
    private readonly (int First, int Last)?[] _own;
    private readonly (int First, int Last)?[] _all;
    private readonly int[] _ownStretch;
    private readonly int[] _lengths;
    private readonly int[] _ownLengths;

    /// <summary>Marks looked at so far.</summary>
    public long Work { get; private set; }

    /// <summary>Walks the marks once.</summary>
    public PrintedRecord(JinjaRendering rendering, MarkOwners owners, IReadOnlyList<Turn> turns)
    {
        _rendering = rendering;
        _owners = owners;
        _turns = turns;
        _own = new (int, int)?[turns.Count];
        _all = new (int, int)?[turns.Count];
        _ownStretch = new int[turns.Count];
        _lengths = new int[owners.Count];
        _ownLengths = new int[owners.Count];
        var (marks, stretches) = (rendering.Text.Marks, rendering.Stretches);
        var stretch = 0;
        for (var i = 0; i < marks.Length; i++)
        {
            Work++;
            var (start, end, number) = marks[i];
            while (stretch + 1 < stretches.Count && stretches[stretch + 1].Start <= start) stretch++;
            _lengths[number] += end - start;
            var turn = owners[number].Turn;
            if (turn < 0) continue;
            _all[turn] = (_all[turn]?.First ?? i, i);
            if (stretches[stretch].Message != turn) continue;
            _own[turn] = (_own[turn]?.First ?? i, i);
            _ownStretch[turn] = stretch;
            _ownLengths[number] += end - start;
        }
    }

    /// <summary>
    /// First and last mark of a turn: those printed in its own pass of a loop where there are any, since a template may print
    /// a call's name once more with the tool's result; null for a turn without a mark, or with another turn's in between.
    /// </summary>
    public (int First, int Last)? Run(int turn)
    {
        if ((_own[turn] ?? _all[turn]) is not { } run) return null;
        for (var i = run.First; i <= run.Last; i++)
        {
            Work++;
            var owner = _owners[_rendering.Text.Marks[i].Owner].Turn;
            if (owner >= 0 && owner != turn) return null;
        }

        return run;
    }

    /// <summary>What the template prints in the pass in which the turn's last words stand, or null where its loops don't tell.</summary>
    public CharSpan? Pass(int turn)
    {
        if (_own[turn] is null) return null;
        var (stretches, at) = (_rendering.Stretches, _ownStretch[turn]);
        return new CharSpan(stretches[at].Start, at + 1 < stretches.Count ? stretches[at + 1].Start : _rendering.Text.Value.Length);
    }

    /// <summary>Counts what is missing: turns that are shortened, thoughts, tools, documents.</summary>
    public (int Shortened, int Thoughts, int Tools, int Documents) CountMissing()
    {
        var (shortened, thoughts, tools, documents) = (0, 0, 0, 0);
        for (var number = 0; number < _owners.Count;)
        {
            var turn = _owners[number].Turn;
            if (turn >= 0)
            {
                number = EndOfTurn(number);
                continue;
            }

            if (_lengths[number] == 0)
            {
                if (_owners[number].Part == RecordPart.Tools) tools++;
                else documents++;
            }

            number++;
        }

        foreach (var (turn, first, end) in Turns())
        {
            if (_turns[turn].Role != Turn.Assistant) continue;
            if (_turns[turn].Reasoning is { } thought && IsMissing(turn, first, end, thought, RecordPart.Reasoning, RecordPart.Reasoning))
                thoughts++;
            if (_turns[turn].IsTrained && Run(turn) is not null && IsShortened(turn, first, end)) shortened++;
        }

        return (shortened, thoughts, tools, documents);
    }

    private IEnumerable<(int Turn, int First, int End)> Turns()
    {
        var position = 0;
        for (var turn = 0; turn < _turns.Count; turn++)
        {
            var end = position;
            while (end < _owners.Count && _owners[end].Turn == turn) end++;
            yield return (turn, position, end);
            position = end;
        }
    }

    private int EndOfTurn(int number)
    {
        var turn = _owners[number].Turn;
        while (number < _owners.Count && _owners[number].Turn == turn) number++;
        return number;
    }

    // Whether words of the content or a whole call are missing; templates may trim white space.
    private bool IsShortened(int turn, int first, int end)
    {
        var counts = Counts(turn);
        for (var number = first; number < end; number++)
        {
            if (_owners[number] is { Part: RecordPart.ToolCalls, Item: >= 0 } && counts[number] == 0) return true;
        }

        return IsMissing(turn, first, end, _turns[turn].Content, RecordPart.Content, RecordPart.UntrainedContent);
    }

    // Whether words of a text are not printed as either of two parts; only where it is printed shorter are they counted.
    private bool IsMissing(int turn, int first, int end, string text, RecordPart part, RecordPart other)
    {
        var counts = Counts(turn);
        var length = 0;
        for (var number = first; number < end; number++)
        {
            if (_owners[number].Part == part || _owners[number].Part == other) length += counts[number];
        }

        return length < text.Length && PrintedWords(turn, part, other) < CountWords(text);
    }

    private int PrintedWords(int turn, RecordPart part, RecordPart other)
    {
        if (Run(turn) is not { } run) return 0;
        var words = 0;
        for (var i = run.First; i <= run.Last; i++)
        {
            Work++;
            var (start, end, number) = _rendering.Text.Marks[i];
            var owner = _owners[number];
            if (owner.Turn == turn && (owner.Part == part || owner.Part == other))
                words += CountWords(_rendering.Text.Value.AsSpan(start, end - start));
        }

        return words;
    }

    private int[] Counts(int turn) => _own[turn] is null ? _lengths : _ownLengths;

    // Characters that are no white space: templates trim.
    private static int CountWords(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var c in text)
        {
            if (!PythonText.IsSpace(c)) count++;
        }

        return count;
    }
}
