using System.Diagnostics.CodeAnalysis;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// Fills a budget by herding (Welling, "Herding dynamical weights to learn", 2009): rows join one at a time, each the one that brings the
/// sum of all nearest to what is aimed at. Here that is the uniform target, so each added row is the one that most lowers the residual
/// under
/// equal weights, min over s of ||b - s sum phi_i||^2 + (s sum ||phi_i||)^2 / batch.
/// </summary>
/// <remarks>
/// One pass scores every row against b and against the sum so far; the best few are gathered and taken one by one with exact
/// updates among themselves, so a pass serves many rows.
/// </remarks>
internal sealed class HerdingFill
{
    private const int Passes = 10;

    private readonly PursuitProblem _problem;
    private readonly SupportSet _chosen;
    private readonly bool[] _taken;
    private readonly double _targetSquare;
    private double[] _sum;
    private double _mass;

    /// <summary>Continues from chosen rows.</summary>
    public HerdingFill(PursuitProblem problem, IEnumerable<int> chosen)
    {
        _problem = problem;
        _chosen = problem.NewSupport();
        _taken = new bool[problem.Rows.Count];
        var positions = chosen.ToArray();
        _chosen.Add(positions);
        problem.CountGathered(positions.Length);
        foreach (var position in positions) _taken[position] = true;
        Total();
        _targetSquare = GradientRows.Dot(problem.Target.Uniform, problem.Target.Uniform);
    }

    /// <summary>The sum of the chosen rows and of their lengths.</summary>
    [MemberNotNull(nameof(_sum))]
    private void Total()
    {
        _sum = _chosen.Sum();
        _mass = 0;
        foreach (var position in _chosen.Positions) _mass += _problem.Rows.Norms[position];
    }

    /// <summary>Adds rows until the cost is met or nothing is left to add.</summary>
    /// <param name="cost">What a row costs.</param>
    /// <param name="missing">The cost to meet.</param>
    /// <param name="rows">About how many rows that takes; a tenth of them are added per pass.</param>
    /// <param name="progress">Told after every pass.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <returns>Positions in the order they were added.</returns>
    public List<int> Fill(
        Func<int, long> cost, long missing, int rows, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var added = new List<int>();
        var left = missing;
        while (left > 0)
        {
            var batch = Batch(Math.Max(1, rows / Passes), left, cost, cancellationToken);
            if (batch is null) break;
            added.AddRange(batch);
            left -= batch.Sum(cost);
            progress?.Report(new WorkProgress("filling", missing - left, missing, "budget"));
        }

        return added;
    }

    /// <summary>The next rows, perhaps none where all the best were near-duplicates; null where no row is left.</summary>
    private List<int>? Batch(int size, long left, Func<int, long> cost, CancellationToken cancellationToken)
    {
        var rule = new HerdingRule(SumWithTarget(), SumSquare(), _mass, _problem.BatchNoise, _targetSquare);
        var best = Pass(rule, cancellationToken).Best(Math.Max(32, 4 * size));
        if (best.Length == 0) return null;
        var candidates = Array.ConvertAll(best, c => c.Position);
        var targets = Array.ConvertAll(best, c => c.Products[0]);
        var first = _chosen.Count;
        _chosen.Add(candidates);
        _problem.CountGathered(candidates.Length);

        // Exact from here on: products with the sum are updated by the Gram matrix as rows join.
        var withSum = Array.ConvertAll(best, c => rule.WithSum(c.Products[1], _problem.Rows.Norms[c.Position]));
        var open = Enumerable.Range(0, candidates.Length).Where(i => !IsNear(first + i, Enumerable.Range(0, first))).ToHashSet();
        foreach (var i in Enumerable.Range(0, candidates.Length).Where(i => !open.Contains(i))) _taken[candidates[i]] = true;
        var joined = new List<int>();
        var (withTarget, square) = (rule.Target, rule.Square);
        while (joined.Count < size && left > 0 && open.Count > 0)
        {
            var winner = -1;
            var bestGain = double.NegativeInfinity;
            for (var i = 0; i < candidates.Length; i++)
            {
                if (!open.Contains(i)) continue;
                var gain = rule.Gain(withTarget + targets[i], square + 2 * withSum[i] + _chosen.NoisyGram(first + i, first + i));
                if (gain <= bestGain) continue;
                winner = i;
                bestGain = gain;
            }

            open.Remove(winner);
            if (IsNear(first + winner, joined.Select(j => first + j)))
            {
                _taken[candidates[winner]] = true;
                continue;
            }

            withTarget += targets[winner];
            square += 2 * withSum[winner] + _chosen.NoisyGram(first + winner, first + winner);
            for (var i = 0; i < candidates.Length; i++) withSum[i] += _chosen.NoisyGram(first + i, first + winner);
            joined.Add(winner);
            left -= cost(candidates[winner]);
        }

        var positions = joined.ConvertAll(j => candidates[j]);
        foreach (var position in positions) _taken[position] = true;
        _chosen.Keep([.. Enumerable.Range(0, first), .. joined.Order().Select(j => first + j)]);
        Total();
        return positions;
    }

    /// <summary>Every row's worth to the sum; none for rows that are taken.</summary>
    private IScoredRows Pass(HerdingRule rule, CancellationToken cancellationToken)
    {
        var rows = _problem.Rows;
        var rhs = new float[2 * rows.Dimension];
        _problem.Target.Uniform.CopyTo(rhs, 0);
        for (var k = 0; k < _sum.Length; k++) rhs[rows.Dimension + k] = (float)_sum[k];
        return _problem.Score(rhs, rule, [.. Enumerable.Range(0, _taken.Length).Where(i => _taken[i])], cancellationToken);
    }

    private double SumSquare()
    {
        var square = _problem.BatchNoise * _mass * _mass;
        foreach (var value in _sum) square += value * value;
        return square;
    }

    private double SumWithTarget()
    {
        var product = 0.0;
        for (var k = 0; k < _sum.Length; k++) product += _sum[k] * _problem.Target.Uniform[k];
        return product;
    }

    private bool IsNear(int index, IEnumerable<int> others) => others.Any(k => _chosen.Cosine(index, k) > NearRows.FillCosine);
}
