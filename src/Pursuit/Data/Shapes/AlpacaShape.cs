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
        var tape = draft.Tape;
        var fault = ChatTurns.RequireText(tape, "instruction"u8, out var instruction)
            ?? ChatTurns.RequireText(tape, "output"u8, out _)
            ?? ChatTurns.ReadSystem(draft)
            ?? ReadHistory(draft);
        if (fault is not null) return fault;

        var input = tape.FindValue(JsonTape.Root, "input"u8);
        if (input >= 0 && !tape.IsString(input)) return $"bad input: {tape.DescribeKind(input)}; expected a text";
        var hasInput = input >= 0 && !IsBlank(tape, input);
        if (!hasInput || !IsBlank(tape, instruction))
        {
            draft.AddPart(instruction);
            if (hasInput) draft.AddPart(RecordDraft.BlankLine);
        }

        if (hasInput) draft.AddPart(input);
        draft.AddTurn(Turn.User);
        draft.AddPart(tape.Find(JsonTape.Root, "output"u8));
        draft.AddTurn(Turn.Assistant);
        return ChatTurns.Finish(draft);
    }

    private static string? ReadHistory(RecordDraft draft)
    {
        var tape = draft.Tape;
        var history = tape.FindValue(JsonTape.Root, "history"u8);
        if (history < 0) return null;
        if (tape.Kind(history) != JsonTokenType.StartArray) return $"bad history: {tape.DescribeKind(history)}; expected a list of pairs";
        for (var pair = tape.First(history); pair >= 0; pair = tape.NextItem(history, pair))
        {
            if (tape.Kind(pair) != JsonTokenType.StartArray || tape.CountItems(pair) != 2)
                return "bad history: expected every entry to be a pair [question, answer]";
            var question = tape.First(pair);
            var answer = tape.NextItem(pair, question);
            if (!tape.IsString(question) || !tape.IsString(answer)) return "bad history: expected question and answer to be texts";
            draft.AddPart(question);
            draft.AddTurn(Turn.User);
            draft.AddPart(answer);
            draft.AddTurn(Turn.Assistant);
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
