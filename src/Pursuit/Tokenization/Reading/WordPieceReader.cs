using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>Reads a WordPiece model.</summary>
internal static class WordPieceReader
{
    private const int UsualLongestWord = 100;

    /// <summary>Characters of a word at most: looking for its pieces takes time that grows with the square.</summary>
    private const int MostCharacters = 4096;

    /// <summary>Reads the model.</summary>
    /// <exception cref="PursuitException">It contradicts itself, or asks for longer words than are searched.</exception>
    public static ModelReader.Model Read(JsonField model)
    {
        var vocabulary = ModelReader.Vocabulary(model["vocab"]);
        var unknown = model["unk_token"].Text("[UNK]");
        var prefix = model["continuing_subword_prefix"].Text("##");
        if (prefix.Length == 0) throw model["continuing_subword_prefix"].Unsupported("a continuing_subword_prefix of", "''", "some text");
        if (!vocabulary.TryGetValue(unknown, out var id))
            throw PursuitException.At(
                model.Where, $"the unknown token '{unknown}' is not in the vocabulary", "a token of the vocabulary, which words need "
                    + "that no pieces spell");
        var longest = model["max_input_chars_per_word"];
        var settings = new WordPieceSettings(id, prefix, longest.IsNull ? UsualLongestWord : longest.Count(MostCharacters));
        return new ModelReader.Model(vocabulary, _ => new WordPieceModel(vocabulary, settings));
    }
}
