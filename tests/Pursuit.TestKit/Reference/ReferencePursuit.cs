using Pursuit.Selection.Gtp;

namespace Pursuit.TestKit.Reference;

/// <summary>
/// Pursuits on dense rows in double, every fit exact and from scratch: the plain twins of <see cref="Pursuit.Selection.Gtp.GtpSolver"/>'s
/// staged schedule and of <see cref="Pursuit.Selection.Omp.OmpSolver"/>. Ties by position.
/// </summary>
internal static class ReferencePursuit
{
    /// <summary>The staged schedule: every pass offers some rows, the strongest stay, and the last support is cut to the budget.</summary>
    /// <param name="rows">phi.</param>
    /// <param name="targets">B.</param>
    /// <param name="lambda">The ridge.</param>
    /// <param name="budget">M.</param>
    /// <param name="grown">Rows that a support may have after the next pass.</param>
    /// <param name="offered">Rows that the next pass offers.</param>
    /// <returns>The support and objective of the best iterate.</returns>
    public static (int[] Support, double Objective) Staged(
        double[][] rows, double[][] targets, double lambda, int budget, Func<int, int> grown, Func<int, int> offered)
    {
        var support = new List<int>();
        var (best, bestObjective) = (Array.Empty<int>(), double.PositiveInfinity);
        while (support.Count <= budget)
        {
            var before = support.Count;
            Offer(rows, targets, lambda, support, offered(before));
            support = Strongest(rows, targets, lambda, support, grown(before));
            var kept = support.Count > budget ? Strongest(rows, targets, lambda, support, budget) : support;
            var objective = Objective(rows, targets, lambda, kept);
            if (objective < bestObjective) (best, bestObjective) = ([.. kept], objective);
            if (support.Count <= before) break;
        }

        return (best, bestObjective);
    }

    /// <summary>
    /// The shortlist schedule: every pass lists rows, from which some join in each step, and the strongest stay; where that fits
    /// worse, none leaves.
    /// </summary>
    /// <param name="rows">phi.</param>
    /// <param name="targets">B.</param>
    /// <param name="lambda">The ridge.</param>
    /// <param name="budget">M.</param>
    /// <param name="options">How far passes and steps go.</param>
    /// <returns>The support and objective of the best iterate, and passes.</returns>
    public static (int[] Support, double Objective, int Passes) Shortlist(
        double[][] rows, double[][] targets, double lambda, int budget, GtpOptions options)
    {
        var support = new List<int>();
        for (var passes = 1; ; passes++)
        {
            var (atStart, until) = (support, options.Grown(support.Count));
            var list = Scored(rows, targets, lambda, support).Take(options.Offered(support.Count)).ToArray();
            for (var idle = 0; support.Count < until && idle < 2 && list.Length > 0;)
            {
                var before = support;
                var room = Math.Min(until, options.Stepped(before.Count));
                var listed = Scored(rows, targets, lambda, before).Where(x => list.Any(l => l.Row == x.Row)).ToArray();
                if (listed.Length == 0 || listed[0].Score < list[^1].Score) break;
                List<int> all = [.. before];
                Offer(rows, listed, all, room - before.Count + (int)(options.SwapShare * room));
                support = Strongest(rows, targets, lambda, all, room);
                if (Strongest(rows, targets, lambda, all, int.MaxValue).Count > room
                    && Objective(rows, targets, lambda, support) > Objective(rows, targets, lambda, before))
                {
                    var fits = Fit(rows, targets, lambda, all);
                    var joined = Enumerable.Range(before.Count, all.Count - before.Count)
                        .OrderByDescending(s => Contribution(rows[all[s]], fits.Select(f => f[s])))
                        .Take(room - before.Count)
                        .Select(s => all[s]);
                    support = Strongest(rows, targets, lambda, [.. before, .. joined], room);
                }

                if (support.Count > budget)
                {
                    var cut = Strongest(rows, targets, lambda, support, budget);
                    var (ofCut, ofBefore) = (Objective(rows, targets, lambda, cut), Objective(rows, targets, lambda, before));
                    return before.Count > 0 && ofBefore < ofCut ? ([.. before], ofBefore, passes) : ([.. cut], ofCut, passes);
                }

                idle = support.Count > before.Count ? 0 : idle + 1;
            }

            if (support.SequenceEqual(atStart)) return ([.. support], Objective(rows, targets, lambda, support), passes);
        }
    }

    /// <summary>One row at a time.</summary>
    public static (int[] Support, double Objective) OneByOne(double[][] rows, double[][] targets, double lambda, int budget)
    {
        var support = new List<int>();
        for (var step = 0; step < 10 * budget && support.Count < budget; step++)
        {
            var before = support.Count;
            Offer(rows, targets, lambda, support, 1);
            if (support.Count == before) break;
            var fits = Fit(rows, targets, lambda, support);
            support = [.. Enumerable.Range(0, support.Count).Where(s => fits.Any(f => f[s] > 0)).Select(s => support[s])];
        }

        return ([.. support], Objective(rows, targets, lambda, support));
    }

    /// <summary>sum_j min over u >= 0 of ||A_S u - B_j||^2 + lambda ||u||^2.</summary>
    public static double Objective(double[][] rows, double[][] targets, double lambda, List<int> support)
    {
        var chosen = support.Select(i => rows[i]).ToArray();
        return targets.Sum(b => ReferenceNonNegative.Objective(chosen, b, lambda, ReferenceNonNegative.Solve(chosen, b, lambda)));
    }

    /// <summary>
    /// Adds the rows of largest ||max(0, phi . R)||, but none with a cosine above 0.95 to a better one of the same batch.
    /// </summary>
    private static void Offer(double[][] rows, double[][] targets, double lambda, List<int> support, int count) =>
        Offer(rows, Scored(rows, targets, lambda, support), support, count);

    private static void Offer(double[][] rows, IEnumerable<(int Row, double Score)> scored, List<int> support, int count)
    {
        var batch = new List<int>();
        foreach (var (row, _) in scored)
        {
            if (batch.Count == count) break;
            if (!batch.Exists(b => Cosine(rows[b], rows[row]) > 0.95) && !support.Exists(s => Cosine(rows[s], rows[row]) > 1 - 1e-6))
                batch.Add(row);
        }

        support.AddRange(batch);
    }

    /// <summary>Rows that help and aren't in the support, best first.</summary>
    private static IOrderedEnumerable<(int Row, double Score)> Scored(
        double[][] rows, double[][] targets, double lambda, List<int> support)
    {
        var chosen = support.Select(i => rows[i]).ToArray();
        var residuals = targets
            .Select(b => ReferenceNonNegative.Residual(chosen, b, ReferenceNonNegative.Solve(chosen, b, lambda)))
            .ToArray();
        var energy = Math.Sqrt(targets.Sum(b => ReferenceRows.Dot(b, b)));
        var inside = support.ToHashSet();
        return Enumerable.Range(0, rows.Length)
            .Where(i => !inside.Contains(i))
            .Select(i => (Row: i, Score: Math.Sqrt(residuals.Sum(r => Math.Pow(Math.Max(0, ReferenceRows.Dot(rows[i], r)), 2)))))
            .Where(x => x.Score > 1e-6 * energy * Math.Sqrt(ReferenceRows.Dot(rows[x.Row], rows[x.Row])))
            .OrderByDescending(x => x.Score);
    }

    /// <summary>The rows of a support with a weight, at most some of them, by what their weights are worth.</summary>
    private static List<int> Strongest(double[][] rows, double[][] targets, double lambda, List<int> support, int most)
    {
        var fits = Fit(rows, targets, lambda, support);
        return [.. Enumerable.Range(0, support.Count)
            .Where(s => fits.Any(f => f[s] > 0))
            .OrderByDescending(s => Contribution(rows[support[s]], fits.Select(f => f[s])))
            .Take(most)
            .Order()
            .Select(s => support[s])];
    }

    private static double[][] Fit(double[][] rows, double[][] targets, double lambda, List<int> support)
    {
        var chosen = support.Select(i => rows[i]).ToArray();
        return [.. targets.Select(b => ReferenceNonNegative.Solve(chosen, b, lambda))];
    }

    private static double Contribution(double[] row, IEnumerable<double> weights) =>
        Math.Sqrt(weights.Sum(w => w * w) * ReferenceRows.Dot(row, row));

    private static double Cosine(double[] a, double[] b) =>
        ReferenceRows.Dot(a, b) / Math.Sqrt(ReferenceRows.Dot(a, a) * ReferenceRows.Dot(b, b));
}
