namespace Pursuit.Selection.Features;

/// <summary>Checks what embedding methods are given before they read a byte of it.</summary>
internal static class EmbeddingProblem
{
    private const string What = "embeddings";

    /// <summary>The pool's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures Pool(SelectionProblem problem, string method) => DenseProblem.Pool(problem.PoolEmbeddings, problem, method, What);

    /// <summary>The target's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures Target(SelectionProblem problem, string method) => DenseProblem.Target(problem.TargetEmbeddings, problem, method, What);
}
