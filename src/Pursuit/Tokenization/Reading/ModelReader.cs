using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>Reads the "model" and "added_tokens" of a tokenizer.json.</summary>
internal static class ModelReader
{
    /// <summary>Ids beyond this are taken for a damaged file: no vocabulary comes near it.</summary>
    public const int LargestId = (1 << 24) - 1;

    /// <summary>UTF-16 units that the added tokens may have altogether.</summary>
    public const int LargestAddedText = 1 << 20;

    private const string Models = "BPE, WordPiece, Unigram";

    /// <summary>A model as in the file.</summary>
    /// <param name="Vocabulary">Its tokens and their ids.</param>
    /// <param name="Create">Makes the model, told whether it gets words to spell in <see cref="ByteAlphabet"/>.</param>
    public sealed record Model(Dictionary<string, int> Vocabulary, Func<bool, IWordModel> Create)
    {
        /// <summary>Whether the model spells words in bytes itself where the pre-tokenizer ends with ByteLevel.</summary>
        public bool SpellsBytes { get; init; }
    }

    /// <summary>Reads added_tokens; absent means none.</summary>
    public static List<AddedToken> AddedTokens(JsonField field)
    {
        var tokens = new List<AddedToken>();
        var characters = 0L;
        if (field.IsNull) return tokens;
        foreach (var item in field.Items())
        {
            var special = item["special"].Boolean(false);
            tokens.Add(new AddedToken(
                item["id"].Count(LargestId),
                item["content"].Text(),
                special,
                item["normalized"].Boolean(!special),
                item["lstrip"].Boolean(false),
                item["rstrip"].Boolean(false),
                item["single_word"].Boolean(false)));
            characters += tokens[^1].Content.Length;
            if (characters > LargestAddedText)
                throw PursuitException.At(
                    field.Where, $"added tokens of more than {LargestAddedText:N0} characters altogether", "fewer or shorter ones");
        }

        return tokens;
    }

    /// <summary>Reads a model.</summary>
    /// <exception cref="PursuitException">A model of another kind, or one that contradicts itself.</exception>
    public static Model Read(JsonField model, IReadOnlyList<AddedToken> addedTokens) => model["type"].Text(TypeOf(model)) switch
    {
        "BPE" => BytePairs(model, addedTokens),
        "WordPiece" => WordPieceReader.Read(model),
        "Unigram" => UnigramReader.Read(model),
        var type => throw model.Unsupported("model", type, Models),
    };

    // Older files don't say; the fields tell.
    private static string TypeOf(JsonField model)
    {
        if (!model["merges"].IsNull) return "BPE";
        if (model["vocab"].Element.ValueKind == JsonValueKind.Array) return "Unigram";
        return model["max_input_chars_per_word"].IsNull ? "(none)" : "WordPiece";
    }

    private static Model BytePairs(JsonField model, IReadOnlyList<AddedToken> addedTokens)
    {
        var dropout = model["dropout"];
        if (!dropout.IsNull && !(dropout.TryNumber(out var rate) && rate == 0))
            throw dropout.Unsupported("BPE dropout", dropout.Shown(), "null");

        var prefix = model["continuing_subword_prefix"].Text("");
        var vocabulary = Vocabulary(model["vocab"]);
        var merges = new MergeTable(Merges(model["merges"], vocabulary, prefix));
        var settings = new BytePairSettings
        {
            UnknownId = Unknown(model["unk_token"], vocabulary, addedTokens),
            FuseUnknown = model["fuse_unk"].Boolean(false),
            ByteFallback = model["byte_fallback"].Boolean(false),
            IgnoreMerges = model["ignore_merges"].Boolean(false),
            ContinuingPrefix = prefix,
            WordSuffix = model["end_of_word_suffix"].Text(""),
        };
        return new Model(vocabulary, byteLevel => new BytePairModel(vocabulary, merges, settings with { ByteLevel = byteLevel }))
        {
            SpellsBytes = true,
        };
    }

    /// <summary>Reads tokens and their ids.</summary>
    public static Dictionary<string, int> Vocabulary(JsonField field)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var owners = new Dictionary<int, string>();
        foreach (var (token, value) in field.Properties())
        {
            if (!value.TryWhole(out var number) || number is < 0 or > LargestId)
                throw PursuitException.At(
                    field.Where, $"token '{token}' has the id {value.Shown()}", $"a whole number from 0 to {LargestId}");
            var id = (int)number;
            vocabulary.Add(token, id);
            if (!owners.TryAdd(id, token))
                throw PursuitException.At(field.Where, $"id {id} belongs to '{owners[id]}' and to '{token}'", "one token per id");
        }

        return vocabulary;
    }

    private static List<(int, int, int)> Merges(JsonField field, Dictionary<string, int> vocabulary, string prefix)
    {
        var merges = new List<(int, int, int)>();
        foreach (var item in field.Items())
        {
            var (left, right) = Pair(item);
            if (!vocabulary.TryGetValue(left, out var leftId)) throw Outside(item, left);
            if (!vocabulary.TryGetValue(right, out var rightId)) throw Outside(item, right);
            var result = left + (right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right);
            if (!vocabulary.TryGetValue(result, out var resultId)) throw Outside(item, result);
            merges.Add((leftId, rightId, resultId));
        }

        return merges;
    }

    private static (string Left, string Right) Pair(JsonField item)
    {
        if (item.Element.ValueKind == JsonValueKind.Array)
        {
            var parts = item.Items().Select(part => part.Text()).ToArray();
            return parts.Length == 2 ? (parts[0], parts[1]) : throw item.Fault($"two tokens in a merge, not {parts.Length}");
        }

        var text = item.Text();
        var space = text.IndexOf(' ');
        return space >= 0 && text.IndexOf(' ', space + 1) < 0
            ? (text[..space], text[(space + 1)..])
            : throw item.Fault("two tokens with one space between them");
    }

    private static PursuitException Outside(JsonField item, string token) =>
        PursuitException.At(
            item.Where, $"a merge needs the token '{token}', which the vocabulary lacks", "merges of tokens in the vocabulary");

    private static int? Unknown(JsonField field, Dictionary<string, int> vocabulary, IReadOnlyList<AddedToken> addedTokens)
    {
        if (field.IsNull) return null;
        var token = field.Text();
        if (vocabulary.TryGetValue(token, out var id)) return id;
        return addedTokens.LastOrDefault(added => added.Content == token)?.Id
            ?? throw PursuitException.At(
                field.Where, $"the unknown token '{token}' is not in the vocabulary", "a token of the vocabulary or none");
    }
}
