namespace Pursuit.Data;

/// <summary>
/// One training record as the rest of Pursuit sees it: a conversation with loss on the assistant's turns, or a text with
/// loss on every token.
/// </summary>
public sealed record Example
{
    /// <summary>The user's own id, or null where the record has none.</summary>
    public string? Id { get; init; }

    /// <summary>SHA-256 of the normalized content.</summary>
    public required ContentId ContentId { get; init; }

    /// <summary>The conversation's turns in order; empty for a text.</summary>
    public IReadOnlyList<Turn> Turns { get; init; } = [];

    /// <summary>The text of a plain-text record; null for a conversation.</summary>
    public string? Text { get; init; }

    /// <summary>The tool definitions a chat template may print, as a JSON array exactly as in the record, or null.</summary>
    public string? ToolsJson { get; init; }

    /// <summary>The documents a chat template may print, as a JSON array exactly as in the record, or null.</summary>
    public string? DocumentsJson { get; init; }

    /// <summary>
    /// The rejected answer of a preference record read by its chosen one: the turns in place of the last ones of
    /// <see cref="Turns"/>; empty for any other record.
    /// </summary>
    public IReadOnlyList<Turn> RejectedTurns { get; init; } = [];

    /// <summary>
    /// How many of <see cref="Turns"/> the record gives as a prompt, before its completion or its chosen answer; null where it is one
    /// conversation.
    /// </summary>
    public int? PromptTurns { get; init; }

    /// <summary>Where the record is in the input.</summary>
    public required RecordLocator Locator { get; init; }

    /// <summary>True for a plain text, where every token is trained.</summary>
    public bool IsText => Text is not null;
}
