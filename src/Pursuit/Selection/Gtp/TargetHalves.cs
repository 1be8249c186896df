using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>Two disjoint halves of a target, group by group, drawn by the run's seed.</summary>
internal static class TargetHalves
{
    /// <summary>The halves as targets with the whole target's groups.</summary>
    /// <exception cref="PursuitException">A group has one example only.</exception>
    public static (PursuitTarget First, PursuitTarget Second) Draw(
        SelectionProblem problem, string method, GradientRows target, PursuitOptions options, SelectionContext context)
    {
        var (group, names) = PursuitTarget.Grouped(problem, method, target, options, context);
        var first = new int[target.Count];
        var second = new int[target.Count];
        Array.Fill(first, -1);
        Array.Fill(second, -1);
        for (var j = 0; j < names.Count; j++)
        {
            var members = Enumerable.Range(0, target.Count).Where(v => group[v] == j).ToArray();
            if (members.Length < 2)
                throw PursuitException.At(
                    $"{method}.noise-floor",
                    $"held-out, and target group '{names[j]}' has {members.Length} example",
                    "at least 2, one for each half",
                    $"Give it more examples, or set {method}.noise-floor=analytic.");
            new SeededRandom(problem.Seed, "gtp/held-out", (ulong)j).Shuffle(members.AsSpan());
            for (var m = 0; m < members.Length; m++) (m % 2 == 0 ? first : second)[members[m]] = j;
        }

        return (PursuitTarget.OfGroups(target, first, names, context), PursuitTarget.OfGroups(target, second, names, context));
    }
}
