using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Pursuit.Data.Hashing;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// What one record says, as references into its tape: the single form that every shape is read into, and from which both
/// the content id and the <see cref="Example"/> are made.
/// </summary>
internal sealed class RecordDraft(int maxDepth, ColumnMap? columns = null)
{
    private readonly List<TurnDraft> _turns = [];
    private readonly List<TextPart> _parts = [];
    private readonly List<TextPart> _thoughts = [];
    private readonly List<UntrainedSpan> _spans = [];
    private readonly ByteBuffer _ownText = new();
    private readonly ByteBuffer _expanded = new();
    private readonly ByteBuffer _scratch = new();
    private readonly JsonTextTape _toolText = new(maxDepth);
    private readonly JsonTextTape _callText = new(maxDepth);
    private Run _pendingParts;
    private Run _pendingThoughts;
    private Run _pendingSpans;
    private bool _toolsAreText;

    public JsonTape Tape { get; } = new(maxDepth);

    /// <summary>The record's own fields.</summary>
    public FieldScan<RecordField> Record { get; } = new() { Renamed = columns is null ? null : columns.FieldOf };

    /// <summary>The fields of the message being read.</summary>
    public FieldScan<MessageField> Message { get; } = new();

    /// <summary>The fields of the content part being read.</summary>
    public FieldScan<MessageField> Part { get; } = new();

    /// <summary>The conversation's turns, and after them those of a rejected answer.</summary>
    public ReadOnlySpan<TurnDraft> Turns => CollectionsMarshal.AsSpan(_turns);

    /// <summary>The conversation's own turns.</summary>
    public int TurnCount => RejectedFrom ?? _turns.Count;

    /// <summary>The first turn of the rejected answer; null where there is none.</summary>
    public int? RejectedFrom { get; private set; }

    /// <summary>Turns that are the prompt where the record keeps prompt and answer separate, else 0.</summary>
    public int PromptTurns { get; private set; }

    public bool IsText { get; private set; }

    /// <summary>The tool definitions' node in <see cref="ToolTape"/>, or -1.</summary>
    public int Tools { get; private set; }

    public JsonTape ToolTape => _toolsAreText ? _toolText.Tape : Tape;

    /// <summary>The documents' node, or -1.</summary>
    public int Documents { get; private set; }

    /// <summary>
    /// True where the record has something that content id v1 doesn't cover: reasoning, marks, documents, a rejected answer.
    /// </summary>
    public bool NeedsSecondId { get; private set; }

    /// <summary>Forgets the previous record and looks through the tape's.</summary>
    public void Begin()
    {
        _turns.Clear();
        _parts.Clear();
        _thoughts.Clear();
        _spans.Clear();
        _ownText.Clear();
        (_pendingParts, _pendingThoughts, _pendingSpans) = (default, default, default);
        IsText = false;
        Tools = -1;
        Documents = -1;
        _toolsAreText = false;
        RejectedFrom = null;
        PromptTurns = 0;
        NeedsSecondId = false;
        Record.Read(Tape, JsonTape.Root);
    }

    /// <summary>Adds a piece to the words of the turn that <see cref="AddTurn"/> closes next.</summary>
    public void AddPart(int node) => AddPart(new TextPart(node));

    /// <summary>Adds words that aren't in the record as they are.</summary>
    public void AddOwnText(ReadOnlySpan<byte> words)
    {
        AddPart(new TextPart(-1, _ownText.Length, words.Length));
        _ownText.Append(words);
    }

    /// <summary>Adds a piece to the reasoning of the turn that <see cref="AddTurn"/> closes next.</summary>
    public void AddThought(int node)
    {
        _thoughts.Add(new TextPart(node));
        _pendingThoughts = _pendingThoughts with { Count = _pendingThoughts.Count + 1 };
    }

    /// <summary>True where the turn that is being read has reasoning already.</summary>
    public bool HasThought => _pendingThoughts.Count > 0;

    /// <summary>
    /// Adds an untrained span to the turn that <see cref="AddTurn"/> closes next: ascending; one that touches the last is
    /// joined to it.
    /// </summary>
    public void AddSpan(int start, int end)
    {
        if (start >= end) return;
        if (_pendingSpans.Count > 0 && _spans[^1].End >= start)
        {
            _spans[^1] = _spans[^1] with { End = Math.Max(_spans[^1].End, end) };
            return;
        }

        _spans.Add(new UntrainedSpan(start, end));
        _pendingSpans = _pendingSpans with { Count = _pendingSpans.Count + 1 };
    }

    /// <summary>Adds a turn made of the parts, thoughts and spans added since the last one.</summary>
    public void AddTurn(in TurnDraft turn)
    {
        _turns.Add(turn with { Parts = _pendingParts, Thoughts = _pendingThoughts, Spans = _pendingSpans });
        NeedsSecondId |= HasThought || _pendingSpans.Count > 0 || (turn.IsAssistant && turn.TrainMark == false);
        BeginTurn();
    }

    /// <summary>Gives a finished turn reasoning that is elsewhere in the record.</summary>
    public void GiveThought(int turn, int node)
    {
        AddThought(node);
        _turns[turn] = _turns[turn] with { Thoughts = _pendingThoughts };
        NeedsSecondId = true;
        BeginTurn();
    }

    /// <summary>Marks a finished turn as not to be trained; stretches within it say nothing more.</summary>
    public void Untrain(int turn)
    {
        _turns[turn] = _turns[turn] with { TrainMark = false, Spans = default };
        NeedsSecondId |= Turns[turn].IsAssistant;
    }

    /// <summary>
    /// Says that the first turns are the prompt. What the assistant says in it is not learned, unless its message is marked as trained:
    /// trainers take loss on what follows the prompt alone.
    /// </summary>
    public void SetPrompt(int turns)
    {
        PromptTurns = turns;
        for (var i = 0; i < turns; i++)
        {
            if (Turns[i] is { IsAssistant: true, TrainMark: null }) Untrain(i);
        }
    }

    /// <summary>Takes the first turn out: the conversation says the same again in its list.</summary>
    public void RemoveFirst()
    {
        _turns.RemoveAt(0);
        if (RejectedFrom is { } from) RejectedFrom = from - 1;
        if (PromptTurns > 0) PromptTurns--;
    }

    /// <summary>The turns that follow are a rejected answer.</summary>
    public void BeginRejected()
    {
        RejectedFrom = _turns.Count;
        NeedsSecondId = true;
    }

    public void SetText(int node)
    {
        IsText = true;
        AddPart(node);
    }

    /// <summary>Takes tool definitions: a list, or a text that holds one.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? SetTools(int node)
    {
        if (Tape.Kind(node) == JsonTokenType.StartArray)
        {
            Tools = node;
            return null;
        }

        if (!Tape.IsString(node))
            return $"bad tools: {Tape.DescribeKind(node)}; expected a list of definitions or a text that holds one";
        if (Tape.Raw(node).Trim(" \t\r\n"u8).IsEmpty) return null;
        if (_toolText.Read(Tape, node) is { } fault) return $"bad tools: the text isn't a JSON list ({fault})";
        if (_toolText.Tape.Kind(JsonTape.Root) != JsonTokenType.StartArray)
            return $"bad tools: the text holds {_toolText.Tape.DescribeKind(JsonTape.Root)}; expected a list of definitions";
        if (_toolText.Tape.IsEmpty(JsonTape.Root)) return null; // templates tell an empty list from none
        _toolsAreText = true;
        Tools = JsonTape.Root;
        return null;
    }

    public void SetDocuments(int node)
    {
        Documents = node;
        NeedsSecondId = true;
    }

    /// <summary>A turn's tool calls, ready to be looked through: a list, or one of its items alone.</summary>
    /// <returns>Their tape and their node; valid until the next turn is asked for.</returns>
    public (JsonTape Tape, int Node) OpenCalls(TurnDraft turn)
    {
        if (turn.CallForm != CallForm.Text) return (Tape, turn.Calls);
        ReadCallText(turn.Calls);
        return (_callText.Tape, JsonTape.Root);
    }

    /// <summary>Reads a text of the record as JSON.</summary>
    /// <returns>The tape, whose root is the value, or what is wrong.</returns>
    public (JsonTape Tape, string? Fault) ReadCallText(int node) => (_callText.Tape, _callText.Read(Tape, node));

    /// <summary>
    /// Puts the JSON that a text of the record holds in that text's place, as if the record had been written so, and begins
    /// again: every node changes. At most once a record.
    /// </summary>
    /// <returns>What is wrong with the JSON, or null.</returns>
    public string? Expand(int node)
    {
        var written = Tape.Written(node);
        var root = Tape.Written(JsonTape.Root);
        var start = Tape.OffsetOf(node) - Tape.OffsetOf(JsonTape.Root);
        _expanded.Clear();
        _expanded.Append(root[..start]);
        Tape.AppendText(node, _expanded);
        _expanded.Append(root[(start + written.Length)..]);
        if (Tape.Read(_expanded.Array, 0, _expanded.Length) is { } fault) return fault;
        Begin();
        return null;
    }

    /// <summary>Appends a turn's words as UTF-8; turn -1 is the plain text.</summary>
    public void AppendContent(int turn, ByteBuffer destination) =>
        Append(_parts, turn < 0 ? new Run(0, _parts.Count) : Turns[turn].Parts, destination);

    /// <summary>Appends a turn's reasoning as UTF-8.</summary>
    public void AppendThoughts(int turn, ByteBuffer destination) => Append(_thoughts, Turns[turn].Thoughts, destination);

    /// <summary>The words added to the turn that <see cref="AddTurn"/> closes next.</summary>
    public string PendingContent() => TextOf(_parts, _pendingParts);

    /// <summary>The reasoning added to the turn that <see cref="AddTurn"/> closes next.</summary>
    public string PendingThought() => TextOf(_thoughts, _pendingThoughts);

    /// <summary>A turn's words; turn -1 is the plain text.</summary>
    public string ContentOf(int turn) => TextOf(_parts, turn < 0 ? new Run(0, _parts.Count) : Turns[turn].Parts);

    /// <summary>A turn's reasoning; null where it has none.</summary>
    public string? ThoughtOf(int turn) => Turns[turn].Thoughts.Count == 0 ? null : TextOf(_thoughts, Turns[turn].Thoughts);

    /// <summary>A turn's untrained spans.</summary>
    public ReadOnlySpan<UntrainedSpan> Spans(int turn) =>
        CollectionsMarshal.AsSpan(_spans).Slice(Turns[turn].Spans.First, Turns[turn].Spans.Count);

    /// <summary>The user's id as UTF-8: an <c>id</c> that is a text or a number.</summary>
    /// <returns>False where the record has none.</returns>
    public bool AppendUserId(ByteBuffer destination)
    {
        var node = Record[RecordField.Id];
        if (node < 0) return false;
        switch (Tape.Kind(node))
        {
            case JsonTokenType.String:
                Tape.AppendText(node, destination);
                return true;
            case JsonTokenType.Number:
                destination.Append(Tape.Raw(node));
                return true;
            default:
                return false;
        }
    }

    /// <summary>The user's id; null where the record has none.</summary>
    public string? UserId()
    {
        _scratch.Clear();
        return AppendUserId(_scratch) ? Encoding.UTF8.GetString(_scratch.Written) : null;
    }

    private void BeginTurn() =>
        (_pendingParts, _pendingThoughts, _pendingSpans) =
            (new Run(_parts.Count, 0), new Run(_thoughts.Count, 0), new Run(_spans.Count, 0));

    private void AddPart(TextPart part)
    {
        _parts.Add(part);
        _pendingParts = _pendingParts with { Count = _pendingParts.Count + 1 };
    }

    private string TextOf(List<TextPart> parts, Run run)
    {
        if (run.Count == 1 && parts[run.First].Node is >= 0 and var node) return Tape.Text(node);
        _scratch.Clear();
        Append(parts, run, _scratch);
        return Encoding.UTF8.GetString(_scratch.Written);
    }

    private void Append(List<TextPart> parts, Run run, ByteBuffer destination)
    {
        foreach (var part in CollectionsMarshal.AsSpan(parts).Slice(run.First, run.Count))
        {
            if (part.Node < 0)
                destination.Append(_ownText.Written.Slice(part.Start, part.Length));
            else
                Tape.AppendText(part.Node, destination);
        }
    }
}
