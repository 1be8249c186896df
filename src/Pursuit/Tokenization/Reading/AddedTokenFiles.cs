using System.Globalization;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>The added tokens of a directory without tokenizer.json.</summary>
internal static class AddedTokenFiles
{
    private const string AddedName = "added_tokens.json";

    /// <summary>
    /// Those that tokenizer_config.json lists by id; in older directories those of added_tokens.json, and the special tokens of the
    /// vocabulary.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="special">The special tokens.</param>
    /// <param name="vocabulary">Those of the vocabulary, with their ids.</param>
    /// <exception cref="PursuitException">A file can't be read, or an id is none.</exception>
    public static List<AddedToken> Read(string directory, IReadOnlySet<string> special, IReadOnlyList<(string Token, int Id)> vocabulary)
    {
        var tokens = new SortedDictionary<int, AddedToken>();
        var file = Path.Combine(directory, TokenizerConfig.FileName);
        if (File.Exists(file))
        {
            using var document = Open(file);
            var listed = document.Root["added_tokens_decoder"];
            if (!listed.IsNull)
            {
                foreach (var (id, value) in listed.Properties()) Add(tokens, value, id);
            }
        }

        var older = new List<(string Token, int Id)>();
        if (File.Exists(Path.Combine(directory, AddedName)))
        {
            using var document = Open(Path.Combine(directory, AddedName));
            older.AddRange(document.Root.Properties().Select(p => (p.Name, p.Value.Count(ModelReader.LargestId))));
        }

        foreach (var (token, id) in older.Concat(vocabulary))
        {
            tokens.TryAdd(id, new AddedToken(
                id, token, special.Contains(token), Normalized: false, StripLeft: false, StripRight: false, SingleWord: false));
        }

        return [.. tokens.Values];
    }

    /// <summary>Writes a token as tokenizer.json has it.</summary>
    public static void Write(Utf8JsonWriter json, AddedToken token)
    {
        json.WriteStartObject();
        json.WriteNumber("id", token.Id);
        json.WriteString("content", token.Content);
        json.WriteBoolean("special", token.Special);
        json.WriteBoolean("normalized", token.Normalized);
        json.WriteBoolean("lstrip", token.StripLeft);
        json.WriteBoolean("rstrip", token.StripRight);
        json.WriteBoolean("single_word", token.SingleWord);
        json.WriteEndObject();
    }

    private static JsonFile Open(string path) => JsonFile.Open(path, Tokenizer.LargestFile, "a part of a tokenizer, as JSON");

    private static void Add(SortedDictionary<int, AddedToken> tokens, JsonField value, string id)
    {
        if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > ModelReader.LargestId)
            throw PursuitException.At(
                value.Where, $"an added token with the id '{id}'", $"a whole number from 0 to {ModelReader.LargestId}");
        tokens[number] = new AddedToken(
            number,
            value["content"].Text(),
            value["special"].Boolean(false),
            value["normalized"].Boolean(false),
            value["lstrip"].Boolean(false),
            value["rstrip"].Boolean(false),
            value["single_word"].Boolean(false));
    }
}
