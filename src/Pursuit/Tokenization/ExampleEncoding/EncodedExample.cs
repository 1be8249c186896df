namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>What truncation took from an example. All zero but <see cref="FullLength"/> where it fitted.</summary>
/// <param name="FullLength">Tokens before truncation.</param>
/// <param name="PromptTokensCut">Tokens cut before the last answer, earlier answers' among them.</param>
/// <param name="EarlierAnswerTokensCut">Trained tokens among those: of earlier answers.</param>
/// <param name="AnswerTokensCut">Tokens cut from the end of the last answer; of a text, from its end.</param>
/// <param name="TrailingTokensCut">Tokens cut after the last answer; none of them was trained.</param>
internal readonly record struct Truncation(
    int FullLength, int PromptTokensCut, int EarlierAnswerTokensCut, int AnswerTokensCut, int TrailingTokensCut)
{
    /// <summary>True where anything was cut.</summary>
    public bool IsCut => PromptTokensCut + AnswerTokensCut + TrailingTokensCut > 0;
}

/// <summary>An example as a model reads it.</summary>
internal sealed record EncodedExample
{
    /// <summary>The user's own id, or null.</summary>
    public string? Id { get; init; }

    /// <summary>The example's content id.</summary>
    public required ContentId ContentId { get; init; }

    /// <summary>Token ids, [length]; at most the encoder's limit.</summary>
    public required int[] Ids { get; init; }

    /// <summary>[length]; true at t where loss is taken on predicting token t from those before it. Never true at 0.</summary>
    public required bool[] Trained { get; init; }

    /// <summary>Number of true entries of <see cref="Trained"/>.</summary>
    public required int SupervisedTokens { get; init; }

    /// <summary>What truncation took.</summary>
    public required Truncation Truncation { get; init; }

    /// <summary>True for an example that the template refuses; it has no tokens.</summary>
    public bool IsRefused { get; init; }

    /// <summary>True for a plain text.</summary>
    public bool IsText { get; init; }

    /// <summary>Turns without a word, a thought and a tool call.</summary>
    public int EmptyTurns { get; init; }

    /// <summary>Answers that could not be located in the rendered text; not trained.</summary>
    public int LostAnswers { get; init; }

    /// <summary>Answers of which the template printed only a part.</summary>
    public int ShortenedAnswers { get; init; }

    /// <summary>Answers after which the template prints no end token.</summary>
    public int AnswersWithoutEnd { get; init; }

    /// <summary>Assistant's turns whose thoughts the template leaves out, wholly or in part.</summary>
    public int ThoughtsNotPrinted { get; init; }

    /// <summary>Definitions of tools that the template leaves out.</summary>
    public int ToolsNotPrinted { get; init; }

    /// <summary>Documents that the template leaves out.</summary>
    public int DocumentsNotPrinted { get; init; }

    /// <summary>Special tokens that the record's own words spell out; the model reads them as its own.</summary>
    public int SpecialTokensInWords { get; init; }

    /// <summary>True where a turn's words hold what opens an answer in the template.</summary>
    public bool HasNestedTemplate { get; init; }

    /// <summary>True where the beginning-of-text token comes twice.</summary>
    public bool HasDoubledBeginning { get; init; }

    /// <summary>True for a conversation whose last turn is not the assistant's.</summary>
    public bool LastTurnIsNotAssistant { get; init; }

    /// <summary>True where no token is trained: the example teaches nothing.</summary>
    public bool AllMasked => SupervisedTokens == 0;
}
