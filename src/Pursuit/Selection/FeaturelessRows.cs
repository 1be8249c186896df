using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>
/// Examples whose features hold nothing: zeros at every checkpoint, as where an answer was cut off or nothing was embedded. No method
/// that reads features knows anything of them, so none may choose them.
/// </summary>
internal static class FeaturelessRows
{
    /// <summary>Which examples those are, [pool]; null where there are none, or a method reads no features.</summary>
    /// <param name="features">The pool's features that the method reads, or null.</param>
    public static bool[]? Find(IDenseFeatures? features)
    {
        if (features is null) return null;
        var empty = new bool[features.Rows];
        Array.Fill(empty, true);
        for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
        {
            var norms = features.Norms(checkpoint);
            for (var i = 0; i < empty.Length; i++) empty[i] &= norms[i] == 0;
        }

        return empty.Contains(true) ? empty : null;
    }
}
