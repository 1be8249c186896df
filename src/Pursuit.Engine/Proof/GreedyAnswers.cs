using Pursuit.Engine.Models;
using Pursuit.Engine.Training;

namespace Pursuit.Engine.Proof;

/// <summary>Greedy answers to many prompts over several threads; each is what it would be alone.</summary>
internal static class GreedyAnswers
{
    /// <summary>Answers every prompt.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="prompts">Token ids.</param>
    /// <param name="maximumNew">Most tokens of an answer.</param>
    /// <param name="endTokens">Ids that end an answer.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="cancellationToken">Stops between tokens.</param>
    public static int[][] Generate(
        Decoder decoder,
        IReadOnlyList<int[]> prompts,
        int maximumNew,
        IReadOnlyList<int> endTokens,
        int threads,
        CancellationToken cancellationToken)
    {
        var answers = new int[prompts.Count][];
        var taken = -1;
        using var pool = new WorkerPool(Math.Min(threads, prompts.Count));
        pool.Run(_ =>
        {
            using var generator = new Generator(decoder);
            generator.Greedy(
                prompts,
                maximumNew,
                () => Interlocked.Increment(ref taken) is var next && next < prompts.Count ? next : null,
                (i, tokens) => answers[i] = tokens,
                endTokens,
                cancellationToken);
        });
        return answers;
    }
}
