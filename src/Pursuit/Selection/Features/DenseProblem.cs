namespace Pursuit.Selection.Features;

/// <summary>Checks dense features against a problem before a method reads a byte of them.</summary>
internal static class DenseProblem
{
    /// <summary>The pool's features, a row per example.</summary>
    /// <param name="features">What the method is given, or null.</param>
    /// <param name="problem">Whose pool it must be.</param>
    /// <param name="method">The method, for the message.</param>
    /// <param name="what">What the features are, such as "embeddings".</param>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures Pool(IDenseFeatures? features, SelectionProblem problem, string method, string what)
    {
        if (features is null)
            throw PursuitException.At(method, $"no {what} of the pool", "some", "Let select compute them with --model, or give --features.");
        return features.Rows == problem.ContentIds.Count
            ? features
            : throw PursuitException.At(features.Name, $"{features.Rows:N0} rows", $"the pool's {problem.ContentIds.Count:N0} examples", $"Compute the {what} again for this pool, or give the pool they were made of.");
    }

    /// <summary>The target's features, a row per target example.</summary>
    /// <param name="features">What the method is given, or null.</param>
    /// <param name="problem">Whose target groups they must fit.</param>
    /// <param name="method">The method, for the message.</param>
    /// <param name="what">What the features are.</param>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures Target(IDenseFeatures? features, SelectionProblem problem, string method, string what)
    {
        if (features is null)
            throw PursuitException.At(method, $"no {what} of a target", "some", "Give --target, or --target-features.");
        if (features.Rows == 0)
            throw PursuitException.At(features.Name, "no rows", "at least one target example");
        if (problem.TargetGroups.Count > 0 && problem.TargetGroups.Count != features.Rows)
            throw PursuitException.At(features.Name, $"{features.Rows:N0} rows", $"the target's {problem.TargetGroups.Count:N0} examples", $"Compute the {what} again for this target.");
        return features;
    }
}
