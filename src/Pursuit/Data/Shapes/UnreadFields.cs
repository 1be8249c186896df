using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// Fields that change what a record teaches in a way Pursuit doesn't follow: a record with one is quarantined, never read as
/// if the field weren't there. Empty ones are nothing: columns that several data sets share have them everywhere.
/// </summary>
internal static class UnreadFields
{
    private static ReadOnlySpan<RecordField> RecordMedia =>
        [RecordField.Images, RecordField.Image, RecordField.Videos, RecordField.Video, RecordField.Audios, RecordField.Audio];

    private static ReadOnlySpan<RecordField> TokenMasks => [RecordField.LossMask, RecordField.CompletionMask, RecordField.AssistantMasks];

    private static ReadOnlySpan<MessageField> MessageMedia =>
        [MessageField.Images, MessageField.Image, MessageField.Videos, MessageField.Video, MessageField.Audios, MessageField.Audio];

    private static readonly ulong RecordBits =
        FieldScan<RecordField>.Bits(
            [.. RecordMedia, .. TokenMasks, RecordField.ChatTemplateKwargs, RecordField.Mask, RecordField.Label, RecordField.KtoTag]);

    private static readonly ulong MessageBits = FieldScan<MessageField>.Bits(MessageMedia);

    /// <summary>Checks the record's own fields.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? OfRecord(RecordDraft draft)
    {
        var fields = draft.Record;
        if ((fields.Present & RecordBits) == 0) return null;
        var tape = draft.Tape;
        foreach (var field in RecordMedia)
        {
            if (fields[field] is >= 0 and var node && Holds(tape, node))
                return $"more than text: '{FieldScan<RecordField>.NameOf(field)}'; expected a record of text alone";
        }

        foreach (var field in TokenMasks)
        {
            if (fields[field] is >= 0 and var node && Holds(tape, node))
                return $"an unread mask: '{FieldScan<RecordField>.NameOf(field)}' of the record; expected marks on its messages "
                    + "('train', 'weight' or 'loss_mask')";
        }

        if (fields[RecordField.ChatTemplateKwargs] is >= 0 and var variables && Holds(tape, variables))
            return "unread template variables: 'chat_template_kwargs'; expected none in records "
                + "(those of all records go to the chat template as an option)";
        if (fields[RecordField.Mask] is >= 0 and var mask && tape.IsString(mask) && Holds(tape, mask)
            && tape.Text(mask) is not ("user" or "User" or "human"))
            return $"an unread mask: 'mask' of the record is '{JsonTape.Quote(tape.Text(mask))}'; expected marks on its messages "
                + "('train', 'weight' or 'loss_mask')";
        return UndesiredAnswer(draft, RecordField.Label) ?? UndesiredAnswer(draft, RecordField.KtoTag);
    }

    /// <summary>Checks the fields of <see cref="RecordDraft.Message"/>.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? OfMessage(RecordDraft draft)
    {
        if ((draft.Message.Present & MessageBits) == 0) return null;
        foreach (var field in MessageMedia)
        {
            if (draft.Message[field] is >= 0 and var node && Holds(draft.Tape, node))
                return $"more than text: '{FieldScan<MessageField>.NameOf(field)}'; expected a message of text alone";
        }

        return null;
    }

    /// <summary>
    /// An unpaired preference row whose answer is the one not to give: <c>label: false</c> (TRL's KTO), <c>kto_tag</c>
    /// (LLaMA-Factory). A plain text has no answer.
    /// </summary>
    private static string? UndesiredAnswer(RecordDraft draft, RecordField field)
    {
        var node = draft.Record[field];
        if (node < 0 || TrainMarks.ReadValue(draft.Tape, node) != false) return null;
        return ShapeReader.Recognize(draft) is null or RecordShape.Text
            ? null
            : $"an undesired answer: '{FieldScan<RecordField>.NameOf(field)}' is false; expected answers to learn";
    }

    /// <summary>True for a value that says something: not false, and not an empty text, list or object, nor a list of nulls.</summary>
    internal static bool Holds(JsonTape tape, int node)
    {
        switch (tape.Kind(node))
        {
            case JsonTokenType.False or JsonTokenType.Null:
                return false;
            case JsonTokenType.String:
                return !tape.Raw(node).IsEmpty;
            case JsonTokenType.StartArray:
                for (var item = tape.First(node); item >= 0; item = tape.NextItem(node, item))
                {
                    if (tape.Kind(item) != JsonTokenType.Null) return true;
                }

                return false;
            case JsonTokenType.StartObject:
                for (var key = tape.First(node); key >= 0; key = tape.NextKey(node, key))
                {
                    if (tape.Kind(key + 1) != JsonTokenType.Null) return true;
                }

                return false;
            default:
                return true;
        }
    }
}
