using Pursuit.Data;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Proof;

/// <summary>Turns texts into the tokens that a model trained from scratch sees.</summary>
/// <param name="Words">The tokenizer with what goes around a text.</param>
/// <param name="Context">Tokens of a window.</param>
internal sealed record DocumentEncoder(DocumentTokenizer Words, int Context)
{
    /// <summary>Takes a model directory's tokenizer.</summary>
    /// <param name="directory">The model's directory.</param>
    /// <param name="context">Tokens of a window.</param>
    /// <exception cref="PursuitException">The tokenizer has no end token.</exception>
    public static DocumentEncoder Load(string directory, int context) => new(DocumentTokenizer.Load(directory), context);

    /// <summary>Encodes every text of a pool.</summary>
    /// <exception cref="PursuitException">A record is a conversation.</exception>
    public TokenizedDocuments Encode(Pool pool, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        TokenizedDocuments.Encode(pool, Words, threads, progress, cancellationToken);
}
