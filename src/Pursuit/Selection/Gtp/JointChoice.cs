using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>
/// Grows a support among the rows of a shortlist by small steps, as a staged pursuit of these rows alone would: each step takes in the rows
/// that score best by what the weights at hand leave, fits again and lets the weakest go.
/// </summary>
/// <remarks>
/// A step's fit begins at the weights before it, and a step that fits worse because rows had to leave is made again without that. So the
/// objective falls from step to step, up to the fits' accuracy. No step knows the budget.
/// </remarks>
internal sealed class JointChoice(
    PursuitProblem problem, GtpOptions options, PursuitStops stops, SupportSet support, Shortlist list, NearRows? distinctFrom)
{
    // Steps in a row that bring the support no row: exchanges alone, which the next pass does better.
    private const int MaxIdle = 2;

    private readonly double[] _energies =
    [
        .. Enumerable.Range(0, problem.Target.Groups).Select(j =>
        {
            var mean = problem.Target.Scaled.AsSpan(j * problem.Rows.Dimension, problem.Rows.Dimension);
            return GradientRows.Dot(mean, mean);
        }),
    ];

    /// <summary>Products with the Gram matrix that fits took.</summary>
    public int Products { get; private set; }

    /// <summary>Grows the support.</summary>
    /// <param name="until">Rows at which it ends.</param>
    /// <param name="budget">M; a step beyond it is the last.</param>
    /// <returns>True where a step went beyond the budget; no more rows than that are left.</returns>
    public bool Grow(int until, int budget)
    {
        var (value, wants) = Evaluate();
        for (var idle = 0; support.Count < until && idle < MaxIdle && wants.Contains(true);)
        {
            var (positions, weights) = (support.Positions.ToArray(), support.Weights());
            var room = Math.Min(until, options.Stepped(positions.Length));
            var scores = list.Score(support, wants);
            // A row that isn't listed may be better.
            if (scores.Highest < list.LowestScore) break;
            var wanted = room - positions.Length + (int)(options.SwapShare * room);
            if (CandidateBatch.Add(problem, support, scores, wanted, distinctFrom) == 0) break;
            Products += support.Solve(NonNegativeSettings.Step);
            var joined = Joined(positions.Length, room);
            var isShort = support.KeepUsed(room);
            if (isShort) Refit(room);
            var before = value;
            (value, wants) = Evaluate();
            if (isShort && value > before)
            {
                // Rows left that were needed. Now none of them does, and the fit begins where it was.
                support.Restore([.. positions, .. joined], weights);
                Refit(room);
                (value, wants) = Evaluate();
            }

            if (support.Count > budget)
            {
                support.KeepUsed(budget);
                Refit(budget);
                // The support before is on the way of a larger budget too, and may fit better than what the cut left.
                if (positions.Length > 0 && Evaluate().Value > before) support.Restore(positions, weights);
                return true;
            }

            idle = support.Count > positions.Length ? 0 : idle + 1;
        }

        return false;
    }

    private void Refit(int room)
    {
        Products += support.Solve(NonNegativeSettings.Step);
        support.KeepUsed(room);
    }

    /// <summary>Of the rows that joined, the strongest that there is room for beside all that were there.</summary>
    private int[] Joined(int before, int room)
    {
        var positions = support.Positions.ToArray();
        return
        [
            .. Enumerable.Range(before, support.Count - before)
                .Where(support.IsUsed)
                .OrderByDescending(support.Contribution)
                .Take(room - before)
                .Select(i => positions[i]),
        ];
    }

    /// <summary>
    /// Half the objective less half the target's energy, and the groups that want more: those whose residual isn't within their noise, and
    /// none where the residual that was asked for is reached.
    /// </summary>
    private (double Value, bool[] Wants) Evaluate()
    {
        var weights = support.Weights();
        var products = Array.ConvertAll(weights, w => new double[w.Length]);
        if (support.Count > 0) support.Multiply([.. weights.Zip(products)]);
        var (value, energy) = (0.0, 0.0);
        var wants = new bool[weights.Length];
        for (var j = 0; j < weights.Length; j++)
        {
            var linear = support.Linear(j);
            double fall = 0, square = 0;
            for (var i = 0; i < linear.Length; i++)
            {
                fall += weights[j][i] * (2 * linear[i] - products[j][i]);
                square += weights[j][i] * weights[j][i];
            }

            var mass = support.Mass(j);
            var left = _energies[j] - fall - problem.Lambda * square - problem.BatchNoise * mass * mass;
            value -= fall / 2;
            energy += left;
            wants[j] = !stops.NoiseFloor || left > problem.Target.Noise[j];
        }

        return (value, energy < stops.Residual * stops.Residual * problem.Energy ? new bool[wants.Length] : wants);
    }
}
