using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// A message's tool calls in any of their spellings: the list <c>tool_calls</c>, OpenAI's older object <c>function_call</c>, or
/// the words of a ShareGPT message whose role is <c>function_call</c>.
/// </summary>
internal static class ToolCalls
{
    /// <summary>Reads the calls among the fields of <see cref="RecordDraft.Message"/>.</summary>
    /// <param name="draft">Holds the message's fields.</param>
    /// <param name="role">Who speaks.</param>
    /// <param name="form">How the calls are written; none where there are none.</param>
    /// <param name="node">Their node.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Read(RecordDraft draft, string role, out CallForm form, out int node)
    {
        var tape = draft.Tape;
        var list = draft.Message[MessageField.ToolCalls];
        var function = draft.Message[MessageField.FunctionCall];
        (form, node) = (CallForm.None, -1);
        if (list < 0 && function < 0) return null;
        if (list >= 0)
        {
            if (ListFault(tape, list) is { } fault) return $"bad tool_calls: {fault}";
            if (!tape.IsEmpty(list)) (form, node) = (CallForm.List, list);
        }

        if (function >= 0 && !IsNothing(tape, function))
        {
            if (!IsFunction(tape, function))
                return $"bad function_call: {tape.DescribeKind(function)}; expected {{\"name\":...,\"arguments\":...}}";
            if (form != CallForm.None) return "two kinds of calls: both 'tool_calls' and 'function_call'; expected one of them";
            (form, node) = (CallForm.Function, function);
        }

        return form == CallForm.None || role == Turn.Assistant
            ? null
            : $"bad {(form == CallForm.List ? "tool_calls" : "function_call")}: the message is the {role}'s; "
                + "expected them in the assistant's only";
    }

    /// <summary>
    /// True where a message of the role <c>function</c> is a call, as LLaMA-Factory has it, and not an answer, as OpenAI's older
    /// layout has it
    /// beside the <c>name</c> of the function.
    /// </summary>
    public static bool IsWritten(RecordDraft draft, int message, int content)
    {
        var tape = draft.Tape;
        if (content < 0 || !tape.IsString(content) || tape.FindValue(message, "name"u8) >= 0) return false;
        if (tape.Text(content).Contains("<tool_call>", StringComparison.Ordinal)) return true;
        var (json, fault) = draft.ReadCallText(content);
        if (fault is not null) return false;
        if (json.Kind(JsonTape.Root) != JsonTokenType.StartArray) return Says(JsonTape.Root);
        var item = json.First(JsonTape.Root);
        if (item < 0) return false;
        for (; item >= 0; item = json.NextItem(JsonTape.Root, item))
        {
            if (!Says(item)) return false;
        }

        return true;

        bool Says(int node) => IsFunction(json, node) && json.FindValue(node, "arguments"u8) >= 0;
    }

    /// <summary>Checks that words are a call, or a list of calls, as JSON.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? TextFault(RecordDraft draft, int text)
    {
        const string expected = "expected the JSON of {\"name\":...,\"arguments\":...} or a list of such";
        if (!draft.Tape.IsString(text)) return $"a function_call whose content is {draft.Tape.DescribeKind(text)}; {expected}";
        var (tape, fault) = draft.ReadCallText(text);
        if (fault is not null) return $"a function_call whose words are no JSON ({fault}); {expected}";
        if (tape.Kind(JsonTape.Root) != JsonTokenType.StartArray)
            return IsFunction(tape, JsonTape.Root) ? null : $"a function_call whose words are no call; {expected}";
        if (tape.IsEmpty(JsonTape.Root)) return $"a function_call whose list is empty; {expected}";
        for (var item = tape.First(JsonTape.Root); item >= 0; item = tape.NextItem(JsonTape.Root, item))
        {
            if (!IsFunction(tape, item)) return $"a function_call whose list has an entry that is no call; {expected}";
        }

        return null;
    }

    /// <summary>
    /// A turn's calls as the JSON list that templates and trainers read: as written where it is one, else made of its
    /// functions.
    /// </summary>
    public static string? ToJson(RecordDraft draft, TurnDraft turn)
    {
        if (turn.CallForm == CallForm.None) return null;
        var (tape, node) = draft.OpenCalls(turn);
        if (turn.CallForm == CallForm.List) return Encoding.UTF8.GetString(tape.Raw(node));
        var json = new StringBuilder("[");
        if (tape.Kind(node) != JsonTokenType.StartArray)
        {
            Append(node);
        }
        else
        {
            for (var item = tape.First(node); item >= 0; item = tape.NextItem(node, item))
            {
                if (json.Length > 1) json.Append(',');
                Append(item);
            }
        }

        return json.Append(']').ToString();

        void Append(int function) =>
            json.Append("{\"type\":\"function\",\"function\":").Append(Encoding.UTF8.GetString(tape.Raw(function))).Append('}');
    }

    private static string? ListFault(JsonTape tape, int calls)
    {
        if (tape.Kind(calls) != JsonTokenType.StartArray) return $"{tape.DescribeKind(calls)} instead of a list";
        for (var call = tape.First(calls); call >= 0; call = tape.NextItem(calls, call))
        {
            if (tape.Kind(call) != JsonTokenType.StartObject) return $"a call that is {tape.DescribeKind(call)} instead of an object";
        }

        return null;
    }

    private static bool IsFunction(JsonTape tape, int node)
    {
        if (tape.Kind(node) != JsonTokenType.StartObject) return false;
        var name = tape.FindValue(node, "name"u8);
        var arguments = tape.FindValue(node, "arguments"u8);
        return name >= 0 && tape.IsString(name)
            && (arguments < 0 || tape.IsString(arguments) || tape.Kind(arguments) == JsonTokenType.StartObject);
    }

    /// <summary>An empty text or object, as columns of one type have it in rows without a call.</summary>
    private static bool IsNothing(JsonTape tape, int node) =>
        tape.IsString(node)
            ? tape.Raw(node).IsEmpty
            : tape.Kind(node) == JsonTokenType.StartObject && (tape.IsEmpty(node) || HoldsOnlyNulls(tape, node));

    private static bool HoldsOnlyNulls(JsonTape tape, int node)
    {
        for (var key = tape.First(node); key >= 0; key = tape.NextKey(node, key))
        {
            if (tape.Kind(key + 1) != JsonTokenType.Null) return false;
        }

        return true;
    }
}
