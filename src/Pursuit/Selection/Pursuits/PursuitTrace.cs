using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

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
        _objective = problem.Energy;
    }

    /// <summary>Rows of the iterate with the lowest residual on the held-out half.</summary>
    public int BestHeldOutRows { get; private set; }

    /// <summary>Takes note of a debiased iterate.</summary>
    /// <returns>Why to stop here, or null.</returns>
    public StopReason? Record(SupportSet support, float[] residual, int products)
    {
        var energy = GradientRows.Dot(residual, residual);
        var relative = Math.Sqrt(energy / _problem.Energy);
        var objective = support.Objective(residual);
        var heldOut = _stops.HeldOut is null ? (double?)null : HeldOutResidual(residual, _stops.HeldOut);
        var before = _iterations.Count > 0 ? _iterations[^1].Residual : 1;
        _iterations.Add(new PursuitIteration(support.Count, objective, relative, _problem.UniformResidual(support.Sum()), products, heldOut));
        _progress?.Report(new WorkProgress("pursuit", support.Count, _budget, "examples", $"residual {relative:0.000}"));
        if (objective <= _objective)
        {
            _objective = objective;
            _positions = support.Positions.ToArray();
            _weights = support.Weights();
            _residual = residual;
        }

        if (relative < _stops.Residual) return StopReason.ResidualReached;
        if (IsAllNoise(residual)) return StopReason.NoiseFloor;
        if (heldOut is { } h && HasStoppedFalling(h, support.Count)) return StopReason.HeldOut;
        return before - relative < _stops.Tolerance * before && _stops.Tolerance > 0 ? StopReason.NoProgress : null;
    }

    /// <summary>True where noise stops a pursuit and every group's residual is within its own.</summary>
    public bool IsAllNoise(float[] residual) => _stops.NoiseFloor && !Unfinished(residual).Contains(true);

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
    public PursuitOutcome Finish(StopReason reason) => new()
    {
        Positions = _positions,
        Weights = _weights,
        Objective = _objective,
        Residual = _residual,
        Iterations = _iterations,
        Reason = reason,
    };

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
