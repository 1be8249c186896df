using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// Stanford Alpaca's fields: <c>instruction</c> and <c>input</c>, joined by a blank line, are what the user says.
/// <c>history</c> holds earlier pairs of question and answer.
/// </summary>
internal static class AlpacaShape
{
    public static string? Read(RecordDraft draft)
    {
        if (draft.Record[RecordField.Instruction] < 0) return ChatTurns.RequireText(draft, RecordField.Instruction, out _);
        var fault = ChatTurns.RequireText(draft, RecordField.Output, out var output)
            ?? ChatTurns.ReadSystem(draft)
            ?? ReadPrompt(draft);
        if (fault is not null) return fault;
        draft.AddPart(output);
        draft.AddTurn(new TurnDraft(Turn.Assistant));
        return ChatTurns.Finish(draft, isAnswerApart: true);
    }

    /// <summary>Reads the history and what the user says last.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadPrompt(RecordDraft draft)
    {
        var tape = draft.Tape;
        if ((ChatTurns.RequireText(draft, RecordField.Instruction, out var instruction) ?? ReadHistory(draft)) is { } fault) return fault;
        var input = draft.Record[RecordField.Input];
        if (input >= 0 && !tape.IsString(input)) return $"bad input: {tape.DescribeKind(input)}; expected a text";
        var hasInput = input >= 0 && !IsBlank(tape, input);
        if (!hasInput || !IsBlank(tape, instruction))
        {
            draft.AddPart(instruction);
            if (hasInput) draft.AddOwnText("\n\n"u8);
        }

        if (hasInput) draft.AddPart(input);
        draft.AddTurn(new TurnDraft(Turn.User));
        return null;
    }

    private static string? ReadHistory(RecordDraft draft)
    {
        var tape = draft.Tape;
        var history = draft.Record[RecordField.History];
        if (history < 0) return null;
        if (tape.Kind(history) != JsonTokenType.StartArray) return $"bad history: {tape.DescribeKind(history)}; expected a list of pairs";
        for (var pair = tape.First(history); pair >= 0; pair = tape.NextItem(history, pair))
        {
            var question = tape.Kind(pair) == JsonTokenType.StartArray ? tape.First(pair) : -1;
            var answer = question < 0 ? -1 : tape.NextItem(pair, question);
            if (answer < 0 || tape.NextItem(pair, answer) >= 0) return "bad history: expected every entry to be a pair [question, answer]";
            if (!tape.IsString(question) || !tape.IsString(answer)) return "bad history: expected question and answer to be texts";
            draft.AddPart(question);
            draft.AddTurn(new TurnDraft(Turn.User));
            draft.AddPart(answer);
            draft.AddTurn(new TurnDraft(Turn.Assistant));
        }

        return null;
    }

    private static bool IsBlank(JsonTape tape, int node)
    {
        var raw = tape.Raw(node);
        if (raw.IsEmpty) return true;
        return (raw[0] <= (byte)' ' || raw[0] == (byte)'\\' || raw[0] > 0x7F) && string.IsNullOrWhiteSpace(tape.Text(node));
    }
}
