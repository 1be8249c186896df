namespace Pursuit.Tokenization.Training;

/// <summary>How a text is cut into words before pairs are counted; merges never cross a word's edge.</summary>
public enum WordPattern
{
    /// <summary>GPT-2's: a space goes with the word after it, numbers of any length.</summary>
    Gpt2,

    /// <summary>Llama 3's: numbers in threes, line ends separate, contractions in any case.</summary>
    Llama3,

    /// <summary>Qwen2's, 2.5's and 3's: as Llama 3's, with each digit alone.</summary>
    Qwen2,
}

/// <summary>Options of <see cref="BpeTrainer"/>.</summary>
public sealed record BpeTrainingOptions
{
    /// <summary>The largest vocabulary that can be asked for.</summary>
    public const int LargestVocabulary = 1 << 20;

    /// <summary>Tokens in all, the special ones and the 256 bytes included. Default 8192; 256 plus the special tokens to 2^20.</summary>
    public int VocabularySize { get; init; } = 8192;

    /// <summary>How words are cut. Default Llama 3's.</summary>
    public WordPattern Pattern { get; init; } = WordPattern.Llama3;

    /// <summary>Whether text is brought to NFC first, as Qwen's tokenizers do. Default false: every byte survives.</summary>
    public bool NormalizeNfc { get; init; }

    /// <summary>Occurrences a pair needs to be merged. Default 2; from 1.</summary>
    public long MinimumFrequency { get; init; } = 2;

    /// <summary>Special tokens, which get the first ids in this order. Default one, the end of text.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>Which special token begins a text, or null.</summary>
    public string? BosToken { get; init; }

    /// <summary>Which special token ends a text, or null. Default the end of text.</summary>
    public string? EosToken { get; init; } = "<|endoftext|>";

    /// <summary>Which special token pads, or null.</summary>
    public string? PadToken { get; init; }

    /// <summary>Whether encoding puts <see cref="BosToken"/> first. Default false.</summary>
    public bool AddBosToken { get; init; }

    /// <summary>A chat template (Jinja) for tokenizer_config.json, or null.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="PursuitException">One or more are out of range; the message lists all.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        var smallest = 256 + SpecialTokens.Count;
        if (VocabularySize < smallest || VocabularySize > LargestVocabulary)
            faults.Add($"VocabularySize is {VocabularySize}, expected {smallest} (256 bytes and {SpecialTokens.Count} special "
                + $"tokens) to {LargestVocabulary}");
        if (!Enum.IsDefined(Pattern))
            faults.Add($"Pattern is {(int)Pattern}, expected one of {string.Join(", ", Enum.GetNames<WordPattern>())}");
        if (MinimumFrequency < 1) faults.Add($"MinimumFrequency is {MinimumFrequency}, expected 1 or more");
        if (SpecialTokens.Any(token => token.Length == 0 || UnicodeText.HasLoneSurrogate(token)))
            faults.Add("SpecialTokens has a token that is empty or not Unicode");
        if (SpecialTokens.Distinct(StringComparer.Ordinal).Count() != SpecialTokens.Count) faults.Add("SpecialTokens has a token twice");
        if (SpecialTokens.Any(token => token.Length == 1 && ByteAlphabet.ToByte(token[0]) >= 0))
            faults.Add("SpecialTokens has a single character that stands for a byte");
        foreach (var (name, token) in ((string, string?)[])[("BosToken", BosToken), ("EosToken", EosToken), ("PadToken", PadToken)])
        {
            if (token is not null && !SpecialTokens.Contains(token, StringComparer.Ordinal))
                faults.Add($"{name} is '{token}', expected one of SpecialTokens");
        }

        if (AddBosToken && BosToken is null) faults.Add("AddBosToken is set, but BosToken isn't");
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, $"BPE training: {string.Join("; ", faults)}.");
    }
}

/// <summary>How far training is.</summary>
/// <param name="Stage">What is being done: "counting words" or "merging".</param>
/// <param name="Done">Characters read, or tokens in the vocabulary.</param>
/// <param name="Total">The vocabulary asked for; 0 while counting, whose end isn't known.</param>
internal readonly record struct BpeTrainingProgress(string Stage, long Done, long Total);
