using System.Text;

namespace Pursuit.Tokenization;

/// <summary>
/// A stretch of text on its way to the model, with the place in the input each of its UTF-16 characters came from.
/// </summary>
internal sealed class MappedText
{
    private readonly int _offset;
    private readonly int[]? _starts;
    private readonly int[]? _ends;
    private readonly TextWork _work;

    /// <summary>A stretch of the input unchanged.</summary>
    /// <param name="value">The characters.</param>
    /// <param name="offset">Where the first is in the input.</param>
    /// <param name="tracked">False where nobody will ask for origins; rewriting is cheaper then.</param>
    /// <param name="work">What rewriting it is charged to.</param>
    public MappedText(string value, int offset, bool tracked, TextWork work)
    {
        _work = work;
        Value = value;
        _offset = offset;
        Tracked = tracked;
    }

    private MappedText(string value, int[]? starts, int[]? ends, bool tracked, TextWork work)
    {
        _work = work;
        Value = value;
        _starts = starts;
        _ends = ends;
        Tracked = tracked;
    }

    /// <summary>The characters.</summary>
    public string Value { get; }

    /// <summary>What rewriting the text, and looking for patterns in it, is charged to.</summary>
    public TextWork Work => _work;

    /// <summary>Whether origins are kept.</summary>
    public bool Tracked { get; }

    /// <summary>The input's range that [start, end) of this text came from.</summary>
    public TokenSpan Origin(int start, int end) =>
        start == end ? new TokenSpan(StartOf(start), StartOf(start)) : new TokenSpan(StartOf(start), EndOf(end - 1));

    /// <summary>A part of this text, with its origins.</summary>
    public MappedText Slice(int start, int end)
    {
        if (start == 0 && end == Value.Length) return this;
        var value = Value[start..end];
        return _starts is null
            ? new MappedText(value, _offset + start, Tracked, _work)
            : new MappedText(value, _starts[start..end], _ends![start..end], Tracked, _work);
    }

    private int StartOf(int index)
    {
        if (_starts is null) return _offset + index;
        if (index < _starts.Length) return _starts[index];
        return _ends!.Length == 0 ? 0 : _ends[^1];
    }

    private int EndOf(int index) => _ends is null ? _offset + index + 1 : _ends[index];

    /// <summary>Writes a new text out of an older one, with its origins.</summary>
    public sealed class Builder(MappedText source)
    {
        private readonly StringBuilder _value = new(source.Value.Length + 8);
        private readonly List<int>? _starts = source.Tracked ? new(source.Value.Length + 8) : null;
        private readonly List<int>? _ends = source.Tracked ? new(source.Value.Length + 8) : null;

        /// <summary>Characters written so far.</summary>
        public int Length => _value.Length;

        /// <summary>Copies the source's characters [start, end).</summary>
        public void Copy(int start, int end)
        {
            source._work.Write(end - start, _value.Length);
            _value.Append(source.Value, start, end - start);
            if (_starts is null) return;
            for (var i = start; i < end; i++)
            {
                _starts.Add(source.StartOf(i));
                _ends!.Add(source.EndOf(i));
            }
        }

        /// <summary>Writes characters that stand for the source's [start, end); an empty range is an insertion there.</summary>
        public void Replace(ReadOnlySpan<char> content, int start, int end)
        {
            source._work.Write(content.Length, _value.Length);
            _value.Append(content);
            if (_starts is null) return;
            var origin = source.Origin(start, end);
            for (var i = 0; i < content.Length; i++)
            {
                _starts.Add(origin.Start);
                _ends!.Add(origin.End);
            }
        }

        /// <summary>The text written.</summary>
        public MappedText Build() => new(_value.ToString(), _starts?.ToArray(), _ends?.ToArray(), source.Tracked, source._work);
    }
}
