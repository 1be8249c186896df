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

    /// <summary>True where loss is taken on this turn.</summary>
    public bool IsTrained => Role == Assistant;
}
