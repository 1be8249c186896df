using System.Text;

namespace Pursuit.Jinja;

/// <summary>Puts a marked text together piece by piece; charges what is written.</summary>
internal sealed class JinjaTextBuilder
{
    // A character is copied here and once more when the text is done.
    private const long CharacterCost = 3;
    private const long PieceCost = 4;
    private const long MarkCost = 8;
    private readonly JinjaContext _context;
    private readonly StringBuilder _text = new();
    private readonly List<JinjaMark> _marks = [];

    /// <summary>Opens an empty text of a rendering.</summary>
    public JinjaTextBuilder(JinjaContext context)
    {
        _context = context;
        context.Spend(2 * JinjaLimits.TextCost);
    }

    /// <summary>UTF-16 units so far.</summary>
    public int Length => _text.Length;

    /// <summary>Appends a piece with its marks.</summary>
    public void Append(JinjaText piece) => Append(piece, 0, piece.Value.Length);

    /// <summary>Appends part of a text with the marks on it.</summary>
    public void Append(JinjaText text, int start, int end)
    {
        Charge(end - start);
        for (var i = text.MarkAt(start); i < text.Marks.Length && text.Marks[i].Start < end; i++)
        {
            _context.Spend(MarkCost);
            var mark = text.Marks[i];
            var from = Math.Max(mark.Start, start) - start + _text.Length;
            JinjaText.AddMark(_marks, new JinjaMark(from, Math.Min(mark.End, end) - start + _text.Length, mark.Owner));
        }

        _text.Append(text.Value, start, end - start);
    }

    /// <summary>Appends the template's own characters.</summary>
    public void Append(string value)
    {
        Charge(value.Length);
        _text.Append(value);
    }

    /// <summary>Appends characters that belong to <paramref name="owner"/>; -1 is nobody.</summary>
    public void Append(ReadOnlySpan<char> value, int owner)
    {
        Charge(value.Length);
        if (owner >= 0 && value.Length > 0)
            JinjaText.AddMark(_marks, new JinjaMark(_text.Length, _text.Length + value.Length, owner));
        _text.Append(value);
    }

    /// <summary>What was put together.</summary>
    public JinjaText ToText() => JinjaText.Of(_text.ToString(), _marks.Count == 0 ? [] : [.. _marks]);

    private void Charge(long characters) => _context.Spend(PieceCost + (CharacterCost * characters));
}
