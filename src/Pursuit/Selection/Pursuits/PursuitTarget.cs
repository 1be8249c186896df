using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What a pursuit fits: J scaled mean gradients B_j = sqrt(c_j) b_j / ||b_j||, with the noise that is in them.</summary>
internal sealed record PursuitTarget
{
    /// <summary>The groups' names, [J].</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>c_j: each group's share of the target's examples, [J], sums to 1.</summary>
    public required double[] Shares { get; init; }

    /// <summary>||b_j||, [J].</summary>
    public required double[] MeanNorms { get; init; }

    /// <summary>B, [J, D].</summary>
    public required float[] Scaled { get; init; }

    /// <summary>sum_j c_j b_j / ||b_j||, what uniform training should imitate, [D].</summary>
    public required float[] Uniform { get; init; }

    /// <summary>The energy of sampling noise within each ||B_j||^2, [J]: c_j (s^2 / n) / ||b_j||^2; 0 where it can't be known.</summary>
    public required double[] Noise { get; init; }

    /// <summary>J.</summary>
    public int Groups => Shares.Length;

    /// <summary>The target proper, or the pool itself where the problem has no target.</summary>
    /// <exception cref="PursuitException">No gradient, more groups than examples, or groups that don't fit.</exception>
    public static PursuitTarget Create(
        SelectionProblem problem, string method, GradientRows pool, PursuitOptions options, SelectionContext context)
    {
        if (problem.Gradients.Target is null) return OfPool(problem, method, pool, options, context);
        var target = pool.OfTarget(problem.RequireTargetGradients(method));
        var (group, names) = Grouped(problem, method, target, options, context);
        var fitted = OfGroups(target, group, names, context);
        // Where examples are served one by one, the budget ends the pursuit: a pair of them says too little of its own noise.
        return options.ServesExamples(problem.TargetGroupCount) ? fitted with { Noise = new double[names.Count] } : fitted;
    }

    /// <summary>The target of some of the target's examples; the others are in no group.</summary>
    public static PursuitTarget OfGroups(
        GradientRows target, IReadOnlyList<int> group, IReadOnlyList<string> names, SelectionContext context)
    {
        var means = GroupMeans.Compute(target, group, names, context.Threads, context.CancellationToken);
        var sizes = new int[names.Count];
        var squares = new double[names.Count];
        for (var v = 0; v < target.Count; v++)
        {
            if (group[v] < 0) continue;
            sizes[group[v]]++;
            squares[group[v]] += target.Norms[v] * target.Norms[v];
        }

        return OfMeans(target.Features.Name, means, sizes, squares, names, target.Dimension);
    }

    /// <summary>Each target example's group.</summary>
    public static (IReadOnlyList<int> Group, IReadOnlyList<string> Names) Grouped(
        SelectionProblem problem, string method, GradientRows target, PursuitOptions options, SelectionContext context)
    {
        var named = problem.TargetGroupCount;
        if (options.Groups == TargetGrouping.Named || (options.Groups == TargetGrouping.Auto && named > 1))
            return (problem.GroupsOfTargetGradients(), problem.NamesOfTargetGroups());
        if (options.Groups == TargetGrouping.Examples || (options.ServesExamples(named) && target.Count <= options.MostExamplesAlone))
            return EachAlone(target);

        var clusters = options.GroupsOf(target.Count, named);
        if (clusters > target.Count)
            throw PursuitException.At(
                $"{method}.clusters",
                $"{clusters}",
                $"at most the target's {target.Count} examples",
                "Lower it, or give more target examples.");
        if (clusters == 1) return (new int[target.Count], ["target"]);
        var keys = Enumerable.Range(0, target.Count)
            .Select(v => new SeededRandom(problem.Seed, "pursuit/target-clusters", (ulong)v).NextUInt64())
            .ToArray();
        var group = GradientClusters.Assign(target, clusters, keys, context.Threads, context.CancellationToken);
        return (group, ClusterNames(group));
    }

    /// <summary>Every example with a gradient is a group; the others are in none.</summary>
    private static (IReadOnlyList<int> Group, IReadOnlyList<string> Names) EachAlone(GradientRows target)
    {
        var names = new List<string>();
        var group = new int[target.Count];
        for (var v = 0; v < group.Length; v++)
        {
            group[v] = target.Norms[v] > 0 ? names.Count : -1;
            if (group[v] >= 0) names.Add(FormattableString.Invariant($"example {v + 1}"));
        }

        return names.Count > 0
            ? (group, names)
            : throw PursuitException.At(
                target.Features.Name,
                FormattableString.Invariant($"the gradients of all its {target.Count:N0} examples are zero"),
                "at least one that isn't",
                "Give examples the model doesn't already know by heart, and check that their answers carry loss.");
    }

    private static PursuitTarget OfPool(
        SelectionProblem problem, string method, GradientRows pool, PursuitOptions options, SelectionContext context)
    {
        if (options.Groups == TargetGrouping.Examples)
            throw PursuitException.At(
                $"{method}.groups", "examples, and no target", "a target", $"Without one, {method}.clusters sets the pool's clusters.");
        var clusters = options.Groups is TargetGrouping.One or TargetGrouping.Named ? 1 : Math.Max(1, options.Clusters);
        if (options.Centre && clusters == 1)
            throw PursuitException.At(
                $"{method}.centre",
                "centred rows and no target",
                "a target, or clusters of the pool",
                $"The pool's mean less itself is zero: give {ApiName.Target}, drop {method}.centre, or set {method}.clusters.");
        if (clusters > pool.Count)
            throw PursuitException.At($"{method}.clusters", $"{clusters}", $"at most the pool's {pool.Count:N0} examples", "Lower it.");
        IReadOnlyList<int> group = new int[pool.Count];
        if (clusters > 1)
        {
            var keys = problem.ContentIds.Select(id => SeededRandom.ForExample(problem.Seed, "pursuit/pool-clusters", id)).ToArray();
            group = GradientClusters.Assign(pool, clusters, keys, context.Threads, context.CancellationToken);
        }

        string[] names = clusters == 1 ? ["pool"] : ClusterNames(group);
        // The pool is the whole population, not a sample of it: its mean has no sampling noise.
        return OfGroups(pool, group, names, context) with { Noise = new double[names.Length] };
    }

    private static PursuitTarget OfMeans(
        string name, double[] means, int[] sizes, double[] squares, IReadOnlyList<string> names, int dimension)
    {
        var total = (double)sizes.Sum();
        var norms = new double[sizes.Length];
        var noise = new double[sizes.Length];
        var shares = new double[sizes.Length];
        var scaled = new float[means.Length];
        var uniform = new double[dimension];
        for (var j = 0; j < sizes.Length; j++)
        {
            var mean = means.AsSpan(j * dimension, dimension);
            var square = 0.0;
            foreach (var value in mean) square += value * value;
            norms[j] = Math.Sqrt(square);
            // Rounding leaves about 1e-7 of the rows' own length where members cancel.
            if (!(norms[j] > 1e-7 * Math.Sqrt(squares[j] / sizes[j])))
                throw PursuitException.At(
                    $"{name}: target group '{names[j]}'",
                    "its gradients cancel: their mean is zero",
                    "a mean gradient that isn't",
                    "Split the group, or drop it.");
            shares[j] = sizes[j] / total;
            var variance = sizes[j] > 1 ? Math.Max(0, squares[j] - sizes[j] * square) / (sizes[j] - 1) : 0;
            noise[j] = shares[j] * (variance / sizes[j]) / square;
            for (var k = 0; k < dimension; k++)
            {
                scaled[j * dimension + k] = (float)(Math.Sqrt(shares[j]) * mean[k] / norms[j]);
                uniform[k] += shares[j] * mean[k] / norms[j];
            }
        }

        return new PursuitTarget
        {
            Names = names,
            Shares = shares,
            MeanNorms = norms,
            Scaled = scaled,
            Uniform = Array.ConvertAll(uniform, u => (float)u),
            Noise = noise,
        };
    }

    private static string[] ClusterNames(IReadOnlyList<int> group) => [.. Enumerable.Range(1, group.Max() + 1).Select(c => $"cluster {c}")];
}
