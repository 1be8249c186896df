namespace Pursuit.Data.Shapes;

/// <summary><c>text</c>: a plain text.</summary>
internal static class TextShape
{
    public static string? Read(RecordDraft draft)
    {
        var fault = ChatTurns.RequireText(draft, RecordField.Text, out var text);
        if (fault is null) draft.SetText(text);
        return fault;
    }
}
