using System.Text;
using Pursuit.Storage;

namespace Pursuit.Selection.AskLlm;

/// <summary>What a judge is asked about an example, and the answer whose probability counts.</summary>
/// <param name="Template">The question, with <see cref="Placeholder"/> where the example goes.</param>
/// <param name="Answer">The answer.</param>
internal sealed record JudgePrompt(string Template, string Answer)
{
    /// <summary>Stands for the example's text.</summary>
    public const string Placeholder = "{example}";

    /// <summary>The prompt of the paper (Sachdeva et al., arXiv 2402.09668, "the prompt for obtaining the sampling score").</summary>
    public const string OfPaper =
        "###\n" + Placeholder + "\n###\n\n"
        + "Does the previous paragraph demarcated within ### and ### contain informative signal for pre-training a large-language model? "
        + "An informative datapoint should be well-formatted, contain some usable knowledge of the world, and strictly NOT have any "
        + "harmful, racist, sexist, etc. content.\n\nOPTIONS:\n- yes\n- no\n";

    private const string PromptOption = "ask-llm.prompt";
    private const int LargestFile = 1 << 20;

    /// <summary>Reads the prompt that options name.</summary>
    /// <exception cref="PursuitException">It has no place for the example, or its file can't be read.</exception>
    public static JudgePrompt Read(AskLlmOptions options)
    {
        if (options.Prompt.Length == 0) return new JudgePrompt(OfPaper, options.Answer);
        if (!IsPath(options.Prompt)) return new JudgePrompt(options.Prompt, options.Answer);
        if (!File.Exists(options.Prompt))
            throw PursuitException.At(
                PromptOption, $"'{options.Prompt}', which has no {Placeholder} in it and is no file",
                $"a text with {Placeholder} where the example goes, or a file with such a text");
        var text = Encoding.UTF8.GetString(BoundedFile.Read(options.Prompt, LargestFile, "a judge's prompt"));
        return text.Contains(Placeholder, StringComparison.Ordinal)
            ? new JudgePrompt(text, options.Answer)
            : throw PursuitException.At(options.Prompt, $"a prompt without {Placeholder}", $"{Placeholder} where the example goes");
    }

    /// <summary>A setting as it says the same from any directory: a prompt's path in full, anything else as it is.</summary>
    public static string WithFullPath(string setting) =>
        setting.StartsWith(PromptOption + "=", StringComparison.Ordinal) && setting[(PromptOption.Length + 1)..] is { Length: > 0 } value
            && IsPath(value)
            ? $"{PromptOption}={Path.GetFullPath(value)}"
            : setting;

    /// <summary>The question about an example.</summary>
    public string About(string text) => Template.Replace(Placeholder, text, StringComparison.Ordinal);

    private static bool IsPath(string value) => !value.Contains(Placeholder, StringComparison.Ordinal);
}
