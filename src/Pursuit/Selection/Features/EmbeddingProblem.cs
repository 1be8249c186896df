namespace Pursuit.Selection.Features;

/// <summary>Checks what embedding methods are given before they read a byte of it.</summary>
internal static class EmbeddingProblem
{
    /// <summary>The pool's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures Pool(SelectionProblem problem, string method)
    {
        var features = problem.PoolEmbeddings
            ?? throw PursuitException.At(method, "no embeddings of the pool", "some", "Let select compute them with --model, or give --features.");
        return features.Rows == problem.ContentIds.Count
            ? features
            : throw PursuitException.At(features.Name, $"{features.Rows:N0} rows", $"the pool's {problem.ContentIds.Count:N0} examples", "Compute the embeddings again for this pool, or give the pool they were made of.");
    }

    /// <summary>The target's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures Target(SelectionProblem problem, string method)
    {
        var target = problem.TargetEmbeddings
            ?? throw PursuitException.At(method, "no embeddings of a target", "some", "Give --target, or --target-features.");
        if (target.Rows == 0)
            throw PursuitException.At(target.Name, "no rows", "at least one target example");
        if (problem.TargetGroups.Count > 0 && problem.TargetGroups.Count != target.Rows)
            throw PursuitException.At(target.Name, $"{target.Rows:N0} rows", $"the target's {problem.TargetGroups.Count:N0} examples", "Compute the embeddings again for this target.");
        return target;
    }
}
