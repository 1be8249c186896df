using System.Text;
using System.Text.Json;
using Pursuit.Storage;
using Pursuit.Tokenization.Normalizing;
using Pursuit.Tokenization.Patterns;
using Pursuit.Tokenization.Splitting;

namespace Pursuit.Tokenization.Reading;

/// <summary>Reads the normalizer, pre-tokenizer and patterns of a tokenizer.json.</summary>
internal static class PipelineReader
{
    private const string Normalizers = "Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, "
        + "BertNormalizer, Nmt, Precompiled";
    private const string PreTokenizers = "Sequence, ByteLevel, Split, Metaspace, Digits, Punctuation, Whitespace, WhitespaceSplit, "
        + "BertPreTokenizer, CharDelimiterSplit";

    /// <summary>Reads a normalizer; null means none.</summary>
    public static INormalizer? Normalizer(JsonField field)
    {
        if (field.IsNull) return null;
        switch (field.Type())
        {
            case "Sequence":
                return new NormalizerSequence([.. field["normalizers"].Items().Select(item => Normalizer(item)).OfType<INormalizer>()]);
            case "NFC":
                return new UnicodeNormalizer(NormalizationForm.FormC);
            case "NFD":
                return new UnicodeNormalizer(NormalizationForm.FormD);
            case "NFKC":
                return new UnicodeNormalizer(NormalizationForm.FormKC);
            case "NFKD":
                return new UnicodeNormalizer(NormalizationForm.FormKD);
            case "Prepend":
                return new PrependNormalizer(field["prepend"].Text());
            case "Replace":
                return new ReplaceNormalizer(Pattern(field["pattern"]), field["content"].Text());
            case "Lowercase":
                return new LowercaseNormalizer();
            case "Strip":
                return new StripNormalizer(field["strip_left"].Boolean(true), field["strip_right"].Boolean(true));
            case "StripAccents":
                return new StripAccentsNormalizer();
            case "BertNormalizer":
                var lowers = field["lowercase"].Boolean(true);
                return new BertNormalizer(
                    field["clean_text"].Boolean(true), field["handle_chinese_chars"].Boolean(true), field["strip_accents"].Boolean(lowers),
                    lowers);
            case "Nmt":
                return new NmtNormalizer();
            case "Precompiled":
                return Precompiled(field["precompiled_charsmap"]);
            case var type:
                throw field.Unsupported("normalizer", type, Normalizers);
        }
    }

    /// <summary>Reads a pre-tokenizer into its steps, in order; null means none.</summary>
    public static List<PreTokenizerStep> PreTokenizer(JsonField field)
    {
        if (field.IsNull) return [];
        switch (field.Type())
        {
            case "Sequence":
                return [.. field["pretokenizers"].Items().SelectMany(PreTokenizer)];
            case "ByteLevel":
                return ByteLevel(field);
            case "Split":
                return [new PreTokenizerStep.Cut(
                    Pattern(field["pattern"]), Behavior(field["behavior"], null), field["invert"].Boolean(false))];
            case "Metaspace":
                return Metaspace(field);
            case "Digits":
                var alone = field["individual_digits"].Boolean(false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                return [new PreTokenizerStep.Cut(new CharacterPattern(CharacterPattern.IsNumeric), alone, false)];
            case "Punctuation":
                return [new PreTokenizerStep.Cut(
                    new CharacterPattern(CharacterPattern.IsPunctuation), Behavior(field["behavior"], SplitBehavior.Isolated), false)];
            case "Whitespace":
                return [new PreTokenizerStep.Cut(new WordOrSymbolPattern(), SplitBehavior.Removed, true)];
            case "WhitespaceSplit":
                return [WhiteSpace()];
            case "BertPreTokenizer":
                return [WhiteSpace(), new PreTokenizerStep.Cut(
                    new CharacterPattern(CharacterPattern.IsPunctuation), SplitBehavior.Isolated, false)];
            case "CharDelimiterSplit":
                return [new PreTokenizerStep.Cut(new LiteralPattern(field["delimiter"].Text()), SplitBehavior.Removed, false)];
            case var type:
                throw field.Unsupported("pre-tokenizer", type, PreTokenizers);
        }
    }

    /// <summary>Reads {"String": ...} or {"Regex": ...}.</summary>
    public static TextPattern Pattern(JsonField field)
    {
        if (field.Element.ValueKind == JsonValueKind.String) return new LiteralPattern(field.Text());
        var regex = field["Regex"];
        if (regex.IsNull) return new LiteralPattern(field["String"].Text());
        var pattern = regex.Text();
        return WordScanner.ForPattern(pattern) is { } scanner ? new ScannerPattern(scanner) : new RegexPattern(pattern, regex.Where);
    }

    private static PreTokenizerStep.Cut WhiteSpace() =>
        new(new CharacterPattern(CharacterPattern.IsWhiteSpace), SplitBehavior.Removed, false);

    // An empty map, of a SentencePiece model without rules, changes nothing.
    private static PrecompiledNormalizer? Precompiled(JsonField field)
    {
        if (field.IsNull || field.Text().Length == 0) return null;
        if (!field.Element.TryGetBytesFromBase64(out var bytes)) throw field.Fault("base64");
        return new PrecompiledNormalizer(CharacterMap.Read(bytes) ?? throw field.Fault("a compiled map of characters"));
    }

    private static List<PreTokenizerStep> ByteLevel(JsonField field)
    {
        var steps = new List<PreTokenizerStep>();
        if (field["add_prefix_space"].Boolean(false)) steps.Add(new PreTokenizerStep.Prefix(' ', false, PrefixScheme.Always));
        if (field["use_regex"].Boolean(true))
            steps.Add(new PreTokenizerStep.Cut(new ScannerPattern(Gpt2Scanner.ByteLevel), SplitBehavior.Isolated, false));
        steps.Add(new PreTokenizerStep.Bytes());
        return steps;
    }

    /// <summary>Reads what a Metaspace pre-tokenizer or decoder marks with, and where.</summary>
    public static (char Mark, PrefixScheme Scheme) MetaspaceMark(JsonField field)
    {
        var mark = field["replacement"].Text("\u2581");
        if (mark.Length != 1 || char.IsSurrogate(mark[0]))
            throw field["replacement"].Unsupported(
                "a Metaspace replacement of", mark, "a single character of the Basic Multilingual Plane");
        var scheme = field["prepend_scheme"].Text(field["add_prefix_space"].Boolean(true) ? "always" : "never") switch
        {
            "always" => PrefixScheme.Always,
            "first" => PrefixScheme.First,
            "never" => PrefixScheme.Never,
            var other => throw field["prepend_scheme"].Unsupported("prepend scheme", other, "always, first, never"),
        };
        return (mark[0], scheme);
    }

    private static List<PreTokenizerStep> Metaspace(JsonField field)
    {
        var (mark, scheme) = MetaspaceMark(field);
        var steps = new List<PreTokenizerStep> { new PreTokenizerStep.Prefix(mark, true, scheme) };
        if (field["split"].Boolean(true))
            steps.Add(new PreTokenizerStep.Cut(new LiteralPattern(mark.ToString()), SplitBehavior.MergedWithNext, false));
        return steps;
    }

    private static SplitBehavior Behavior(JsonField field, SplitBehavior? fallback)
    {
        if (field.IsNull && fallback is { } known) return known;
        return field.Text() switch
        {
            "Removed" or "removed" => SplitBehavior.Removed,
            "Isolated" or "isolated" => SplitBehavior.Isolated,
            "MergedWithPrevious" or "merged_with_previous" => SplitBehavior.MergedWithPrevious,
            "MergedWithNext" or "merged_with_next" => SplitBehavior.MergedWithNext,
            "Contiguous" or "contiguous" => SplitBehavior.Contiguous,
            var other =>
                throw field.Unsupported("split behavior", other, "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous"),
        };
    }
}
