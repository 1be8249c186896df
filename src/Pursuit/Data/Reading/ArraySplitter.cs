using System.Buffers;

namespace Pursuit.Data.Reading;

/// <summary>The elements of one JSON array: the file, or a list inside the one object that is the file.</summary>
/// <param name="bracket">Bytes before the array's bracket in the data of the first call.</param>
/// <param name="isWrapped">The array is inside an object.</param>
internal sealed class ArraySplitter(int bracket, bool isWrapped) : RecordSplitter
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

        /// <summary>After the array, within the object around it.</summary>
        InWrapper,
    }

    public override SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var begin = 0;
        if (_state == State.InWrapper) return SkipWrapper(data, final, out found);
        if (_state != State.InElement)
        {
            if (_state == State.BeforeArray)
            {
                begin = bracket + 1;
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
                EndArray();
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
        if (data[begin + end] == (byte)']') EndArray();
        else _state = State.BeforeElement;
        var length = data.Slice(begin, end).LastIndexOfAnyExcept(WhiteSpace) + 1;
        found = new Found(begin, length, end, begin + end + 1);
        return SplitStatus.Record;
    }

    private void EndArray()
    {
        _state = isWrapped ? State.InWrapper : State.AfterArray;
        _depth = isWrapped ? 1 : 0;
        Scanned = 0;
    }

    /// <summary>Passes over the rest of the object around the array.</summary>
    private SplitStatus SkipWrapper(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var end = FindEnd(data, isWrapper: true);
        Scanned = 0;
        if (end < 0)
        {
            found = new Found(0, 0, 0, data.Length);
            return final ? SplitStatus.Unclosed : SplitStatus.NeedMore;
        }

        _state = State.AfterArray;
        return Next(data[(end + 1)..], final, end + 1, out found);
    }

    private SplitStatus Next(ReadOnlySpan<byte> data, bool final, int offset, out Found found)
    {
        var status = Next(data, final, out var inner);
        found = inner with { Start = inner.Start + offset, Consumed = inner.Consumed + offset };
        return status;
    }

    /// <summary>
    /// The comma or bracket that ends the element, or the brace that ends the object around the array; -1 when more data is
    /// needed.
    /// </summary>
    private int FindEnd(ReadOnlySpan<byte> element, bool isWrapper = false)
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
                    if (--_depth == 0 && isWrapper) return i;
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
