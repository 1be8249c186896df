using System.Text;
using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Training;

/// <summary>
/// Trains a byte-level byte-pair encoding from texts. The vocabulary is the special tokens, the 256 bytes in the order of
/// <c>bytes_to_unicode</c>'s characters, then the merges in the order they were learnt.
/// </summary>
/// <remarks>
/// Deterministic: words and pairs are counted exactly, and of equally frequent pairs the one with the smaller left id goes
/// first, then the smaller right id, as in the tokenizers crate's trainer. Where two ways of joining make the same token,
/// the crate lists the second pair's later merges twice; here each pair is listed once.
/// </remarks>
internal static class BpeTrainer
{
    private const int ReportEveryTexts = 1024;

    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The corpus; read once, in order. Special tokens in it are not counted.</param>
    /// <param name="options">Vocabulary, word pattern, special tokens.</param>
    /// <param name="progress">Told now and then how far it is, or null.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The tokenizer; its vocabulary is smaller than asked where the corpus has no more frequent pairs.</returns>
    /// <exception cref="PursuitException">An option is out of range, or the corpus has no words.</exception>
    public static TrainedTokenizer Train(
        IEnumerable<string> texts, BpeTrainingOptions options, IProgress<BpeTrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options.Validate();
        var counter = CountWords(texts, options, progress, cancellationToken);
        if (counter.Count == 0)
            throw PursuitException.At("BPE training", "no text", "a corpus with at least one word", "Give files that aren't empty.");

        var tokens = new List<string>(options.SpecialTokens);
        Span<int> symbolOfByte = stackalloc int[256];
        foreach (var character in Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value)).Order())
        {
            symbolOfByte[ByteAlphabet.ToByte(character)] = tokens.Count;
            tokens.Add(character.ToString());
        }

        var merges = Learn(SpeltWords.FromBytes(counter, symbolOfByte), tokens, options, progress, cancellationToken);
        return new TrainedTokenizer(options, tokens, merges);
    }

    /// <summary>The scanner of a word pattern.</summary>
    internal static WordScanner ScannerOf(WordPattern pattern) => pattern switch
    {
        WordPattern.Gpt2 => Gpt2Scanner.ByteLevel,
        WordPattern.Llama3 => Llama3Scanner.ThreeDigits,
        _ => Llama3Scanner.OneDigit,
    };

    private static WordCounter CountWords(
        IEnumerable<string> texts, BpeTrainingOptions options, IProgress<BpeTrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var counter = new WordCounter();
        var scanner = ScannerOf(options.Pattern);
        var special = new AddedTokenFinder(
            options.SpecialTokens.Select((token, id) => (token, new AddedToken(id, token, true, false, false, false, false))));
        var sections = new List<AddedSection>();
        long characters = 0;
        long count = 0;
        foreach (var given in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = UnicodeText.WithoutLoneSurrogates(given);
            sections.Clear();
            special.Split(text, sections);
            foreach (var (start, end, token) in sections)
            {
                if (token is null)
                    Count(
                        options.NormalizeNfc
                            ? UnicodeText.Normalize(text[start..end], NormalizationForm.FormC)
                            : text.AsSpan(start, end - start),
                        scanner, counter);
            }

            characters += text.Length;
            if (++count % ReportEveryTexts == 0) progress?.Report(new BpeTrainingProgress("counting words", characters, 0));
        }

        progress?.Report(new BpeTrainingProgress("counting words", characters, 0));
        return counter;
    }

    private static void Count(ReadOnlySpan<char> text, WordScanner scanner, WordCounter counter)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = scanner.Next(text, start);
            counter.Add(text[start..end]);
            start = end;
        }
    }

    private static List<(int Left, int Right)> Learn(
        SpeltWords words, List<string> tokens, BpeTrainingOptions options, IProgress<BpeTrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++) ids[tokens[id]] = id;
        var merges = new List<(int Left, int Right)>();
        var listed = new HashSet<(int, int)>();
        var learner = new MergeLearner(words);
        while (tokens.Count < options.VocabularySize && learner.TryTakeBest(options.MinimumFrequency, out var left, out var right))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var token = tokens[left] + tokens[right];
            if (ids.TryGetValue(token, out var id))
            {
                // Bytes that happen to be spelled like a special token must never become it.
                if (id < options.SpecialTokens.Count) continue;
            }
            else
            {
                id = tokens.Count;
                ids[token] = id;
                tokens.Add(token);
                if (tokens.Count % ReportEveryTexts == 0)
                    progress?.Report(new BpeTrainingProgress("merging", tokens.Count, options.VocabularySize));
            }

            if (listed.Add((left, right))) merges.Add((left, right));
            learner.Apply(left, right, id);
        }

        progress?.Report(new BpeTrainingProgress("merging", tokens.Count, options.VocabularySize));
        return merges;
    }
}
