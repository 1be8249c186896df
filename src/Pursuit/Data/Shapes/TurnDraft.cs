namespace Pursuit.Data.Shapes;

/// <summary>How a message gives its tool calls.</summary>
internal enum CallForm
{
    /// <summary>It has none.</summary>
    None,

    /// <summary>A list, <c>tool_calls</c>.</summary>
    List,

    /// <summary>One function as an object, <c>function_call</c>.</summary>
    Function,

    /// <summary>A text that holds a function or a list of them, as the words of a <c>function_call</c> message.</summary>
    Text,
}

/// <summary>A run of a draft's parts, thoughts or spans.</summary>
internal readonly record struct Run(int First, int Count);

/// <summary>One turn of a draft, as references into its tape.</summary>
/// <param name="Role">One of the four roles.</param>
internal readonly record struct TurnDraft(string Role)
{
    /// <summary>The role as it is spelled, where that may matter.</summary>
    public string? WrittenRole { get; init; }

    /// <summary>The message's node, or -1 where the turn isn't written as a message.</summary>
    public int Message { get; init; } = -1;

    /// <summary>True where the message has fields that no other member stands for.</summary>
    public bool HasOtherFields { get; init; }

    /// <summary>The node of its tool calls; meaningless without a <see cref="CallForm"/>.</summary>
    public int Calls { get; init; }

    public CallForm CallForm { get; init; }

    public bool IsContentNull { get; init; }

    public bool? TrainMark { get; init; }

    /// <summary>The pieces of its words.</summary>
    public Run Parts { get; init; }

    /// <summary>The pieces of its reasoning.</summary>
    public Run Thoughts { get; init; }

    /// <summary>Its untrained spans.</summary>
    public Run Spans { get; init; }

    public bool IsAssistant => Role == Turn.Assistant;
}

/// <summary>A piece of text: a string of the tape, or a stretch of the draft's own text.</summary>
/// <param name="Node">The string, or a negative number for own text.</param>
/// <param name="Start">Where own text begins.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct TextPart(int Node, int Start = 0, int Length = 0);
