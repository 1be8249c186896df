namespace Pursuit.Data;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as chat templates know it: <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">What is said; empty, never null.</param>
public sealed record Turn(string Role, string Content)
{
    /// <summary>The role whose words a model is trained on.</summary>
    public const string Assistant = "assistant";

    /// <summary>The role of the person who asks.</summary>
    public const string User = "user";

    /// <summary>The role of the standing instruction.</summary>
    public const string System = "system";

    /// <summary>The role of a tool's answer.</summary>
    public const string Tool = "tool";

    /// <summary>The assistant's calls as a JSON array, exactly as in the record, or null.</summary>
    public string? ToolCallsJson { get; init; }

    /// <summary>
    /// The role as the record spells it where a template or a trainer may distinguish it (<c>developer</c>, <c>function_call</c>,
    /// <c>observation</c>), or null where it is <see cref="Role"/> or a mere alias.
    /// </summary>
    public string? WrittenRole { get; init; }

    /// <summary>
    /// True where the record's content is null or missing, which templates tell from an empty text; <see cref="Content"/> is then
    /// empty.
    /// </summary>
    public bool IsContentNull { get; init; }

    /// <summary>What the assistant thought before it spoke, as the record gives it under any of its names, or null.</summary>
    public string? Reasoning { get; init; }

    /// <summary>
    /// The message's other fields, such as <c>name</c> and <c>tool_call_id</c>, as a JSON object with values exactly as in the
    /// record, or null where it has none. Fields that have a member here aren't in it.
    /// </summary>
    public string? FieldsJson { get; init; }

    /// <summary>
    /// False where the record marks the turn as not to be trained (<c>train</c>, <c>weight</c>, <c>loss</c>, ...), true where it
    /// marks it as trained, null where it says nothing.
    /// </summary>
    public bool? TrainMark { get; init; }

    /// <summary>
    /// Stretches of <see cref="Content"/>, in UTF-16 units, ascending and disjoint, that the record marks as not to be trained
    /// within a trained turn.
    /// </summary>
    public IReadOnlyList<UntrainedSpan> UntrainedSpans { get; init; } = [];

    /// <summary>True where loss is taken on this turn.</summary>
    public bool IsTrained => Role == Assistant && TrainMark != false;
}

/// <summary>A stretch of a turn's content without loss.</summary>
/// <param name="Start">Position of its first UTF-16 unit.</param>
/// <param name="End">Position after its last.</param>
public readonly record struct UntrainedSpan(int Start, int End);
