using System.Buffers;

namespace Pursuit.Data.Reading;

/// <summary>What a splitter found.</summary>
internal enum SplitStatus
{
    /// <summary>A record ends within the data.</summary>
    Record,

    /// <summary>The data ends before a record does.</summary>
    NeedMore,

    /// <summary>No record follows.</summary>
    End,

    /// <summary>Lines of JSON follow an array, or an array follows lines.</summary>
    Mixed,

    /// <summary>The file ends inside the array.</summary>
    Unclosed,
}

/// <summary>
/// Finds where records end, keeping its place between calls so that the data may arrive in pieces of any size.
/// </summary>
internal abstract class RecordSplitter
{
    /// <summary>JSON's white space.</summary>
    public static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>How far the data has been searched already, from the first unconsumed byte.</summary>
    protected int Scanned { get; set; }

    /// <summary>The data begins in the middle of a record whose beginning was dropped.</summary>
    protected bool IsDiscarding { get; set; }

    /// <summary>Looks for the next record.</summary>
    /// <param name="data">All bytes that are not yet consumed.</param>
    /// <param name="final">No more will come.</param>
    /// <param name="found">The record, and how many bytes are done with, whatever the status.</param>
    public abstract SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found);

    /// <summary>The caller drops the data searched so far, in the middle of a record that is too long.</summary>
    public void Discard()
    {
        Scanned = 0;
        IsDiscarding = true;
    }

    /// <summary>A record within the data.</summary>
    /// <param name="Start">Its first byte.</param>
    /// <param name="Length">Its bytes, without white space around it.</param>
    /// <param name="Span">Its bytes up to the line's end or the comma: what the limit on length counts.</param>
    /// <param name="Consumed">Bytes that are done with.</param>
    internal readonly record struct Found(int Start, int Length, int Span, int Consumed);
}

/// <summary>One record per line; blank lines are no records.</summary>
internal sealed class LineSplitter : RecordSplitter
{
    public override SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var begin = 0;
        while (true)
        {
            var newline = data[(begin + Scanned)..].IndexOf((byte)'\n');
            if (newline < 0 && !final)
            {
                Scanned = data.Length - begin;
                found = new Found(0, 0, 0, begin);
                return SplitStatus.NeedMore;
            }

            var end = newline < 0 ? data.Length : begin + Scanned + newline;
            var next = newline < 0 ? end : end + 1;
            Scanned = 0;
            var line = data[begin..end];
            if (IsDiscarding)
            {
                IsDiscarding = false;
                found = new Found(begin, 0, line.Length, next);
                return SplitStatus.Record;
            }

            var first = line.IndexOfAnyExcept(WhiteSpace);
            if (first >= 0)
            {
                var length = line.LastIndexOfAnyExcept(WhiteSpace) + 1 - first;
                found = new Found(begin + first, length, line.Length, next);
                return IsArrayOfRecords(line.Slice(first, length)) ? SplitStatus.Mixed : SplitStatus.Record;
            }

            begin = next;
            if (newline < 0)
            {
                found = new Found(0, 0, 0, next);
                return SplitStatus.End;
            }
        }
    }

    /// <summary>A lone '[' or '[{': the start of an array of records, as two files joined by mistake have it.</summary>
    private static bool IsArrayOfRecords(ReadOnlySpan<byte> line)
    {
        if (line[0] != (byte)'[') return false;
        var next = line[1..].IndexOfAnyExcept(WhiteSpace);
        return next < 0 || line[1 + next] == (byte)'{';
    }
}

/// <summary>The elements of one JSON array that spans the file.</summary>
internal sealed class ArraySplitter : RecordSplitter
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);
    private static readonly SearchValues<byte> InText = SearchValues.Create("\"\\"u8);

    private State _state = State.BeforeArray;
    private bool _first = true;
    private bool _inText;
    private bool _escaped;
    private int _depth;

    private enum State
    {
        BeforeArray,
        BeforeElement,
        InElement,
        AfterArray,
    }

    public override SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var begin = 0;
        if (_state != State.InElement)
        {
            if (_state == State.BeforeArray)
            {
                begin = data.IndexOf((byte)'[') + 1; // the caller has seen that it comes first
                _state = State.BeforeElement;
            }

            var space = data[begin..].IndexOfAnyExcept(WhiteSpace);
            if (space < 0)
            {
                found = new Found(0, 0, 0, data.Length);
                if (!final) return SplitStatus.NeedMore;
                return _state == State.AfterArray ? SplitStatus.End : SplitStatus.Unclosed;
            }

            begin += space;
            if (_state == State.AfterArray)
            {
                found = new Found(begin, 0, 0, begin);
                return SplitStatus.Mixed;
            }

            if (_first && data[begin] == (byte)']')
            {
                _state = State.AfterArray;
                return Next(data[(begin + 1)..], final, begin + 1, out found);
            }

            _state = State.InElement;
            _first = false;
            Scanned = 0;
        }

        var end = FindEnd(data[begin..]);
        if (end < 0)
        {
            found = new Found(begin, 0, 0, begin);
            return final ? SplitStatus.Unclosed : SplitStatus.NeedMore;
        }

        Scanned = 0;
        _state = data[begin + end] == (byte)']' ? State.AfterArray : State.BeforeElement;
        var length = data.Slice(begin, end).LastIndexOfAnyExcept(WhiteSpace) + 1;
        found = new Found(begin, length, end, begin + end + 1);
        return SplitStatus.Record;
    }

    private SplitStatus Next(ReadOnlySpan<byte> data, bool final, int offset, out Found found)
    {
        var status = Next(data, final, out var inner);
        found = inner with { Start = inner.Start + offset, Consumed = inner.Consumed + offset };
        return status;
    }

    /// <summary>The comma or bracket that ends the element, or -1 when more data is needed.</summary>
    private int FindEnd(ReadOnlySpan<byte> element)
    {
        var i = Scanned;
        while (i < element.Length)
        {
            if (_escaped)
            {
                _escaped = false;
                i++;
                continue;
            }

            var next = element[i..].IndexOfAny(_inText ? InText : Structure);
            if (next < 0) break;
            i += next;
            switch (element[i])
            {
                case (byte)'"':
                    _inText = !_inText;
                    break;
                case (byte)'\\':
                    _escaped = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                case (byte)'}' when _depth > 0:
                case (byte)']' when _depth > 0:
                    _depth--;
                    break;
                case (byte)',' or (byte)']' when _depth == 0:
                    return i;
            }

            i++;
        }

        Scanned = element.Length;
        return -1;
    }
}
