using System.Text;
using System.Text.Json;
using Pursuit.Data.Hashing;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// What one record says, as references into its tape: the single form that every shape is read into, and from which both
/// the content id and the <see cref="Example"/> are made.
/// </summary>
internal sealed class RecordDraft(int maxDepth)
{
    /// <summary>A part that stands for the blank line between an instruction and its input.</summary>
    public const int BlankLine = -1;

    private readonly List<TurnDraft> _turns = [];
    private readonly List<int> _parts = [];
    private readonly ByteBuffer _scratch = new();
    private readonly ByteBuffer _toolText = new();
    private readonly JsonTape _toolTape = new(maxDepth);
    private bool _toolsAreText;

    /// <summary>One turn: the pieces of text it is made of, and its tool calls.</summary>
    internal readonly record struct TurnDraft(string Role, int FirstPart, int PartCount, int ToolCalls);

    public JsonTape Tape { get; } = new(maxDepth);

    public IReadOnlyList<TurnDraft> Turns => _turns;

    public bool IsText { get; private set; }

    /// <summary>How many of the turns are a prompt's; null where the record is one conversation.</summary>
    public int? PromptTurns { get; set; }

    /// <summary>The tool definitions' node in <see cref="ToolTape"/>, or -1.</summary>
    public int Tools { get; private set; }

    public JsonTape ToolTape => _toolsAreText ? _toolTape : Tape;

    /// <summary>Forgets the previous record.</summary>
    public void Clear()
    {
        _turns.Clear();
        _parts.Clear();
        IsText = false;
        PromptTurns = null;
        Tools = -1;
        _toolsAreText = false;
    }

    /// <summary>Adds a piece to the turn that <see cref="AddTurn"/> closes next.</summary>
    public void AddPart(int node) => _parts.Add(node);

    /// <summary>Adds a turn made of the parts added since the last one.</summary>
    public void AddTurn(string role, int toolCalls = -1)
    {
        var first = _turns.Count == 0 ? 0 : _turns[^1].FirstPart + _turns[^1].PartCount;
        _turns.Add(new TurnDraft(role, first, _parts.Count - first, toolCalls));
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
        _toolText.Clear();
        Tape.AppendText(node, _toolText);
        if (_toolText.Written.Trim(" \t\r\n"u8).IsEmpty) return null;
        if (_toolTape.Read(_toolText.Array, 0, _toolText.Length) is { } fault)
            return $"bad tools: the text isn't a JSON list ({fault})";
        if (_toolTape.Kind(JsonTape.Root) != JsonTokenType.StartArray)
            return $"bad tools: the text holds {_toolTape.DescribeKind(JsonTape.Root)}; expected a list of definitions";
        _toolsAreText = true;
        Tools = JsonTape.Root;
        return null;
    }

    /// <summary>Appends a turn's words as UTF-8; turn -1 is the plain text.</summary>
    public void AppendContent(int turn, ByteBuffer destination)
    {
        var (first, count) = turn < 0 ? (0, _parts.Count) : (_turns[turn].FirstPart, _turns[turn].PartCount);
        for (var i = first; i < first + count; i++)
        {
            if (_parts[i] == BlankLine)
                destination.Append("\n\n"u8);
            else
                Tape.AppendText(_parts[i], destination);
        }
    }

    /// <summary>The user's id as UTF-8: an <c>id</c> that is a text or a number.</summary>
    /// <returns>False where the record has none.</returns>
    public bool AppendUserId(ByteBuffer destination)
    {
        var node = Tape.Find(JsonTape.Root, "id"u8);
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

    /// <summary>Builds the example the record stands for.</summary>
    public Example ToExample(ContentId contentId, RecordLocator locator)
    {
        _scratch.Clear();
        var id = AppendUserId(_scratch) ? Encoding.UTF8.GetString(_scratch.Written) : null;
        var turns = new Turn[_turns.Count];
        for (var i = 0; i < turns.Length; i++)
        {
            var calls = _turns[i].ToolCalls;
            turns[i] = new Turn(_turns[i].Role, Content(i)) { ToolCallsJson = calls < 0 ? null : Encoding.UTF8.GetString(Tape.Raw(calls)) };
        }

        return new Example
        {
            Id = id,
            ContentId = contentId,
            Turns = turns,
            Text = IsText ? Content(-1) : null,
            ToolsJson = Tools < 0 ? null : Encoding.UTF8.GetString(ToolTape.Raw(Tools)),
            PromptTurns = PromptTurns,
            Locator = locator,
        };
    }

    private string Content(int turn)
    {
        _scratch.Clear();
        AppendContent(turn, _scratch);
        return Encoding.UTF8.GetString(_scratch.Written);
    }
}
