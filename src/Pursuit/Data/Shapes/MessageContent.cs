using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>A message's words: a text, or a list of parts, which are texts and, before them, the assistant's reasoning.</summary>
internal static class MessageContent
{
    /// <summary>Reads the words, with the spans that parts mark as untrained, and parts that are reasoning.</summary>
    /// <param name="draft">Gets the words.</param>
    /// <param name="content">Their node.</param>
    /// <param name="role">Who speaks.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Read(RecordDraft draft, int content, string role)
    {
        var tape = draft.Tape;
        if (tape.IsString(content))
        {
            draft.AddPart(content);
            return null;
        }

        if (tape.Kind(content) != JsonTokenType.StartArray)
            return $"bad content: {tape.DescribeKind(content)}; expected a text or a list of text parts";
        var lengths = new PartLengths(tape, content);
        var hasWords = false;
        for (var part = tape.First(content); part >= 0; part = tape.NextItem(content, part))
        {
            if (tape.Kind(part) != JsonTokenType.StartObject)
                return $"bad content part: {tape.DescribeKind(part)}; expected {{\"type\":\"text\",\"text\":...}}";
            draft.Part.Read(tape, part);
            var type = draft.Part[MessageField.Type];
            if (type < 0 || !tape.IsString(type)) return "bad content part: it has no 'type'; expected \"text\"";
            if (TrainMarks.Read(tape, draft.Part, out var mark, out var name) is { } unclear) return unclear;
            if (mark == true && role != Turn.Assistant) return MarkedAsTrained(role, name);
            if (!tape.Raw(type).SequenceEqual("text"u8))
            {
                if (tape.Text(type) is not ("thinking" or "reasoning"))
                    return $"a content part that isn't text: '{JsonTape.Quote(tape.Text(type))}'; expected only parts of type text";
                if (hasWords || role != Turn.Assistant)
                    return "unread words: a part that is reasoning; expected it in the assistant's messages, before the words";
                if (mark == false) return $"unclear mark: '{name}' on a part that is reasoning; expected it on the message or on its words";
                if (ReadThought(draft) is { } bad) return bad;
                continue;
            }

            var text = draft.Part[MessageField.Text];
            if (text < 0 || !tape.IsString(text)) return "bad content part: it has no 'text' that is a text";
            draft.AddPart(text);
            hasWords |= !tape.Raw(text).IsEmpty;
            if (mark == false && role == Turn.Assistant)
            {
                var (start, end) = lengths.Span(part, text);
                draft.AddSpan(start, end);
            }
        }

        return null;
    }

    /// <summary>The reason of a message that asks for loss though it isn't the assistant's.</summary>
    public static string MarkedAsTrained(string role, string? name) =>
        $"'{name}' marks words of the {role} as trained; expected it on the assistant's only";

    /// <summary>A part of type thinking: its words under that name, or as a list of text parts (Magistral).</summary>
    private static string? ReadThought(RecordDraft draft)
    {
        var tape = draft.Tape;
        var node = draft.Part[MessageField.Thinking];
        if (node < 0) node = draft.Part[MessageField.Reasoning];
        if (node < 0) node = draft.Part[MessageField.Text];
        if (node >= 0 && tape.IsString(node))
        {
            if (!tape.Raw(node).IsEmpty) draft.AddThought(node);
            return null;
        }

        if (node < 0 || tape.Kind(node) != JsonTokenType.StartArray)
            return "bad content part: its reasoning is no text; expected {\"type\":\"thinking\",\"thinking\":...}";
        for (var item = tape.First(node); item >= 0; item = tape.NextItem(node, item))
        {
            var text = tape.Kind(item) == JsonTokenType.StartObject ? tape.FindValue(item, "text"u8) : -1;
            if (text < 0 || !tape.IsString(text))
                return "bad content part: its reasoning is no text; expected {\"type\":\"thinking\",\"thinking\":...}";
            if (!tape.Raw(text).IsEmpty) draft.AddThought(text);
        }

        return null;
    }

    /// <summary>
    /// Where a part's words are in the content, in UTF-16 units; parts are asked for in order, and each is measured once.
    /// </summary>
    private struct PartLengths(JsonTape tape, int content)
    {
        private int _next = tape.First(content);
        private int _total;

        public (int Start, int End) Span(int part, int text)
        {
            for (; _next != part; _next = tape.NextItem(content, _next))
            {
                // Only texts add to the content, and every part before this one has been checked.
                if (!tape.Raw(tape.FindValue(_next, "type"u8)).SequenceEqual("text"u8)) continue;
                _total += tape.Text(tape.FindValue(_next, "text"u8)).Length;
            }

            return (_total, _total + tape.Text(text).Length);
        }
    }
}
