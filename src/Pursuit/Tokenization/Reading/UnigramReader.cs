using Pursuit.Storage;

namespace Pursuit.Tokenization.Reading;

/// <summary>Reads a Unigram model.</summary>
internal static class UnigramReader
{
    /// <summary>UTF-16 units of a piece at most: the search looks so far ahead at every character.</summary>
    private const int LongestPiece = 512;

    /// <summary>Reads the model.</summary>
    /// <exception cref="PursuitException">It contradicts itself.</exception>
    public static ModelReader.Model Read(JsonField model)
    {
        var pieces = new List<(string Piece, double Score)>();
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in model["vocab"].Items())
        {
            if (item.Element.GetArrayLengthOrZero() != 2) throw item.Fault("a piece and its log probability");
            var piece = item.Items().First().Text();
            var score = item.Items().Last();
            if (!score.TryNumber(out var number)) throw score.Fault("a finite number");
            if (piece.Length > LongestPiece)
                throw PursuitException.At(item.Where, $"a piece of {piece.Length:N0} characters", $"at most {LongestPiece}");
            if (pieces.Count > ModelReader.LargestId)
                throw PursuitException.At(model.Where, $"more than {ModelReader.LargestId:N0} pieces", "fewer");
            vocabulary[piece] = pieces.Count;
            pieces.Add((piece, number));
        }

        var unknown = model["unk_id"];
        var settings = new UnigramSettings(
            unknown.IsNull ? null : unknown.Count(pieces.Count - 1), model["byte_fallback"].Boolean(false));
        var where = model.Where;
        return new ModelReader.Model(vocabulary, _ => new UnigramModel(pieces, settings, where));
    }

    private static int GetArrayLengthOrZero(this System.Text.Json.JsonElement element) =>
        element.ValueKind == System.Text.Json.JsonValueKind.Array ? element.GetArrayLength() : 0;
}
