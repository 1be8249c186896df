using System.Buffers.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Shapes;

/// <summary>
/// What a message, or a part of its content, says about whether it is trained: <c>train</c> (axolotl), <c>weight</c> (OpenAI,
/// mistral-finetune), <c>loss</c> (ms-swift), <c>masked</c> (torchtune) and their like.
/// </summary>
internal static class TrainMarks
{
    /// <summary>The fields that are marks, as bits of a scan.</summary>
    public static readonly ulong Bits = FieldScan<MessageField>.Bits([.. Marks, MessageField.Mask]);

    private static ReadOnlySpan<MessageField> Marks =>
    [
        MessageField.Train, MessageField.Training, MessageField.Trainable, MessageField.Weight, MessageField.Loss,
        MessageField.LossMask, MessageField.LossScale, MessageField.LossWeight, MessageField.Masked,
    ];

    /// <summary>Reads the marks among the fields of a message or part.</summary>
    /// <param name="tape">The record.</param>
    /// <param name="fields">The message's or part's fields.</param>
    /// <param name="mark">True for trained, false for not, null where nothing is said.</param>
    /// <param name="name">The field that says so, or null.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Read(JsonTape tape, FieldScan<MessageField> fields, out bool? mark, out string? name)
    {
        (mark, name) = (null, null);
        if ((fields.Present & Bits) == 0) return null;
        if (fields[MessageField.Mask] >= 0)
            return "unclear mark: 'mask' doesn't say which value is trained; expected 'train', 'weight' or 'loss_mask'";
        foreach (var field in Marks)
        {
            var node = fields[field];
            if (node < 0) continue;
            var fieldName = FieldScan<MessageField>.NameOf(field);
            if (ReadValue(tape, node) is not { } value)
                return $"unclear mark: '{fieldName}' is {Shown(tape, node)}; expected true, false, 1 or 0 (a turn is trained or it isn't)";
            if (field == MessageField.Masked) value = !value;
            if (mark is { } earlier && earlier != value)
                return $"unclear marks: '{name}' and '{fieldName}' contradict each other";
            (mark, name) = (value, fieldName);
        }

        return null;
    }

    /// <summary>
    /// Reads axolotl's <c>train_detail</c>: a list of <c>{begin_offset, end_offset, train}</c> in characters, both ends
    /// included. What no detail trains isn't trained.
    /// </summary>
    /// <param name="tape">The record.</param>
    /// <param name="node">The list.</param>
    /// <param name="trained">The trained stretches in characters, ends excluded, ascending and disjoint.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? ReadDetail(JsonTape tape, int node, out List<(int Start, int End)> trained)
    {
        trained = [];
        if (tape.Kind(node) != JsonTokenType.StartArray) return $"bad train_detail: {tape.DescribeKind(node)}; expected a list";
        var stretches = new List<(int Start, int End)>();
        for (var detail = tape.First(node); detail >= 0; detail = tape.NextItem(node, detail))
        {
            if (tape.Kind(detail) != JsonTokenType.StartObject
                || !ReadOffset(tape, tape.FindValue(detail, "begin_offset"u8), out var begin)
                || !ReadOffset(tape, tape.FindValue(detail, "end_offset"u8), out var end)
                || tape.FindValue(detail, "train"u8) is not (>= 0 and var mark)
                || ReadValue(tape, mark) is not { } isTrained)
            {
                return "bad train_detail: expected every entry to be {\"begin_offset\":..., \"end_offset\":..., \"train\":...}";
            }

            if (isTrained && begin <= end) stretches.Add((begin, end + 1));
        }

        foreach (var (start, end) in stretches.Order())
        {
            if (trained.Count > 0 && trained[^1].End >= start)
                trained[^1] = (trained[^1].Start, Math.Max(trained[^1].End, end));
            else
                trained.Add((start, end));
        }

        return null;
    }

    /// <summary>Turns trained stretches in characters into untrained spans in UTF-16 units of a text.</summary>
    public static void AddUntrained(RecordDraft draft, string text, List<(int Start, int End)> trained)
    {
        int character = 0, unit = 0, untrainedFrom = 0;
        foreach (var (start, end) in trained)
        {
            Advance(start);
            draft.AddSpan(untrainedFrom, unit);
            Advance(end);
            untrainedFrom = unit;
        }

        draft.AddSpan(untrainedFrom, text.Length);

        void Advance(int to)
        {
            for (; character < to && unit < text.Length; character++) unit += char.IsHighSurrogate(text[unit]) ? 2 : 1;
        }
    }

    /// <summary>A truth value as people write it, or null.</summary>
    public static bool? ReadValue(JsonTape tape, int node) => tape.Kind(node) switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.Number
            when Utf8Parser.TryParse(tape.Raw(node), out double number, out var used) && used == tape.Raw(node).Length
                && number is 0 or 1 => number == 1,
        JsonTokenType.String => tape.Text(node) switch
        {
            "true" or "True" or "TRUE" or "1" => true,
            "false" or "False" or "FALSE" or "0" => false,
            _ => null,
        },
        _ => null,
    };

    private static bool ReadOffset(JsonTape tape, int node, out int offset)
    {
        offset = 0;
        return node >= 0 && tape.Kind(node) == JsonTokenType.Number
            && Utf8Parser.TryParse(tape.Raw(node), out offset, out var used) && used == tape.Raw(node).Length
            && offset is >= 0 and < int.MaxValue;
    }

    private static string Shown(JsonTape tape, int node) => tape.Kind(node) switch
    {
        JsonTokenType.Number => JsonTape.Quote(System.Text.Encoding.UTF8.GetString(tape.Raw(node))),
        JsonTokenType.String => $"'{JsonTape.Quote(tape.Text(node))}'",
        _ => tape.DescribeKind(node),
    };
}
