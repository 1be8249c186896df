using System.Text;

namespace Pursuit.Tokenization;

/// <summary>What a file's Unigram model says beside its pieces.</summary>
/// <param name="UnknownId">Id for what no piece covers, or null.</param>
/// <param name="ByteFallback">Whether such a character becomes its UTF-8 bytes' tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</param>
internal sealed record UnigramSettings(int? UnknownId, bool ByteFallback);

/// <summary>
/// SentencePiece's unigram language model (Kudo, 2018): of all ways to cut a word into pieces, the one with the largest sum of log
/// probabilities (Viterbi). A character without a piece of its own costs ten more than the rarest piece; neighboring ones are one unknown.
/// </summary>
internal sealed class UnigramModel : IWordModel
{
    private const double UnknownPenalty = 10;
    private const int Root = 0;
    private const int Nothing = -1;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> _edges = [];
    private readonly List<int> _pieceAt = [Nothing]; // of each state of the tree: the piece that ends there
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly UnigramSettings _settings;
    private readonly int[] _byteIds = new int[256];
    private readonly string _where;

    /// <param name="pieces">Pieces and log probabilities; a piece's place is its id. Of equal pieces the later counts.</param>
    /// <param name="settings">The rest.</param>
    /// <param name="where">The model's place, for messages.</param>
    public UnigramModel(IReadOnlyList<(string Piece, double Score)> pieces, UnigramSettings settings, string where)
    {
        _settings = settings;
        _where = where;
        _scores = [.. pieces.Select(piece => piece.Score)];
        _unknownScore = (pieces.Count == 0 ? 0 : _scores.Min()) - UnknownPenalty;
        for (var id = 0; id < pieces.Count; id++)
        {
            _ids[pieces[id].Piece] = id;
            if (pieces[id].Piece.Length > 0) _pieceAt[Insert(pieces[id].Piece)] = id;
        }

        for (var value = 0; value < _byteIds.Length; value++) _byteIds[value] = _ids.GetValueOrDefault($"<0x{value:X2}>", Nothing);
    }

    /// <inheritdoc/>
    /// <exception cref="PursuitException">The word has a character that no piece covers, and the model has no unknown token.</exception>
    public void Encode(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        symbols.Clear();
        if (word.Length == 0) return;
        var best = new Step[word.Length + 1];
        for (var start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word[start..], out _, out var length);
            if (!AddPieces(word, start, length, best)) Offer(ref best[start + length], best[start].Score + _unknownScore, start, Nothing);
            start += length;
        }

        AddBest(word, best, symbols);
    }

    // True where a piece is exactly the character at the start.
    private bool AddPieces(ReadOnlySpan<char> word, int start, int character, Step[] best)
    {
        var alone = false;
        var state = Root;
        for (var at = start; at < word.Length && _edges.TryGetValue(Edge(state, word[at]), out state); at++)
        {
            var piece = _pieceAt[state];
            if (piece == Nothing) continue;
            Offer(ref best[at + 1], best[start].Score + _scores[piece], start, piece);
            alone |= at + 1 - start == character;
        }

        return alone;
    }

    private static void Offer(ref Step step, double score, int start, int piece)
    {
        if (step.Reached && score <= step.Score) return;
        step = new Step(score, start, piece, true);
    }

    private void AddBest(ReadOnlySpan<char> word, Step[] best, SymbolBuffer symbols)
    {
        var cuts = new List<(int Start, int End)>();
        var fused = false;
        for (var end = word.Length; end > 0; end = best[end].Start)
        {
            var unknown = _settings.UnknownId is { } id && (best[end].Piece == Nothing || best[end].Piece == id);
            if (unknown && fused) cuts[^1] = (best[end].Start, cuts[^1].End);
            else cuts.Add((best[end].Start, end));
            fused = unknown;
        }

        for (var i = cuts.Count - 1; i >= 0; i--) Add(word[cuts[i].Start..cuts[i].End], cuts[i].Start, cuts[i].End, symbols);
    }

    private void Add(ReadOnlySpan<char> piece, int start, int end, SymbolBuffer symbols)
    {
        if (_ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out var known))
        {
            symbols.Add(known, start, end);
            return;
        }

        if (_settings.ByteFallback)
        {
            var bytes = Encoding.UTF8.GetBytes(piece.ToString());
            if (bytes.All(value => _byteIds[value] != Nothing))
            {
                foreach (var value in bytes) symbols.Add(_byteIds[value], start, end);
                return;
            }
        }

        symbols.Add(
            _settings.UnknownId
                ?? throw PursuitException.At(
                    _where, $"no piece covers '{piece}', and the model has no unk_id", "an unk_id, or a piece for every character"),
            start, end);
    }

    private int Insert(string piece)
    {
        var state = Root;
        foreach (var c in piece)
        {
            if (!_edges.TryGetValue(Edge(state, c), out var next))
            {
                next = _pieceAt.Count;
                _pieceAt.Add(Nothing);
                _edges.Add(Edge(state, c), next);
            }

            state = next;
        }

        return state;
    }

    private static long Edge(int state, char c) => ((long)state << 16) | c;

    private readonly record struct Step(double Score, int Start, int Piece, bool Reached);
}
