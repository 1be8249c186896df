namespace Pursuit.Selection;

/// <summary>
/// Examples whose features hold nothing: zeros at every checkpoint, as where an answer was cut off or nothing was embedded. No method
/// that reads
/// features knows anything of them, so none may choose them.
/// </summary>
public static class FeaturelessRows
{
    /// <summary>Which examples those are, [pool]; null where there are none, or the method reads no features.</summary>
    /// <param name="method">The method's name; one that isn't in the registry reads what it is given.</param>
    /// <param name="problem">The pool's features.</param>
    public static bool[]? Of(string method, SelectionProblem problem)
    {
        var needs = MethodRegistry.Methods.FirstOrDefault(m => m.Name == method)?.Needs
            ?? FeatureNeeds.PoolGradients | FeatureNeeds.PoolEmbeddings;
        var features = needs.HasFlag(FeatureNeeds.PoolEmbeddings) ? problem.PoolEmbeddings : null;
        if (needs.HasFlag(FeatureNeeds.PoolGradients)) features ??= problem.PoolGradients;
        if (features is null) return null;
        var empty = new bool[features.Rows];
        Array.Fill(empty, true);
        for (var block = 0; block < features.Blocks; block++)
        {
            var norms = features.Norms(block);
            for (var i = 0; i < empty.Length; i++) empty[i] &= norms[i] == 0;
        }

        return empty.Contains(true) ? empty : null;
    }
}
