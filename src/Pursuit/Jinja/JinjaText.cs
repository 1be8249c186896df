using System.Globalization;

namespace Pursuit.Jinja;

/// <summary>A stretch of a text that a turn of the conversation supplied.</summary>
/// <param name="Start">Position of its first UTF-16 unit.</param>
/// <param name="End">Position after its last.</param>
/// <param name="Owner">Who supplied it, as the renderer numbers the turns.</param>
internal readonly record struct JinjaMark(int Start, int End, int Owner);

/// <summary>
/// A string that remembers which of its characters came from which turn. The marks survive concatenation, trimming,
/// slicing, splitting and replacing, so that the rendered conversation knows the assistant's words without searching for
/// them. Immutable.
/// </summary>
internal sealed class JinjaText
{
    /// <summary>No characters.</summary>
    public static readonly JinjaText Empty = new("", []);

    private const long MarkCost = 8;
    private int _codePoints = -1;

    private JinjaText(string value, JinjaMark[] marks)
    {
        Value = value;
        Marks = marks;
    }

    /// <summary>The characters.</summary>
    public string Value { get; }

    /// <summary>Where they came from: ascending and disjoint; what no mark covers is the template's own.</summary>
    public JinjaMark[] Marks { get; }

    /// <summary>Length in code points, as Python counts.</summary>
    public int CodePoints
    {
        get
        {
            if (_codePoints < 0)
            {
                var count = Value.Length;
                foreach (var c in Value)
                {
                    if (char.IsLowSurrogate(c)) count--;
                }

                _codePoints = count;
            }

            return _codePoints;
        }
    }

    /// <summary>True where a code point is always one UTF-16 unit.</summary>
    public bool IsFlat => CodePoints == Value.Length;

    /// <summary>A text of the template's own.</summary>
    public static JinjaText Of(string value) => value.Length == 0 ? Empty : new JinjaText(value, []);

    /// <summary>A text that belongs to <paramref name="owner"/> whole.</summary>
    public static JinjaText Of(string value, int owner) =>
        value.Length == 0 ? Empty : owner < 0 ? new JinjaText(value, []) : new JinjaText(value, [new JinjaMark(0, value.Length, owner)]);

    /// <summary>A text with the marks given, which are taken over.</summary>
    public static JinjaText Of(string value, JinjaMark[] marks) => value.Length == 0 ? Empty : new JinjaText(value, marks);

    /// <summary>A whole number as a dict's key; as such it is no text's equal.</summary>
    public static JinjaText OfNumber(long number) => new(number.ToString(CultureInfo.InvariantCulture), []) { IsNumber = true };

    /// <summary>True for a dict's key that is a whole number.</summary>
    public bool IsNumber { get; private init; }

    /// <summary>True where a template called the text safe: what <c>+</c> adds to it is escaped for HTML, as markupsafe does.</summary>
    public bool IsSafe { get; private init; }

    /// <summary>The same text, called safe.</summary>
    public JinjaText AsSafe() => new(Value, Marks) { IsSafe = true };

    /// <summary>The two in a row.</summary>
    public static JinjaText Concat(JinjaContext context, JinjaText left, JinjaText right)
    {
        if (left.Value.Length == 0) return right;
        if (right.Value.Length == 0) return left;
        context.Spend(
            JinjaLimits.TextCost + (2L * (left.Value.Length + right.Value.Length)) + (MarkCost * (left.Marks.Length + right.Marks.Length)));
        var value = string.Concat(left.Value, right.Value);
        if (right.Marks.Length == 0) return new JinjaText(value, left.Marks);
        var builder = new List<JinjaMark>(left.Marks.Length + right.Marks.Length);
        builder.AddRange(left.Marks);
        foreach (var mark in right.Marks)
            AddMark(builder, new JinjaMark(mark.Start + left.Value.Length, mark.End + left.Value.Length, mark.Owner));
        return new JinjaText(value, [.. builder]);
    }

    /// <summary>The UTF-16 units from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public JinjaText Slice(JinjaContext context, int start, int end)
    {
        if (start >= end) return Empty;
        if (start == 0 && end == Value.Length) return this;
        context.Spend(JinjaLimits.TextCost + (2L * (end - start)));
        var value = Value[start..end];
        var first = MarkAt(start);
        var after = first;
        while (after < Marks.Length && Marks[after].Start < end) after++;
        if (after == first) return new JinjaText(value, []);
        context.Spend(MarkCost * (after - first));
        var marks = new JinjaMark[after - first];
        for (var i = first; i < after; i++)
            marks[i - first] = new JinjaMark(Math.Max(Marks[i].Start, start) - start, Math.Min(Marks[i].End, end) - start, Marks[i].Owner);
        return new JinjaText(value, marks);
    }

    /// <summary>Position of the first mark that ends after <paramref name="position"/>.</summary>
    public int MarkAt(int position)
    {
        var (low, high) = (0, Marks.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Marks[middle].End <= position) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Other characters in the place of these, one for one.</summary>
    public JinjaText WithSameLength(string value) => new(value, Marks);

    /// <summary>The owner of the unit at <paramref name="position"/>, or -1.</summary>
    public int OwnerAt(int position)
    {
        var at = MarkAt(position);
        return at < Marks.Length && Marks[at].Start <= position ? Marks[at].Owner : -1;
    }

    /// <summary>Position of the <paramref name="codePoint"/>-th code point in UTF-16 units.</summary>
    public int UnitOf(int codePoint)
    {
        if (IsFlat) return codePoint;
        var unit = 0;
        for (; codePoint > 0; codePoint--)
            unit += char.IsHighSurrogate(Value[unit]) && unit + 1 < Value.Length ? 2 : 1;
        return unit;
    }

    /// <summary>Number of code points before the UTF-16 unit at <paramref name="unit"/>.</summary>
    public int CodePointAt(int unit)
    {
        if (IsFlat) return unit;
        var count = unit;
        for (var i = 0; i < unit; i++)
        {
            if (char.IsLowSurrogate(Value[i])) count--;
        }

        return count;
    }

    /// <summary>Every code point as a text of its own, in order.</summary>
    public IEnumerable<JinjaText> Characters(JinjaContext context)
    {
        for (var i = 0; i < Value.Length;)
        {
            var next = i + (char.IsHighSurrogate(Value[i]) && i + 1 < Value.Length ? 2 : 1);
            yield return Slice(context, i, next);
            i = next;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Appends a mark, joining it to the last where they touch and have one owner.</summary>
    public static void AddMark(List<JinjaMark> marks, JinjaMark mark)
    {
        if (marks.Count > 0 && marks[^1].End == mark.Start && marks[^1].Owner == mark.Owner)
            marks[^1] = new JinjaMark(marks[^1].Start, mark.End, mark.Owner);
        else
            marks.Add(mark);
    }
}
