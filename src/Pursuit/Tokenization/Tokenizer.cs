using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Pursuit.Storage;
using Pursuit.Tokenization.Decoding;
using Pursuit.Tokenization.Normalizing;
using Pursuit.Tokenization.Reading;
using Pursuit.Tokenization.Splitting;

namespace Pursuit.Tokenization;

/// <summary>
/// A tokenizer as Hugging Face's <c>tokenizer.json</c> describes it: byte-pair encodings (GPT-2, Llama, Qwen), WordPiece (BERT) and
/// SentencePiece's unigram models (XLM-R, T5). What the file asks that isn't supported is refused by name when it is loaded
/// (docs/formats/tokenizer.md); a loaded tokenizer gives the ids of <c>tokenizers</c>.
/// </summary>
/// <remarks>Immutable and safe to share between threads; each thread remembers its own words.</remarks>
internal sealed class Tokenizer
{
    /// <summary>The file's name in a model directory.</summary>
    public const string FileName = "tokenizer.json";

    private const int MostSymbolsKept = 1 << 20; // a rare giant word must not hold its room for ever

    /// <summary>Bytes of a tokenizer.json at most; the longest that are published have about 40 million.</summary>
    internal const int LargestFile = 512 << 20;

    private static readonly string[] SentencePieceNames = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model"];

    private readonly string _where;
    private readonly IWordModel _model;
    private readonly INormalizer? _normalizer;
    private readonly PreTokenizer _preTokenizer;
    private readonly AddedTokenFinder _rawTokens;
    private readonly AddedTokenFinder _normalizedTokens;
    private readonly OutputReader.Frame _frame;
    private readonly IDecoder? _decoder;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _tokens;
    private readonly HashSet<int> _special;
    private readonly int _lowestSpecial;
    private readonly int _highestSpecial;
    private readonly ConcurrentBag<Scratch> _scratches = []; // hands a thread its own back first

    private Tokenizer(JsonField root, string fingerprint)
    {
        Fingerprint = fingerprint;
        _where = root.Where;
        var added = ModelReader.AddedTokens(root["added_tokens"]);
        var model = ModelReader.Read(root["model"], added);
        _normalizer = PipelineReader.Normalizer(root["normalizer"]);
        _preTokenizer = new PreTokenizer(PipelineReader.PreTokenizer(root["pre_tokenizer"]), model.SpellsBytes);
        _model = model.Create(_preTokenizer.ByteLevel);
        _frame = OutputReader.PostProcessor(root["post_processor"]);
        _decoder = OutputReader.Decoder(root["decoder"], added.Select(token => token.Content).ToHashSet(StringComparer.Ordinal));

        _ids = new Dictionary<string, int>(model.Vocabulary, StringComparer.Ordinal);
        _tokens = model.Vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        foreach (var token in added)
        {
            _ids[token.Content] = token.Id;
            _tokens[token.Id] = token.Content;
        }

        _special = [.. added.Where(token => token.Special).Select(token => token.Id)];
        (_lowestSpecial, _highestSpecial) = _special.Count == 0 ? (0, -1) : (_special.Min(), _special.Max());
        var normalized = added.Where(token => token.Normalized && _normalizer is not null).ToHashSet();
        _rawTokens = new AddedTokenFinder(added.Where(token => !normalized.Contains(token)).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenFinder(normalized.Select(token => (Normalized(token.Content), token)));
        VocabularySize = _tokens.Count == 0 ? 0 : _tokens.Keys.Max() + 1;
    }

    // An added token's text as it reads after normalization.
    private string Normalized(string text) => _normalizer!.Apply(new MappedText(text, 0, false, new TextWork(text.Length, _where))).Value;

    /// <summary>The highest id plus one, added tokens included: the least number of rows an embedding needs.</summary>
    public int VocabularySize { get; }

    /// <summary>SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">
    /// A model directory (or PEFT's adapters of one) that holds <c>tokenizer.json</c>, or <c>vocab.json</c> and <c>merges.txt</c>, or
    /// <c>vocab.txt</c>, of a class whose rules are known; or a tokenizer.json.
    /// </param>
    /// <exception cref="PursuitException">No such file, not JSON, contradictory, or it asks what isn't supported.</exception>
    public static Tokenizer Load(string path)
    {
        var file = path;
        if (Directory.Exists(path))
        {
            var directory = ModelDirectory.Open(path).TokenizerPath;
            file = Path.Combine(directory, FileName);
            if (!File.Exists(file))
            {
                if (VocabularyAndMerges.AreIn(directory))
                    return Parse(
                        VocabularyAndMerges.ToTokenizerJson(directory), Path.Combine(directory, VocabularyAndMerges.VocabularyName));
                var pieces = Path.Combine(directory, VocabularyText.FileName);
                return File.Exists(pieces) ? Parse(VocabularyText.ToTokenizerJson(directory), pieces) : throw NoTokenizer(directory);
            }
        }

        return Parse(BoundedFile.Read(file, LargestFile, $"a {FileName}, or a model directory that holds one"), file);
    }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">The text; a lone surrogate is read as U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether the post-processor's tokens (such as a beginning-of-text) go around it.</param>
    /// <returns>Token ids.</returns>
    /// <exception cref="PursuitException">As the other overload.</exception>
    public int[] Encode(string text, bool addSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(4 + (text.Length / 3));
        Encode(text, addSpecialTokens, ids, null);
        return [.. ids];
    }

    /// <summary>Encodes a text, appending to lists.</summary>
    /// <param name="text">The text; a lone surrogate is read as U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether the post-processor's tokens go around it.</param>
    /// <param name="ids">Gets the token ids.</param>
    /// <param name="spans">Gets each token's range in the text, where wanted.</param>
    /// <exception cref="PursuitException">
    /// The tokenizer's normalizer, pre-tokenizer or patterns make more of the text than its length allows (docs/formats/tokenizer.md).
    /// </exception>
    public void Encode(string text, bool addSpecialTokens, List<int> ids, List<TokenSpan>? spans)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(ids);
        text = UnicodeText.WithoutLoneSurrogates(text);
        if (!_scratches.TryTake(out var scratch)) scratch = new Scratch();
        var output = new Output(ids, spans, scratch);
        if (addSpecialTokens) AddFrame(_frame.Before, 0, output);
        EncodeSections(text, output);
        if (addSpecialTokens) AddFrame(_frame.After, text.Length, output);
        if (scratch.Symbols.Capacity <= MostSymbolsKept) _scratches.Add(scratch);
    }

    /// <summary>Turns ids back into text.</summary>
    /// <param name="ids">Token ids; an id without a token is omitted.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are omitted.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var tokens = new List<string>(ids.Length);
        foreach (var id in ids)
        {
            if (skipSpecialTokens && _special.Contains(id)) continue;
            if (_tokens.TryGetValue(id, out var token)) tokens.Add(token);
        }

        return _decoder is null ? string.Join(' ', tokens) : string.Concat(_decoder.Apply(tokens));
    }

    /// <summary>The id of a token as the vocabulary spells it, or null.</summary>
    public int? TokenToId(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token of an id as the vocabulary spells it, or null.</summary>
    public string? IdToToken(int id) => _tokens.GetValueOrDefault(id);

    /// <summary>What the post-processor puts before and after a text.</summary>
    internal (int[] Before, int[] After) Frame => ([.. _frame.Before], [.. _frame.After]);

    /// <summary>Whether an id belongs to a special token.</summary>
    public bool IsSpecial(int id) => id >= _lowestSpecial && id <= _highestSpecial && _special.Contains(id);

    /// <summary>Reads a tokenizer from a file's bytes.</summary>
    internal static Tokenizer Parse(byte[] bytes, string where)
    {
        using var file = JsonFile.Parse(bytes, where);
        return new Tokenizer(file.Root, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static PursuitException NoTokenizer(string directory)
    {
        var sentencePiece = SentencePieceNames.FirstOrDefault(name => File.Exists(Path.Combine(directory, name)));
        var advice =
            $"Save the tokenizer once with transformers, which writes {FileName}: AutoTokenizer.from_pretrained(...).save_pretrained(...).";
        return PursuitException.At(
            directory,
            sentencePiece is null ? $"no {FileName}" : $"{sentencePiece}, a SentencePiece model, and no {FileName}",
            $"a {FileName}, {VocabularyAndMerges.VocabularyName} and {VocabularyAndMerges.MergesName}, or {VocabularyText.FileName}",
            advice);
    }

    private static void AddFrame(IReadOnlyList<int> frame, int position, Output output)
    {
        foreach (var id in frame) output.Add(id, new TokenSpan(position, position));
    }

    private void EncodeSections(string text, Output output)
    {
        var work = new TextWork(text.Length, _where);
        var tracked = output.Spans is not null || (_normalizer is not null && _preTokenizer.AsksOrigins);
        if (_rawTokens.IsEmpty)
        {
            if (text.Length > 0) EncodeBetween(new MappedText(text, 0, tracked, work), true, output);
            return;
        }

        var sections = new List<AddedSection>();
        _rawTokens.Split(text, sections);
        for (var i = 0; i < sections.Count; i++)
        {
            var (start, end, token) = sections[i];
            if (token is not null) output.Add(token.Id, new TokenSpan(start, end));
            else EncodeBetween(new MappedText(text[start..end], start, tracked, work), i == 0, output);
        }
    }

    private void EncodeBetween(MappedText text, bool first, Output output)
    {
        if (_normalizer is not null) text = _normalizer.Apply(text);
        if (_normalizedTokens.IsEmpty)
        {
            EncodePlain(text, first, output);
            return;
        }

        var sections = new List<AddedSection>();
        _normalizedTokens.Split(text.Value, sections);
        for (var i = 0; i < sections.Count; i++)
        {
            var (start, end, token) = sections[i];
            if (token is not null) output.Add(token.Id, text.Origin(start, end));
            else EncodePlain(text.Slice(start, end), first && i == 0, output);
        }
    }

    private void EncodePlain(MappedText text, bool first, Output output)
    {
        if (text.Value.Length == 0) return;
        if (_preTokenizer.Scanner is { } scanner)
        {
            for (var start = 0; start < text.Value.Length;)
            {
                var end = scanner.Next(text.Value, start);
                EncodeWord(text, start, end, output);
                start = end;
            }

            return;
        }

        var cut = _preTokenizer.Cut(text, first);
        foreach (var (start, end) in cut.Words) EncodeWord(cut.Text, start, end, output);
    }

    private void EncodeWord(MappedText text, int start, int end, Output output)
    {
        var word = text.Value.AsSpan(start, end - start);
        var (words, symbols) = (output.Scratch.Words, output.Scratch.Symbols);
        if (word.Length > WordCache.LongestWord)
        {
            _model.Encode(word, symbols);
        }
        else
        {
            var hash = WordCache.Hash(word);
            if (words.TryGet(word, hash, out var known, out var ranges))
            {
                output.Add(known);
                if (output.Spans is null) return;
                foreach (var range in ranges) output.Spans.Add(text.Origin(start + (range & 0xFF), start + (range >> 8)));
                return;
            }

            _model.Encode(word, symbols);
            words.Add(word, hash, symbols);
        }

        output.Add(symbols.Ids);
        if (output.Spans is null) return;
        for (var i = 0; i < symbols.Count; i++)
            output.Spans.Add(text.Origin(start + symbols.Starts[i], start + symbols.Ends[i]));
    }

    /// <summary>What one encoding at a time needs: a memory of words, and room to merge one.</summary>
    private sealed class Scratch
    {
        public WordCache Words { get; } = new();

        public SymbolBuffer Symbols { get; } = new();
    }

    private readonly record struct Output(List<int> Ids, List<TokenSpan>? Spans, Scratch Scratch)
    {
        public void Add(int id, TokenSpan span)
        {
            Ids.Add(id);
            Spans?.Add(span);
        }

        public void Add(ReadOnlySpan<int> ids)
        {
            var count = Ids.Count;
            CollectionsMarshal.SetCount(Ids, count + ids.Length);
            ids.CopyTo(CollectionsMarshal.AsSpan(Ids)[count..]);
        }
    }
}
