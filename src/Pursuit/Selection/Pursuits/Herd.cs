using System.Diagnostics.CodeAnalysis;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// Fills a budget by herding (Welling, 2009) on the uniform target: each added row is the one that most lowers the residual under
/// equal weights, min over s of ||b - s sum phi_i||^2 + (s sum ||phi_i||)^2 / batch.
/// </summary>
/// <remarks>
/// One pass scores every row against b and against the sum so far; the best few are gathered and taken one by one with exact
/// updates among themselves, so a pass serves many rows.
/// </remarks>
internal sealed class Herd
{
    private const int Passes = 10;

    private readonly PursuitProblem _problem;
    private readonly SupportSet _chosen;
    private readonly bool[] _taken;
    private readonly double _targetSquare;
    private double[] _sum;
    private double _mass;

    /// <summary>Continues from chosen rows.</summary>
    public Herd(PursuitProblem problem, IEnumerable<int> chosen)
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
    public List<int> Fill(Func<int, long> cost, long missing, int rows, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
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
        var scores = Gains(cancellationToken, out var sums, out var targets);
        var candidates = _problem.Best(scores, Math.Max(32, 4 * size));
        if (candidates.Length == 0) return null;
        var first = _chosen.Count;
        _chosen.Add(candidates);
        _problem.CountGathered(candidates.Length);

        // Exact from here on: products with the sum are updated by the Gram matrix as rows join.
        var withSum = Array.ConvertAll(candidates, c => sums[c]);
        var open = Enumerable.Range(0, candidates.Length).Where(i => !IsNear(first + i, Enumerable.Range(0, first))).ToHashSet();
        foreach (var i in Enumerable.Range(0, candidates.Length).Where(i => !open.Contains(i))) _taken[candidates[i]] = true;
        var joined = new List<int>();
        var (withTarget, square) = (SumWithTarget(), SumSquare());
        while (joined.Count < size && left > 0 && open.Count > 0)
        {
            var best = -1;
            var bestGain = double.NegativeInfinity;
            for (var i = 0; i < candidates.Length; i++)
            {
                if (!open.Contains(i)) continue;
                var gain = Gain(withTarget + targets[candidates[i]], square + 2 * withSum[i] + _chosen.NoisyGram(first + i, first + i));
                if (gain <= bestGain) continue;
                best = i;
                bestGain = gain;
            }

            open.Remove(best);
            if (IsNear(first + best, joined.Select(j => first + j)))
            {
                _taken[candidates[best]] = true;
                continue;
            }

            withTarget += targets[candidates[best]];
            square += 2 * withSum[best] + _chosen.NoisyGram(first + best, first + best);
            for (var i = 0; i < candidates.Length; i++) withSum[i] += _chosen.NoisyGram(first + i, first + best);
            joined.Add(best);
            left -= cost(candidates[best]);
        }

        var positions = joined.ConvertAll(j => candidates[j]);
        foreach (var position in positions) _taken[position] = true;
        _chosen.Keep([.. Enumerable.Range(0, first), .. joined.Order().Select(j => first + j)]);
        Total();
        return positions;
    }

    /// <summary>What the residual would be with each row, as a score above zero; 0 for rows that can't join.</summary>
    private float[] Gains(CancellationToken cancellationToken, out double[] withSum, out double[] withTarget)
    {
        var rows = _problem.Rows;
        var rhs = new float[2 * rows.Dimension];
        _problem.Target.Uniform.CopyTo(rhs, 0);
        for (var k = 0; k < _sum.Length; k++) rhs[rows.Dimension + k] = (float)_sum[k];
        var products = new double[2 * rows.Count];
        _problem.Scan(rhs, 2, products, cancellationToken);
        withSum = new double[rows.Count];
        withTarget = new double[rows.Count];
        var scores = new float[rows.Count];
        var (target, square) = (SumWithTarget(), SumSquare());
        for (var i = 0; i < scores.Length; i++)
        {
            withTarget[i] = products[2 * i];
            withSum[i] = products[2 * i + 1] + _problem.BatchNoise * _mass * rows.Norms[i];
            if (_taken[i] || rows.Norms[i] == 0) continue;
            // Gains lie in [-1, 1]; shifted, so that the least of them still is a candidate.
            scores[i] = (float)(2 + Gain(target + withTarget[i], square + 2 * withSum[i] + (1 + _problem.BatchNoise) * rows.Norms[i] * rows.Norms[i]));
        }

        return scores;
    }

    /// <summary>The cosine of the sum with the target, up to the target's length, the noise of a batch counted as length across it.</summary>
    private double Gain(double withTarget, double square) =>
        square > 0 ? Math.Clamp(withTarget / Math.Sqrt(square * _targetSquare), -1, 1) : -1;

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
