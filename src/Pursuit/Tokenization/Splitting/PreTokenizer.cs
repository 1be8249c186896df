using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Splitting;

/// <summary>One step of cutting a text into words, before it is known what the steps amount to.</summary>
internal abstract record PreTokenizerStep
{
    /// <summary>Cut by a pattern.</summary>
    public sealed record Cut(TextPattern Pattern, SplitBehavior Behavior, bool Invert) : PreTokenizerStep;

    /// <summary>Mark beginnings, and perhaps spaces.</summary>
    public sealed record Prefix(char Mark, bool ReplaceSpaces, PrefixScheme Scheme) : PreTokenizerStep;

    /// <summary>Spell in bytes.</summary>
    public sealed record Bytes : PreTokenizerStep;
}

/// <summary>The pre-tokenizer: steps, or the one scanner they amount to.</summary>
internal sealed class PreTokenizer
{
    private readonly List<ISplitter> _steps = [];

    /// <param name="steps">The steps.</param>
    /// <param name="modelSpells">Whether the model spells words in bytes where that is the last step.</param>
    public PreTokenizer(List<PreTokenizerStep> steps, bool modelSpells = true)
    {
        ByteLevel = modelSpells && steps.Count > 0 && steps[^1] is PreTokenizerStep.Bytes;
        var cuts = ByteLevel ? steps[..^1] : steps; // the last spelling in bytes is left to the model
        if (cuts.Count(step => step is PreTokenizerStep.Bytes) + (ByteLevel ? 1 : 0) > 1)
            throw new PursuitException(
                "pre_tokenizer: ByteLevel occurs twice; expected once. Spelling bytes in bytes has no meaning; remove one.");
        if (cuts is [PreTokenizerStep.Cut { Pattern: ScannerPattern pattern, Behavior: SplitBehavior.Isolated }]) Scanner = pattern.Scanner;
        // A pattern that matches everything leaves "removed and inverted" the same words as "isolated".
        if (cuts is [PreTokenizerStep.Cut { Pattern: ScannerPattern inverted, Behavior: SplitBehavior.Removed, Invert: true }])
            Scanner = inverted.Scanner;
        AsksOrigins = cuts.SkipWhile(step => step is not PreTokenizerStep.Cut)
            .Any(step => step is PreTokenizerStep.Prefix { Scheme: PrefixScheme.First });
        foreach (var step in cuts)
        {
            _steps.Add(step switch
            {
                PreTokenizerStep.Cut cut => new PatternSplitter(cut.Pattern, cut.Behavior, cut.Invert),
                PreTokenizerStep.Prefix prefix => new PrefixSplitter(prefix.Mark, prefix.ReplaceSpaces, prefix.Scheme),
                _ => new ByteSpellingSplitter(),
            });
        }
    }

    /// <summary>Whether the model gets words to spell in bytes.</summary>
    public bool ByteLevel { get; }

    /// <summary>Whether words depend on where their characters came from.</summary>
    public bool AsksOrigins { get; }

    /// <summary>Set where the words are exactly one scanner's.</summary>
    public WordScanner? Scanner { get; }

    /// <summary>Cuts a text that isn't empty.</summary>
    public CutText Cut(MappedText text, bool first)
    {
        var cut = new CutText(text, [new TextMatch(0, text.Value.Length)]) { First = first };
        foreach (var step in _steps)
        {
            cut.Text.Work.Touch(cut.Text.Value.Length);
            cut = step.Apply(cut);
        }

        return cut;
    }
}
