using System.Text;

namespace Pursuit.Tokenization;

/// <summary>Puts a marked text together piece by piece.</summary>
internal sealed class JinjaTextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<JinjaMark> _marks = [];

    /// <summary>UTF-16 units so far.</summary>
    public int Length => _text.Length;

    /// <summary>Appends a piece with its marks.</summary>
    public void Append(JinjaText piece)
    {
        foreach (var mark in piece.Marks)
            JinjaText.AddMark(_marks, new JinjaMark(mark.Start + _text.Length, mark.End + _text.Length, mark.Owner));
        _text.Append(piece.Value);
    }

    /// <summary>Appends part of a text with the marks on it.</summary>
    public void Append(JinjaText text, int start, int end)
    {
        foreach (var mark in text.Marks)
        {
            var from = Math.Max(mark.Start, start);
            var to = Math.Min(mark.End, end);
            if (from < to)
                JinjaText.AddMark(_marks, new JinjaMark(from - start + _text.Length, to - start + _text.Length, mark.Owner));
        }

        _text.Append(text.Value, start, end - start);
    }

    /// <summary>Appends the template's own characters.</summary>
    public void Append(string value) => _text.Append(value);

    /// <summary>Appends characters that belong to <paramref name="owner"/>; -1 is nobody.</summary>
    public void Append(string value, int owner)
    {
        if (owner >= 0 && value.Length > 0)
            JinjaText.AddMark(_marks, new JinjaMark(_text.Length, _text.Length + value.Length, owner));
        _text.Append(value);
    }

    /// <summary>What was put together.</summary>
    public JinjaText ToText() => JinjaText.Of(_text.ToString(), _marks.Count == 0 ? [] : [.. _marks]);
}
