using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>Tells a record's shape by its keys, and reads it by a given shape.</summary>
internal static class ShapeReader
{
    /// <summary>The shape a record names, in the order of <see cref="RecordShape"/>; null where it names none.</summary>
    public static RecordShape? Recognize(RecordDraft draft)
    {
        var (tape, fields) = (draft.Tape, draft.Record);
        if (tape.Kind(JsonTape.Root) != JsonTokenType.StartObject) return null;
        if (MessagesShape.IsList(tape, fields[RecordField.Messages])) return RecordShape.Messages;
        if (MessagesShape.IsList(tape, fields[RecordField.Conversations])) return RecordShape.ShareGpt;
        var isPreference = PreferenceRows.IsOne(draft);
        if (Has(RecordField.Instruction) && (Has(RecordField.Output) || isPreference)) return RecordShape.Alpaca;
        if (Has(RecordField.Prompt) && (Has(RecordField.Completion) || Has(RecordField.Response) || isPreference))
            return RecordShape.PromptCompletion;
        if (isPreference && Has(RecordField.Chosen))
            return tape.Kind(fields[RecordField.Chosen]) == JsonTokenType.StartArray ? RecordShape.Messages : RecordShape.PromptCompletion;
        return Has(RecordField.Text) ? RecordShape.Text : null;

        bool Has(RecordField field) => fields[field] >= 0;
    }

    /// <summary>Reads the draft's tape as a record of a shape.</summary>
    /// <param name="draft">Holds the tape; gets the record's words.</param>
    /// <param name="shape">The shape; null where none was found for the file.</param>
    /// <param name="isDetected">The shape was found by looking at the file, so that a record whose fields of that shape are
    /// null may have another.</param>
    /// <param name="preference">What to make of preference rows.</param>
    /// <returns>What is wrong, or null when the draft holds the record's words.</returns>
    public static string? Read(RecordDraft draft, RecordShape? shape, bool isDetected, PreferenceReading preference)
    {
        var tape = draft.Tape;
        if (tape.Kind(JsonTape.Root) != JsonTokenType.StartObject)
            return $"not a record: {tape.DescribeKind(JsonTape.Root)}; expected an object";
        draft.Begin();
        if (UnreadFields.OfRecord(draft) is { } unread) return unread;
        if (PreferenceRows.IsOne(draft))
            return preference == PreferenceReading.Chosen ? PreferenceRows.ReadChosen(draft) : PreferenceRows.Refusal(draft);
        if (isDetected && shape is { } common && IsNull(draft, common) && Recognize(draft) is { } own) shape = own;
        var reason = shape switch
        {
            RecordShape.Messages => MessagesShape.Read(draft),
            RecordShape.ShareGpt => MessagesShape.ReadShareGpt(draft),
            RecordShape.Alpaca => AlpacaShape.Read(draft),
            RecordShape.PromptCompletion => PromptCompletionShape.Read(draft),
            RecordShape.Text => TextShape.Read(draft),
            _ => $"no known shape: {tape.DescribeKeys(JsonTape.Root)}; expected one of {string.Join(", ", RecordShapeNames.All)}",
        };
        if (reason is not null && shape is { } asked && Recognize(draft) is { } other && other != asked)
            return $"{reason} (read as {asked.Name()}, but it looks like {other.Name()})";
        return reason;
    }

    /// <summary>
    /// True where the record has the shape's first field, as null: what columns shared by several data sets give the rows of
    /// the others.
    /// </summary>
    private static bool IsNull(RecordDraft draft, RecordShape shape)
    {
        var tape = draft.Tape;
        var field = shape switch
        {
            RecordShape.Messages => RecordField.Messages,
            RecordShape.ShareGpt => RecordField.Conversations,
            RecordShape.Alpaca => RecordField.Instruction,
            RecordShape.PromptCompletion => RecordField.Prompt,
            _ => RecordField.Text,
        };
        if (draft.Record[field] >= 0) return false;
        for (var key = tape.First(JsonTape.Root); key >= 0; key = tape.NextKey(JsonTape.Root, key))
        {
            if (tape.Kind(key + 1) == JsonTokenType.Null && draft.Record.NumberOf(tape, key) == (int)field) return true;
        }

        return false;
    }
}
