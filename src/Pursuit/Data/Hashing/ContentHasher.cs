using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;
using Pursuit.Data.Shapes;

namespace Pursuit.Data.Hashing;

/// <summary>Content ids of drafts (docs/formats/content-id.md), from their UTF-8 bytes without making strings.</summary>
/// <remarks>Version 1 for a record that has only what it covers, else version 2, so that no id of an earlier release changes.</remarks>
internal sealed class ContentHasher
{
    private readonly ByteBuffer _message = new();
    private readonly ByteBuffer _text = new();

    /// <summary>Computes the id.</summary>
    /// <returns>What is wrong where there is none, or null.</returns>
    public string? Hash(RecordDraft draft, out ContentId id)
    {
        _message.Clear();
        var isSecond = draft.NeedsSecondId;
        _message.Append(isSecond ? "pursuit content id v2\0"u8 : "pursuit content id v1\0"u8);
        var said = false;
        if (draft.IsText)
        {
            _message.Append((byte)'T');
            said = AppendContent(draft, -1);
        }
        else
        {
            _message.Append((byte)'C');
            AppendNumber(draft.TurnCount);
            for (var i = 0; i < draft.TurnCount; i++) said |= AppendTurn(draft, i, isSecond);
            if (draft.Tools < 0)
                AppendNumber(0);
            else
                AppendItems(draft.ToolTape, draft.Tools);
            if (isSecond) AppendSecond(draft);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_message.Written, hash);
        id = new ContentId(hash);
        return said ? null : "no words: every text is empty";
    }

    private bool AppendTurn(RecordDraft draft, int index, bool isSecond)
    {
        ref readonly var turn = ref draft.Turns[index];
        AppendField(turn.Role);
        var said = AppendContent(draft, index);
        AppendToolCalls(draft, turn);
        said |= turn.CallForm != CallForm.None;
        if (!isSecond) return said;
        var start = BeginField();
        draft.AppendThoughts(index, _message);
        TextNormalizer.NormalizeTail(_message, start);
        said |= EndField(start);
        _message.Append(turn is { IsAssistant: true, TrainMark: false } ? (byte)'u' : (byte)'t');
        AppendNumber(turn.Spans.Count);
        foreach (var span in draft.Spans(index))
        {
            AppendNumber(span.Start);
            AppendNumber(span.End);
        }

        return said;
    }

    /// <summary>What version 2 adds after the tools: the documents and the rejected answer.</summary>
    private void AppendSecond(RecordDraft draft)
    {
        if (draft.Documents < 0)
            AppendNumber(0);
        else
            AppendItems(draft.Tape, draft.Documents);
        AppendNumber(draft.Turns.Length - draft.TurnCount);
        for (var i = draft.TurnCount; i < draft.Turns.Length; i++) AppendTurn(draft, i, isSecond: true);
    }

    private void AppendNumber(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_message.Reserve(sizeof(long)), value);
        _message.Advance(sizeof(long));
    }

    private void AppendField(string ascii)
    {
        AppendNumber(ascii.Length);
        _message.Advance(Encoding.ASCII.GetBytes(ascii, _message.Reserve(ascii.Length)));
    }

    /// <summary>A field whose length is known only when it has been written.</summary>
    private int BeginField()
    {
        AppendNumber(0);
        return _message.Length;
    }

    private bool EndField(int start)
    {
        var length = _message.Length - start;
        BinaryPrimitives.WriteInt64LittleEndian(_message.Array.AsSpan(start - sizeof(long)), length);
        return length > 0;
    }

    private bool AppendContent(RecordDraft draft, int turn)
    {
        var start = BeginField();
        draft.AppendContent(turn, _message);
        TextNormalizer.NormalizeTail(_message, start);
        return EndField(start);
    }

    private void AppendToolCalls(RecordDraft draft, TurnDraft turn)
    {
        if (turn.CallForm == CallForm.None)
        {
            AppendNumber(0);
            return;
        }

        var (tape, calls) = draft.OpenCalls(turn);
        if (tape.Kind(calls) != JsonTokenType.StartArray)
        {
            AppendNumber(1);
            AppendObject(tape, calls, isCall: true);
            return;
        }

        AppendNumber(tape.CountItems(calls));
        for (var call = tape.First(calls); call >= 0; call = tape.NextItem(calls, call))
        {
            var function = tape.Find(call, "function"u8);
            AppendObject(tape, function >= 0 && tape.Kind(function) == JsonTokenType.StartObject ? function : call, isCall: true);
        }
    }

    private void AppendValue(JsonTape tape, int node)
    {
        switch (tape.Kind(node))
        {
            case JsonTokenType.StartObject:
                AppendObject(tape, node, isCall: false);
                break;
            case JsonTokenType.StartArray:
                _message.Append((byte)'a');
                AppendItems(tape, node);
                break;
            case JsonTokenType.String:
                _message.Append((byte)'s');
                var start = BeginField();
                tape.AppendText(node, _message);
                EndField(start);
                break;
            case JsonTokenType.Number:
                _message.Append((byte)'#');
                AppendNumber(tape.Raw(node).Length);
                _message.Append(tape.Raw(node));
                break;
            default:
                _message.Append(tape.Raw(node)[0]); // true, false and null are their first letters; a number's letter is '#'
                break;
        }
    }

    private void AppendItems(JsonTape tape, int array)
    {
        AppendNumber(tape.CountItems(array));
        for (var item = tape.First(array); item >= 0; item = tape.NextItem(array, item)) AppendValue(tape, item);
    }

    /// <summary>Keys in the order of their UTF-8 bytes; a call's <c>id</c> and <c>type</c> link and label, and say nothing.</summary>
    private void AppendObject(JsonTape tape, int node, bool isCall)
    {
        var members = new List<(byte[] Name, int Value)>();
        for (var key = tape.First(node); key >= 0; key = tape.NextKey(node, key))
        {
            _text.Clear();
            tape.AppendText(key, _text);
            if (isCall && (_text.Written.SequenceEqual("id"u8) || _text.Written.SequenceEqual("type"u8))) continue;
            members.Add((_text.Written.ToArray(), key + 1));
        }

        members.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        _message.Append((byte)'o');
        AppendNumber(members.Count);
        foreach (var (name, value) in members)
        {
            AppendNumber(name.Length);
            _message.Append(name);
            AppendValue(tape, value);
        }
    }
}
