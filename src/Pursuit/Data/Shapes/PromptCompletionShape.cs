using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// <c>prompt</c> and <c>completion</c> (or <c>response</c>), both texts or, as TRL allows, both lists of messages.
/// </summary>
internal static class PromptCompletionShape
{
    public static string? Read(RecordDraft draft)
    {
        var tape = draft.Tape;
        var prompt = draft.Record[RecordField.Prompt];
        var completion = draft.Record[RecordField.Completion];
        var response = draft.Record[RecordField.Response];
        if (prompt < 0) return $"no 'prompt': {tape.DescribeKeys(JsonTape.Root)}";
        if (completion >= 0 && response >= 0) return "two answers: both 'completion' and 'response'; expected one of them";
        if (completion < 0) completion = response;
        if (completion < 0) return $"no 'completion': {tape.DescribeKeys(JsonTape.Root)}";

        if (ChatTurns.ReadSystem(draft) is { } reason) return reason;
        if (tape.IsString(prompt) && tape.IsString(completion))
        {
            draft.AddPart(prompt);
            draft.AddTurn(new TurnDraft(Turn.User));
            draft.SetPrompt(draft.Turns.Length);
            draft.AddPart(completion);
            draft.AddTurn(new TurnDraft(Turn.Assistant));
            return ChatTurns.Finish(draft, isAnswerApart: true);
        }

        if (tape.Kind(prompt) != JsonTokenType.StartArray || tape.Kind(completion) != JsonTokenType.StartArray)
            return $"bad prompt and completion: {tape.DescribeKind(prompt)} and {tape.DescribeKind(completion)}; "
                + "expected two texts or two lists of messages";
        if (ChatTurns.ReadList(draft, prompt) is { } badPrompt) return $"{badPrompt} (prompt)";
        draft.SetPrompt(draft.Turns.Length);
        if (ChatTurns.ReadList(draft, completion) is { } badCompletion) return $"{badCompletion} (completion)";
        for (var i = draft.PromptTurns; i < draft.Turns.Length; i++)
        {
            if (draft.Turns[i].IsAssistant) return ChatTurns.Finish(draft, isAnswerApart: true);
        }

        return "bad completion: no message is the assistant's";
    }
}
