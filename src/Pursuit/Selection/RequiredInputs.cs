using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>A problem's inputs, checked before a method reads a byte of them.</summary>
internal static class RequiredInputs
{
    private const string Gradients = "gradient features", Embeddings = "embeddings";

    /// <summary>The pool's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures RequirePoolGradients(this SelectionProblem problem, string method) =>
        Pool(problem.Gradients.Pool, problem, method, Gradients);

    /// <summary>The target's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures RequireTargetGradients(this SelectionProblem problem, string method) =>
        Target(problem.Gradients.Target, problem, method, Gradients);

    /// <summary>The pool's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures RequirePoolEmbeddings(this SelectionProblem problem, string method) =>
        Pool(problem.Embeddings.Pool, problem, method, Embeddings);

    /// <summary>The target's embeddings.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures RequireTargetEmbeddings(this SelectionProblem problem, string method) =>
        Target(problem.Embeddings.Target, problem, method, Embeddings);

    /// <summary>The pool's texts.</summary>
    /// <exception cref="PursuitException">There are none, or not one per example.</exception>
    public static ITextFeatures RequirePoolTexts(this SelectionProblem problem, string method)
    {
        var texts = problem.Texts.Pool
            ?? throw PursuitException.At(
                method, "no texts of the pool", "the pool's records", $"Let select read them with {ApiName.Pool}.");
        return texts.Count == problem.ContentIds.Count
            ? texts
            : throw PursuitException.At(method, $"{texts.Count:N0} texts", $"the pool's {problem.ContentIds.Count:N0} examples");
    }

    /// <summary>The target's texts.</summary>
    /// <exception cref="PursuitException">There are none.</exception>
    public static ITextFeatures RequireTargetTexts(this SelectionProblem problem, string method) =>
        problem.Texts.Target is { Count: > 0 } texts
            ? texts
            : throw PursuitException.At(method, "no texts of a target", "at least one target example", $"Give {ApiName.Target}.");

    private static IDenseFeatures Pool(IDenseFeatures? features, SelectionProblem problem, string method, string what)
    {
        if (features is null)
            throw PursuitException.At(
                method, $"no {what} of the pool", "some", $"Let select compute them with {ApiName.Model}, or give {ApiName.Features}.");
        if (features.Rows == problem.ContentIds.Count) return features;
        throw PursuitException.At(
            features.Name,
            $"{features.Rows:N0} rows",
            $"the pool's {problem.ContentIds.Count:N0} examples",
            $"Compute the {what} again for this pool, or give the pool they were made of.");
    }

    private static IDenseFeatures Target(IDenseFeatures? features, SelectionProblem problem, string method, string what)
    {
        if (features is null)
            throw PursuitException.At(method, $"no {what} of a target", "some", $"Give {ApiName.Target}, or {ApiName.TargetFeatures}.");
        if (features.Rows == 0)
            throw PursuitException.At(features.Name, "no rows", "at least one target example");
        if (problem.TargetGroups.Count == 0 || problem.TargetGroups.Count == features.Rows) return features;
        throw PursuitException.At(
            features.Name,
            $"{features.Rows:N0} rows",
            $"the target's {problem.TargetGroups.Count:N0} examples",
            $"Compute the {what} again for this target.");
    }
}
