using Pursuit.Tokenization.ChatTemplates;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>How a length is spread over the examples; nearest-rank percentiles.</summary>
/// <param name="Minimum">The smallest.</param>
/// <param name="Median">Half are at most this long.</param>
/// <param name="Percentile90">90 in 100 are at most this long.</param>
/// <param name="Percentile99">99 in 100 are at most this long.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Total">All together.</param>
public sealed record LengthSummary(int Minimum, int Median, int Percentile90, int Percentile99, int Maximum, long Total);

/// <summary>How many examples something is true of, and the first of them.</summary>
/// <param name="Count">Examples.</param>
/// <param name="FirstIds">Ids of the first few: the user's own, else the content id.</param>
public sealed record AuditCount(long Count, IReadOnlyList<string> FirstIds);

/// <summary>One of the longest examples.</summary>
/// <param name="Id">The user's id, else the content id.</param>
/// <param name="Tokens">Its tokens before truncation.</param>
public sealed record LongExample(string Id, int Tokens);

/// <summary>What an audit found in a pool or a target.</summary>
public sealed record AuditReport
{
    /// <summary>Examples encoded.</summary>
    public required long Examples { get; init; }

    /// <summary>Plain texts among them.</summary>
    public required long Texts { get; init; }

    /// <summary>The limit examples were cut to, in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Where the chat template came from.</summary>
    public required ChatTemplateSource TemplateSource { get; init; }

    /// <summary>Tokens before truncation; null without examples.</summary>
    public required LengthSummary? Lengths { get; init; }

    /// <summary>Supervised tokens, after truncation; null without examples.</summary>
    public required LengthSummary? SupervisedTokens { get; init; }

    /// <summary>Examples of which prompt tokens were cut.</summary>
    public required AuditCount PromptCut { get; init; }

    /// <summary>Examples of which tokens of the last answer (of a text: of its end) were cut.</summary>
    public required AuditCount AnswerCut { get; init; }

    /// <summary>Prompt tokens cut, over all examples.</summary>
    public required long PromptTokensCut { get; init; }

    /// <summary>Answer tokens cut, over all examples, earlier answers' among them.</summary>
    public required long AnswerTokensCut { get; init; }

    /// <summary>Examples without a trained token.</summary>
    public required AuditCount AllMasked { get; init; }

    /// <summary>Examples with a turn that says nothing.</summary>
    public required AuditCount EmptyTurns { get; init; }

    /// <summary>Conversations whose last turn is not the assistant's.</summary>
    public required AuditCount LastTurnNotAssistant { get; init; }

    /// <summary>Examples with an answer the template leaves out or mixes up, so that it is not trained.</summary>
    public required AuditCount LostAnswers { get; init; }

    /// <summary>Examples with an answer of which the template prints only a part.</summary>
    public required AuditCount ShortenedAnswers { get; init; }

    /// <summary>Examples with thoughts (a field beside the words) that the template leaves out.</summary>
    public required AuditCount ThoughtsNotPrinted { get; init; }

    /// <summary>Thoughts omitted, over all examples.</summary>
    public required long ThoughtsDropped { get; init; }

    /// <summary>Examples with tools that the template leaves out.</summary>
    public required AuditCount ToolsNotPrinted { get; init; }

    /// <summary>Examples with documents that the template leaves out.</summary>
    public required AuditCount DocumentsNotPrinted { get; init; }

    /// <summary>Examples whose own words spell out special tokens.</summary>
    public required AuditCount SpecialTokensInWords { get; init; }

    /// <summary>Special tokens spelled out, over all examples.</summary>
    public required long SpecialTokens { get; init; }

    /// <summary>Examples whose words hold what opens an answer in the template: a rendered conversation within this one.</summary>
    public required AuditCount NestedTemplates { get; init; }

    /// <summary>Examples that begin with the beginning-of-text token twice.</summary>
    public required AuditCount DoubledBeginnings { get; init; }

    /// <summary>Examples with an answer that no end token follows.</summary>
    public required AuditCount AnswersWithoutEnd { get; init; }

    /// <summary>Examples the template refuses.</summary>
    public required AuditCount Refused { get; init; }

    /// <summary>The first refusals' messages.</summary>
    public required IReadOnlyList<string> RefusalReasons { get; init; }

    /// <summary>The longest examples, longest first.</summary>
    public required IReadOnlyList<LongExample> Longest { get; init; }
}
