using Pursuit.Data;
using Pursuit.Engine.Training;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Proof;

/// <summary>Turns texts into the tokens that a model trained from scratch sees.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="EndToken">Put behind each document.</param>
/// <param name="Context">Tokens of a window.</param>
internal sealed record DocumentEncoder(Tokenizer Tokenizer, int EndToken, int Context)
{
    /// <summary>Takes a model directory's tokenizer.</summary>
    /// <param name="directory">The model's directory.</param>
    /// <param name="context">Tokens of a window.</param>
    /// <exception cref="PursuitException">The tokenizer has no end token.</exception>
    public static DocumentEncoder Load(string directory, int context)
    {
        var (tokenizer, end) = PretrainJob.LoadTokenizer(directory);
        return new DocumentEncoder(tokenizer, end, context);
    }

    /// <summary>Encodes every text of a pool.</summary>
    /// <exception cref="PursuitException">A record is a conversation.</exception>
    public TokenizedDocuments Encode(Pool pool, int threads, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        TokenizedDocuments.Encode(pool, Tokenizer, EndToken, threads, progress, cancellationToken);
}
