namespace Pursuit.Engine.Training;

/// <summary>The loss on held-out data, over all of it or one group of it.</summary>
/// <param name="Name">The group's name; null for all.</param>
/// <param name="Documents">Documents or records.</param>
/// <param name="Tokens">Labels: tokens the loss is taken on.</param>
/// <param name="Bytes">UTF-8 bytes of their texts.</param>
/// <param name="LossPerToken">Nats per label.</param>
/// <param name="LossPerByte">Nats per byte, which models with other tokenizers can be compared by; null where bytes aren't known.</param>
public sealed record HeldOutLoss(string? Name, int Documents, long Tokens, long Bytes, double LossPerToken, double? LossPerByte);

/// <summary>The figures on held-out data.</summary>
/// <param name="All">Over everything.</param>
/// <param name="Groups">By group, in the groups' ordinal order; empty without groups.</param>
public sealed record HeldOutResult(HeldOutLoss All, IReadOnlyList<HeldOutLoss> Groups)
{
    /// <summary>Nats per label over everything.</summary>
    public double LossPerToken => All.LossPerToken;
}

/// <summary>One piece of held-out data: a document's window, or a record.</summary>
/// <param name="Tokens">Its token ids.</param>
/// <param name="Supervised">Which of them count; null for all.</param>
/// <param name="Document">The document or record it is of.</param>
internal readonly record struct HeldOutPiece(int[] Tokens, bool[]? Supervised, int Document);

/// <summary>Held-out examples, evaluated in batches whose composition doesn't depend on the number of threads.</summary>
internal sealed class HeldOut
{
    private readonly IReadOnlyList<HeldOutPiece> _pieces;
    private readonly IReadOnlyList<long> _bytes;
    private readonly IReadOnlyList<string>? _groups;

    /// <summary>Takes pieces.</summary>
    /// <param name="pieces">The pieces; a piece's first token is never predicted.</param>
    /// <param name="bytes">UTF-8 bytes of each document; 0 where unknown.</param>
    /// <param name="groups">Each document's group, or null.</param>
    /// <exception cref="PursuitException">There is nothing to predict.</exception>
    public HeldOut(IReadOnlyList<HeldOutPiece> pieces, IReadOnlyList<long> bytes, IReadOnlyList<string>? groups)
    {
        if (pieces.All(p => p.Tokens.Length < 2))
            throw PursuitException.At(
                "held-out data",
                $"{pieces.Count} pieces, none of two tokens or more",
                "at least one with a token to predict",
                "Give another held-out file.");
        (_pieces, _bytes, _groups) = (pieces, bytes, groups);
    }

    /// <summary>Documents cut into windows.</summary>
    /// <param name="documents">The documents.</param>
    /// <param name="groups">Each document's group, or null.</param>
    /// <param name="context">Tokens of a window.</param>
    public static HeldOut OfDocuments(TokenizedDocuments documents, IReadOnlyList<string>? groups, int context) =>
        new([.. Windows(documents, context)], [.. Enumerable.Range(0, documents.Count).Select(documents.BytesOf)], groups);

    /// <summary>
    /// Cuts documents into windows. A window starts with the last token of the one before, so that every token but a
    /// document's first is predicted once.
    /// </summary>
    /// <param name="documents">The documents.</param>
    /// <param name="context">Tokens of a window.</param>
    public static IEnumerable<HeldOutPiece> Windows(TokenizedDocuments documents, int context)
    {
        for (var i = 0; i < documents.Count; i++)
        {
            var length = documents.Tokens(i).Length;
            for (var start = 0; start + 1 < length; start += context - 1)
                yield return new HeldOutPiece(documents.Tokens(i)[start..Math.Min(start + context, length)].ToArray(), null, i);
        }
    }

    /// <summary>Computes the losses.</summary>
    public HeldOutResult Evaluate(DecoderPool pool, CancellationToken cancellationToken)
    {
        var nats = new double[_bytes.Count];
        var labels = new long[_bytes.Count];
        var found = SequenceLosses.Compute([.. _pieces.Select(p => (p.Tokens, p.Supervised))], pool, cancellationToken);
        foreach (var ((loss, count), piece) in found.Zip(_pieces))
        {
            nats[piece.Document] += loss * count;
            labels[piece.Document] += count;
        }

        var groups = _groups is null
            ? []
            : _groups.Select(
                (name, document) =>
                    (name, document)).GroupBy(x =>
                        x.name, x => x.document).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Sum(g.Key, g)).ToList();
        return new HeldOutResult(Sum(null, Enumerable.Range(0, _bytes.Count)), groups);

        HeldOutLoss Sum(string? name, IEnumerable<int> documents)
        {
            var (count, total, tokens, bytes) = (0, 0.0, 0L, 0L);
            foreach (var document in documents)
            {
                count++;
                total += nats[document];
                tokens += labels[document];
                bytes += _bytes[document];
            }

            return new HeldOutLoss(name, count, tokens, bytes, total / tokens, bytes > 0 ? total / bytes : null);
        }
    }
}
