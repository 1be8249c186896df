using Pursuit.Data;

namespace Pursuit.Jobs.Export;

/// <summary>What a trainer's file holds: one kind of record.</summary>
internal enum ExportKind
{
    /// <summary>Conversations.</summary>
    Conversation,

    /// <summary>Plain texts.</summary>
    Text,

    /// <summary>Conversations with a rejected answer beside the chosen one.</summary>
    Preference,
}

/// <summary>An example as trainers' layouts take it.</summary>
internal sealed record ExportRow
{
    /// <summary>What no trainer learns of a prompt.</summary>
    public const string TrainedPrompt = "a turn marked as trained within the prompt";

    /// <summary>What few trainers learn of an answer.</summary>
    public const string UntrainedStretch = "a stretch of an answer that is not to be trained";

    /// <summary>What no trainer learns of a preference: it takes loss on all of both answers.</summary>
    public const string UntrainedAnswer = "a turn that is not to be trained in an answer of a preference";

    /// <summary>Its kind.</summary>
    public required ExportKind Kind { get; init; }

    /// <summary>The text of a plain text; null for the others.</summary>
    public string? Text { get; init; }

    /// <summary>The conversation; of a preference with the chosen answer.</summary>
    public IReadOnlyList<ExportMessage> Messages { get; init; } = [];

    /// <summary>The rejected answer's messages.</summary>
    public IReadOnlyList<ExportMessage> Rejected { get; init; } = [];

    /// <summary>How many of <see cref="Messages"/> the record gives as its prompt; null where it doesn't say.</summary>
    public int? PromptMessages { get; init; }

    /// <summary>Tool definitions, a JSON list; null for none.</summary>
    public string? Tools { get; init; }

    /// <summary>Documents, a JSON list; null for none.</summary>
    public string? Documents { get; init; }

    /// <summary>What no trainer can read of the record; null where there is nothing.</summary>
    public string? Fault { get; init; }

    /// <summary>Messages up to the first that is trained; all of them where none is.</summary>
    public int UpToFirstTrained => Messages.TakeWhile(m => !m.IsTrained).Count();

    /// <summary>True where a turn of the assistant's before the first trained one is not to be trained.</summary>
    public bool BeginsUntrained => Messages.Take(UpToFirstTrained).Any(m => m.IsUntrained);

    /// <summary>Reads an example.</summary>
    public static ExportRow Of(Example example)
    {
        if (example.Text is { } text) return new ExportRow { Kind = ExportKind.Text, Text = text };
        string? fault = null;
        var rejected = Read(example.RejectedTurns, ref fault);
        var messages = Read(example.Turns, ref fault);
        int? prompt = example.PromptTurns ?? (rejected.Length > 0 ? 0 : null);
        if (rejected.Length > 0 && messages.Take(prompt!.Value).Any(m => m.IsTrained)) fault ??= TrainedPrompt;
        if (rejected.Length > 0 && messages.Skip(prompt!.Value).Concat(rejected).Any(m => m.IsUntrained)) fault ??= UntrainedAnswer;
        if (rejected.Any(m => m.UntrainedSpans.Count > 0)) fault ??= UntrainedStretch;
        return new ExportRow
        {
            Kind = rejected.Length > 0 ? ExportKind.Preference : ExportKind.Conversation,
            Messages = messages,
            Rejected = rejected,
            PromptMessages = prompt,
            Tools = example.ToolsJson,
            Documents = example.DocumentsJson,
            Fault = fault,
        };
    }

    private static ExportMessage[] Read(IReadOnlyList<Turn> turns, ref string? fault)
    {
        var messages = new ExportMessage[turns.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = ExportMessage.Of(turns[i], out var own);
            fault ??= own;
        }

        return messages;
    }
}
