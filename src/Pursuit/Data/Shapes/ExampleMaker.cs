using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>Makes the <see cref="Example"/> that a draft stands for.</summary>
internal static class ExampleMaker
{
    /// <summary>Fields that have a member in <see cref="Turn"/>.</summary>
    private static readonly ulong Owned = TrainMarks.Bits | FieldScan<MessageField>.Bits(
        MessageField.Role, MessageField.From, MessageField.Content, MessageField.Value, MessageField.ToolCalls, MessageField.FunctionCall,
        MessageField.ReasoningContent, MessageField.Reasoning, MessageField.Thinking, MessageField.TrainDetail);

    /// <summary>True where a message has fields without a member in <see cref="Turn"/>.</summary>
    public static bool HasOthers(FieldScan<MessageField> fields) => fields.HasOthers || (fields.Present & ~Owned) != 0;

    public static Example Make(RecordDraft draft, ContentId contentId, RecordLocator locator)
    {
        return new Example
        {
            Id = draft.UserId(),
            ContentId = contentId,
            Turns = Turns(draft, 0, draft.TurnCount),
            Text = draft.IsText ? draft.ContentOf(-1) : null,
            ToolsJson = draft.Tools < 0 ? null : Encoding.UTF8.GetString(draft.ToolTape.Raw(draft.Tools)),
            DocumentsJson = draft.Documents < 0 ? null : Encoding.UTF8.GetString(draft.Tape.Raw(draft.Documents)),
            PromptTurns = draft.PromptTurns > 0 ? draft.PromptTurns : null,
            RejectedTurns = Turns(draft, draft.TurnCount, draft.Turns.Length),
            Locator = locator,
        };
    }

    private static Turn[] Turns(RecordDraft draft, int from, int to)
    {
        if (from == to) return [];
        var turns = new Turn[to - from];
        for (var i = from; i < to; i++)
        {
            ref readonly var turn = ref draft.Turns[i];
            turns[i - from] = new Turn(turn.Role, draft.ContentOf(i))
            {
                WrittenRole = turn.WrittenRole,
                IsContentNull = turn.IsContentNull,
                TrainMark = turn.TrainMark,
                UntrainedSpans = turn.Spans.Count == 0 ? [] : draft.Spans(i).ToArray(),
                Reasoning = draft.ThoughtOf(i),
                ToolCallsJson = ToolCalls.ToJson(draft, turn),
                FieldsJson = turn.HasOtherFields ? OtherFields(draft.Tape, turn.Message) : null,
            };
        }

        return turns;
    }

    /// <summary>The message's fields that have no member of their own, as they are written; null where there are none.</summary>
    private static string? OtherFields(JsonTape tape, int message)
    {
        StringBuilder? json = null;
        for (var key = tape.First(message); key >= 0; key = tape.NextKey(message, key))
        {
            if (tape.Kind(key + 1) == JsonTokenType.Null) continue;
            if (FieldScan<MessageField>.Find(tape, key) is >= 0 and var number && (Owned & (1UL << number)) != 0) continue;
            json = json is null ? new StringBuilder("{") : json.Append(',');
            json.Append(Encoding.UTF8.GetString(tape.Written(key))).Append(':').Append(Encoding.UTF8.GetString(tape.Written(key + 1)));
        }

        return json?.Append('}').ToString();
    }
}
