using System.Buffers;

namespace Pursuit.Data.Reading;

/// <summary>
/// JSON objects one after the other, each over any number of lines; what is between them is a bad record up to its line's
/// end.
/// </summary>
internal sealed class ObjectSplitter : RecordSplitter
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> InText = SearchValues.Create("\"\\"u8);

    private bool _inObject;
    private bool _inText;
    private bool _escaped;
    private int _depth;

    public override SplitStatus Next(ReadOnlySpan<byte> data, bool final, out Found found)
    {
        var begin = 0;
        if (!_inObject)
        {
            var text = SkipToText(data);
            begin = data.Length - text.Length;
            if (text.IsEmpty)
            {
                found = new Found(0, 0, 0, data.Length);
                return final ? SplitStatus.End : SplitStatus.NeedMore;
            }

            if (text[0] != (byte)'{') return BetweenObjects(text, begin, final, out found);
            _inObject = true;
            Scanned = 0;
        }

        var end = FindEnd(data[begin..]);
        if (end < 0)
        {
            found = new Found(begin, 0, 0, begin);
            return final ? SplitStatus.Unclosed : SplitStatus.NeedMore;
        }

        _inObject = false;
        IsDiscarding = false;
        Scanned = 0;
        found = new Found(begin, end, end, begin + end);
        return SplitStatus.Record;
    }

    private static SplitStatus BetweenObjects(ReadOnlySpan<byte> text, int begin, bool final, out Found found)
    {
        var end = text.IndexOf((byte)'\n');
        if (end < 0 && !final)
        {
            found = new Found(begin, 0, 0, begin);
            return SplitStatus.NeedMore;
        }

        var line = end < 0 ? text : text[..end];
        found = new Found(begin, line.LastIndexOfAnyExcept(WhiteSpace) + 1, line.Length, begin + line.Length);
        return SplitStatus.Record;
    }

    /// <summary>The place after the object's last brace, or -1 when more data is needed.</summary>
    private int FindEnd(ReadOnlySpan<byte> data)
    {
        var i = Scanned;
        while (i < data.Length)
        {
            if (_escaped)
            {
                _escaped = false;
                i++;
                continue;
            }

            var next = data[i..].IndexOfAny(_inText ? InText : Structure);
            if (next < 0) break;
            i += next;
            switch (data[i++])
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
                default:
                    if (--_depth == 0) return i;
                    break;
            }
        }

        Scanned = data.Length;
        return -1;
    }
}
