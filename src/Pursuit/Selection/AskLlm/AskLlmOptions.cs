using System.ComponentModel;

namespace Pursuit.Selection.AskLlm;

/// <summary>Options of <c>ask-llm</c>.</summary>
public sealed record AskLlmOptions
{
    /// <summary>
    /// What the judge is asked: a text with <c>{example}</c> where the example's text goes, or the path of a file with such a text. Default
    /// empty: the paper's prompt.
    /// </summary>
    [Description("what the judge is asked: a text with {example} in it, or a file with such a text; empty is the paper's prompt")]
    public string Prompt { get; init; } = "";

    /// <summary>The answer whose probability is the score. Default "yes", the paper's; one token of the judge.</summary>
    [Description("the answer whose probability is the score; must be one token of the judge")]
    public string Answer { get; init; } = "yes";

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">The answer is empty, or has white space at an end, which templates trim.</exception>
    public void Validate()
    {
        if (Answer.Length == 0 || Answer.Trim() != Answer)
            throw PursuitException.At("ask-llm.answer", $"'{Answer}'", "a word without white space around it");
    }
}
