using Pursuit.Engine.Models;

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
    public static int[][] Generate(Decoder decoder, IReadOnlyList<int[]> prompts, int maximumNew, IReadOnlyList<int> endTokens, int threads, CancellationToken cancellationToken)
    {
        var answers = new int[prompts.Count][];
        Parallel.ForEach(
            Enumerable.Range(0, prompts.Count),
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
            () => new Generator(decoder),
            (i, _, generator) =>
            {
                answers[i] = [.. generator.Greedy(prompts[i], maximumNew, endTokens, cancellationToken)];
                return generator;
            },
            generator => generator.Dispose());
        return answers;
    }
}
