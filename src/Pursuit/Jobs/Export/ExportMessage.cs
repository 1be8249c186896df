using System.Text.Json.Nodes;
using Pursuit.Data;

namespace Pursuit.Jobs.Export;

/// <summary>A turn as trainers' layouts take it.</summary>
internal sealed record ExportMessage
{
    private const string DeveloperRole = "developer";

    /// <summary>system, user, assistant or tool.</summary>
    public required string Role { get; init; }

    /// <summary>The role for a chat template: <see cref="Role"/>, or "developer", which templates tell from the system's.</summary>
    public required string TemplateRole { get; init; }

    /// <summary>What is said; null where the record says null.</summary>
    public required string? Content { get; init; }

    /// <summary>The assistant's calls; empty for none.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>What the assistant thought before it spoke, or null.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The message's other fields, such as <c>name</c>; null for none.</summary>
    public JsonObject? Fields { get; init; }

    /// <summary>True where loss is taken on this turn.</summary>
    public required bool IsTrained { get; init; }

    /// <summary>True for a turn of the assistant's that is not to be trained: it is marked so, or stands in the prompt.</summary>
    public bool IsUntrained => Role == Turn.Assistant && !IsTrained;

    /// <summary>Stretches of <see cref="Content"/> without loss.</summary>
    public IReadOnlyList<UntrainedSpan> UntrainedSpans { get; init; } = [];

    /// <summary>True where there are words besides calls.</summary>
    public bool Speaks => !string.IsNullOrEmpty(Content);

    /// <summary>Reads a turn.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="fault">What no trainer can read of it; null where there is nothing.</param>
    public static ExportMessage Of(Turn turn, out string? fault)
    {
        IReadOnlyList<ToolCall> calls = [];
        fault = turn.ToolCallsJson is { } json ? ToolCall.Read(json, out calls) : null;
        return new ExportMessage
        {
            Role = turn.Role,
            TemplateRole = turn.WrittenRole == DeveloperRole ? DeveloperRole : turn.Role,
            Content = turn.IsContentNull ? null : turn.Content,
            Calls = calls,
            Reasoning = turn.Reasoning,
            Fields = turn.FieldsJson is { } fields ? ExportJson.Parse(fields)!.AsObject() : null,
            IsTrained = turn.IsTrained,
            UntrainedSpans = turn.UntrainedSpans,
        };
    }
}
