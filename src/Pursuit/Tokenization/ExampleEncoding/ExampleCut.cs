namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>The tokens an over-long example keeps: two stretches of it.</summary>
/// <param name="Head">Tokens kept from the start.</param>
/// <param name="TailStart">First token of the second stretch.</param>
/// <param name="TailEnd">After its last.</param>
internal readonly record struct ExampleCut(int Head, int TailStart, int TailEnd)
{
    /// <summary>Tokens kept.</summary>
    public int Length => Head + (TailEnd - TailStart);

    /// <summary>Cuts a text: its end goes.</summary>
    public static ExampleCut OfText(int length, int limit) => new(Math.Min(length, limit), length, length);

    /// <summary>
    /// Cuts a conversation (docs/formats/chat-templates.md, "Over-long examples"): first what follows the last answer, then the
    /// prompt's oldest tokens after the header, then the header's after its first token, then the answer's end.
    /// </summary>
    /// <param name="length">Tokens in all.</param>
    /// <param name="limit">Tokens to keep at most; 2 or more.</param>
    /// <param name="header">Tokens before the first turn's words.</param>
    /// <param name="answerStart">First token of the last answer; equal to <paramref name="answerEnd"/> where there is none.</param>
    /// <param name="answerEnd">After its last token.</param>
    public static ExampleCut OfConversation(int length, int limit, int header, int answerStart, int answerEnd)
    {
        if (length <= limit) return new ExampleCut(length, length, length);
        // Nothing is trained: the newest tokens stay, as they would before an answer.
        if (answerStart == answerEnd) (answerStart, answerEnd) = (length, length);
        if (answerEnd <= limit) return new ExampleCut(limit, length, length);
        var room = limit - (answerEnd - answerStart);
        // The first token is never predicted, so an answer needs one before it.
        if (room < 1)
            return answerStart == 0 ? new ExampleCut(limit, length, length) : new ExampleCut(1, answerStart, answerStart + limit - 1);
        header = Math.Min(header, answerStart);
        var head = room >= header ? header : 1;
        if (header == 0) head = 0;
        return new ExampleCut(head, answerStart - (room - head), answerEnd);
    }
}
