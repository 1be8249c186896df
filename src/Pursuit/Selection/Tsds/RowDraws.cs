namespace Pursuit.Selection.Tsds;

/// <summary>Draws rows from probabilities; what is drawn depends on the seed, the content ids and the probabilities alone.</summary>
internal static class RowDraws
{
    private const string Purpose = "tsds/draw";

    /// <summary>The rows to choose, best first.</summary>
    /// <param name="problem">Seed, content ids, budget.</param>
    /// <param name="rows">Rows with mass.</param>
    /// <param name="probabilities">Each row's p, [rows]; above 0.</param>
    /// <param name="draw">How.</param>
    public static IReadOnlyList<RankedRow> Rank(SelectionProblem problem, int[] rows, double[] probabilities, TsdsDraw draw) => draw switch
    {
        TsdsDraw.Top => Sorted(problem, rows, probabilities, i => -probabilities[i]),
        TsdsDraw.WithReplacement => Drawn(problem, rows, probabilities),
        // Exponential waiting times: the order in which rows are drawn one by one (Efraimidis and Spirakis, 2006).
        _ => Sorted(problem, rows, probabilities, i => -Math.Log(Uniform(problem, rows[i])) / probabilities[i]),
    };

    private static RankedRow[] Sorted(SelectionProblem problem, int[] rows, double[] probabilities, Func<int, double> key)
    {
        var keyed = new (double Key, int Index)[rows.Length];
        for (var i = 0; i < rows.Length; i++) keyed[i] = (key(i), i);
        Array.Sort(
            keyed,
            (a, b) => a.Key.CompareTo(b.Key) is not 0 and var order
                ? order
                : problem.ContentIds[rows[a.Index]].CompareTo(problem.ContentIds[rows[b.Index]]));
        return Array.ConvertAll(keyed, k => new RankedRow(rows[k.Index], probabilities[k.Index]));
    }

    /// <summary>
    /// Draws until the next one would pass the budget; rows in the order of their first draw, each weighing as often as it was drawn.
    /// </summary>
    private static List<RankedRow> Drawn(SelectionProblem problem, int[] rows, double[] probabilities)
    {
        var order = Enumerable.Range(0, rows.Length)
            .Where(i => problem.TokenCounts is null || problem.TokenCounts.Supervised[rows[i]] > 0)
            .ToArray();
        if (order.Length == 0) return [.. rows.Select((row, i) => new RankedRow(row, probabilities[i]))];
        Array.Sort(order, (a, b) => problem.ContentIds[rows[a]].CompareTo(problem.ContentIds[rows[b]]));
        var upTo = new double[order.Length];
        var total = 0.0;
        for (var i = 0; i < order.Length; i++) upTo[i] = total += probabilities[order[i]];

        var random = new SeededRandom(problem.Seed, Purpose);
        var times = new Dictionary<int, int>();
        var drawn = new List<int>();
        var budget = problem.ResolvedBudget;
        for (long spent = 0; ;)
        {
            var found = Array.BinarySearch(upTo, random.NextDouble() * total);
            var i = order[Math.Min(order.Length - 1, found >= 0 ? found + 1 : ~found)];
            spent += problem.Budget.Cost(rows[i], problem.TokenCounts);
            if (spent > budget && drawn.Count > 0) break;
            if (times.TryAdd(i, 0)) drawn.Add(i);
            times[i]++;
            if (spent > budget) break; // the first example alone is above the budget: filling says so
        }

        return drawn.ConvertAll(i => new RankedRow(rows[i], probabilities[i], times[i]));
    }

    private static double Uniform(SelectionProblem problem, int row) =>
        ((SeededRandom.ForExample(problem.Seed, Purpose, problem.ContentIds[row]) >> 11) + 0.5) * (1.0 / (1UL << 53));
}
