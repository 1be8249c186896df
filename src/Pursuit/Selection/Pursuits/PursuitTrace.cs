using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>Why a pursuit ended.</summary>
internal enum StopReason
{
    /// <summary>
    /// No row helps: after a fit to the end, the optimality conditions hold for every row of the pool that may be chosen.
    /// </summary>
    Optimal,

    /// <summary>The relative residual fell below the one asked.</summary>
    ResidualReached,

    /// <summary>The objective fell by less than the tolerance.</summary>
    NoProgress,

    /// <summary>The support came back unchanged.</summary>
    SupportUnchanged,

    /// <summary>Every group's residual is within the target's sampling noise, or no row helps those whose isn't.</summary>
    NoiseFloor,

    /// <summary>The residual on the held-out half of the target stopped falling.</summary>
    HeldOut,

    /// <summary>The budget is full.</summary>
    BudgetFull,

    /// <summary>The iterations ran out first.</summary>
    IterationLimit,
}

/// <summary>When a pursuit ends.</summary>
/// <param name="Residual">The relative residual below which it is done.</param>
/// <param name="Tolerance">The fall of the objective in an iteration, as a share of it, below which it has stopped; 0 for never.</param>
/// <param name="NoiseFloor">Stop fitting a group whose residual is within its sampling noise.</param>
/// <param name="HeldOut">The other half of the target, whose residual must keep falling; or null.</param>
internal sealed record PursuitStops(double Residual, double Tolerance, bool NoiseFloor, PursuitTarget? HeldOut = null);

/// <summary>How far a pursuit had come.</summary>
/// <param name="Rows">Rows with a weight.</param>
/// <param name="Objective">sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2.</param>
/// <param name="Residual">Weighted: sqrt(sum ||R_j||^2 / sum ||B_j||^2).</param>
/// <param name="UniformResidual">min over s of ||b - s sum phi_i|| / ||b||, b = sum_j c_j b_j / ||b_j||: what equal weights leave.</param>
/// <param name="Products">Products with the Gram matrix the fit took.</param>
/// <param name="HeldOutResidual">The residual against the held-out half of the target, or null.</param>
public readonly record struct PursuitIteration(
    int Rows, double Objective, double Residual, double UniformResidual, int Products, double? HeldOutResidual = null);

/// <summary>What a pursuit ends with: the support of the best debiased iterate, and how it came there.</summary>
internal sealed record PursuitOutcome
{
    /// <summary>Positions in the pool, [n].</summary>
    public required int[] Positions { get; init; }

    /// <summary>W, [J][n].</summary>
    public required double[][] Weights { get; init; }

    /// <summary>sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2.</summary>
    public required double Objective { get; init; }

    /// <summary>R, [J, D].</summary>
    public required float[] Residual { get; init; }

    /// <summary>Every recorded iterate.</summary>
    public required IReadOnlyList<PursuitIteration> Iterations { get; init; }

    /// <summary>Why it ended.</summary>
    public required StopReason Reason { get; init; }

    /// <summary>How far the weights are from their optimality conditions (<see cref="ExactFit.Violation(SupportSet)"/>).</summary>
    public required double Violation { get; init; }
}

/// <summary>Records iterates, keeps the best, and says when to stop.</summary>
internal sealed class PursuitTrace
{
    private readonly PursuitProblem _problem;
    private readonly PursuitStops _stops;
    private readonly int _budget;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly List<PursuitIteration> _iterations = [];
    private int[] _positions = [];
    private double[][] _weights;
    private float[] _residual;
    private double _objective;
    private double _before;
    private bool _isFinal = true; // nothing chosen is fitted to the end
    private double _bestHeldOut = double.PositiveInfinity;
    private int _sinceBestHeldOut;

    /// <summary>Starts from nothing chosen.</summary>
    public PursuitTrace(PursuitProblem problem, PursuitStops stops, int budget, IProgress<WorkProgress>? progress)
    {
        _problem = problem;
        _stops = stops;
        _budget = budget;
        _progress = progress;
        _weights = [.. Enumerable.Range(0, problem.Target.Groups).Select(_ => Array.Empty<double>())];
        _residual = (float[])problem.Target.Scaled.Clone();
        _objective = _before = problem.Energy;
    }

    /// <summary>True where the best iterate was fitted to the end.</summary>
    public bool IsFinal => _isFinal;

    /// <summary>Puts the best iterate's rows and weights into a support, where it has others.</summary>
    public void Restore(SupportSet support)
    {
        if (support.Positions.SequenceEqual(_positions)) return;
        support.Restore(_positions, _weights);
        _problem.CountGathered(_positions.Length);
    }

    /// <summary>Rows of the iterate with the lowest residual on the held-out half.</summary>
    public int BestHeldOutRows { get; private set; }

    /// <summary>Takes note of a debiased iterate.</summary>
    /// <param name="support">Its rows and weights.</param>
    /// <param name="residual">R, [J, D].</param>
    /// <param name="products">Products with the Gram matrix that the fit took.</param>
    /// <param name="isFinal">The weights were fitted to the end.</param>
    /// <param name="isShort">Rows with a weight had to go for want of room: the objective may rise, and says nothing of whether more
    /// rows help.</param>
    /// <returns>Why to stop here, or null.</returns>
    public StopReason? Record(SupportSet support, float[] residual, int products, bool isFinal, bool isShort = false)
    {
        var energy = GradientRows.Dot(residual, residual);
        var relative = Math.Sqrt(energy / _problem.Energy);
        var objective = support.Objective(residual);
        var heldOut = _stops.HeldOut is null ? (double?)null : HeldOutResidual(residual, _stops.HeldOut);
        var before = _before;
        _before = objective;
        _iterations.Add(
            new PursuitIteration(support.Count, objective, relative, _problem.UniformResidual(support.Sum()), products, heldOut));
        _progress?.Report(new WorkProgress("pursuit", support.Count, _budget, "examples", $"residual {relative:0.000}"));
        if (objective <= _objective) Keep(support, residual, objective, isFinal);
        if (relative < _stops.Residual) return StopReason.ResidualReached;
        if (IsAllNoise(residual)) return StopReason.NoiseFloor;
        if (heldOut is { } h && HasStoppedFalling(h, support.Count)) return StopReason.HeldOut;
        return !isShort && before - objective < _stops.Tolerance * before && _stops.Tolerance > 0 ? StopReason.NoProgress : null;
    }

    /// <summary>True where noise stops a pursuit and every group's residual is within its own.</summary>
    public bool IsAllNoise(float[] residual) => _stops.NoiseFloor && !Unfinished(residual).Contains(true);

    /// <summary>
    /// Why a pursuit ends for which no row helps: all conditions hold, or those of the groups that aren't within their noise. Where all
    /// do, this iterate is the least there is: one before it seems lower by rounding alone.
    /// </summary>
    /// <param name="support">The last recorded iterate's rows and weights.</param>
    /// <param name="residual">Its R.</param>
    public StopReason Exhausted(SupportSet support, float[] residual)
    {
        if (_stops.NoiseFloor && Unfinished(residual).Contains(false)) return StopReason.NoiseFloor;
        Keep(support, residual, support.Objective(residual), isFinal: true);
        return StopReason.Optimal;
    }

    /// <summary>R for identification: groups whose residual is within their noise ask for nothing more.</summary>
    public float[] Wanted(float[] residual)
    {
        if (!_stops.NoiseFloor) return residual;
        var wanted = (float[])residual.Clone();
        var dimension = residual.Length / _problem.Target.Groups;
        var unfinished = Unfinished(residual);
        for (var j = 0; j < unfinished.Length; j++)
            if (!unfinished[j]) wanted.AsSpan(j * dimension, dimension).Clear();
        return wanted;
    }

    /// <summary>The best iterate.</summary>
    /// <param name="reason">Why it ended.</param>
    /// <param name="violation">How far its weights are from their optimality conditions (<see
    /// cref="ExactFit.Violation(SupportSet)"/>).</param>
    public PursuitOutcome Finish(StopReason reason, double violation) => new()
    {
        Positions = _positions,
        Weights = _weights,
        Objective = _objective,
        Residual = _residual,
        Iterations = _iterations,
        Reason = reason,
        Violation = violation,
    };

    private void Keep(SupportSet support, float[] residual, double objective, bool isFinal)
    {
        _objective = objective;
        _positions = support.Positions.ToArray();
        _weights = support.Weights();
        _residual = residual;
        _isFinal = isFinal;
    }

    private bool[] Unfinished(float[] residual)
    {
        var groups = _problem.Target.Groups;
        var dimension = residual.Length / groups;
        var unfinished = new bool[groups];
        for (var j = 0; j < groups; j++)
        {
            var part = residual.AsSpan(j * dimension, dimension);
            unfinished[j] = GradientRows.Dot(part, part) > _problem.Target.Noise[j];
        }

        return unfinished;
    }

    /// <summary>||B' - F|| / ||B'|| for the held-out half B' and the fit F = B - R.</summary>
    private double HeldOutResidual(float[] residual, PursuitTarget heldOut)
    {
        double error = 0, energy = 0;
        for (var k = 0; k < residual.Length; k++)
        {
            var difference = (double)heldOut.Scaled[k] - ((double)_problem.Target.Scaled[k] - residual[k]);
            error += difference * difference;
            energy += (double)heldOut.Scaled[k] * heldOut.Scaled[k];
        }

        return Math.Sqrt(error / energy);
    }

    /// <summary>Two iterates in a row no better than the best: one may be chance.</summary>
    private bool HasStoppedFalling(double heldOut, int rows)
    {
        if (heldOut < _bestHeldOut)
        {
            _bestHeldOut = heldOut;
            BestHeldOutRows = rows;
            _sinceBestHeldOut = 0;
            return false;
        }

        return ++_sinceBestHeldOut >= 2;
    }
}
