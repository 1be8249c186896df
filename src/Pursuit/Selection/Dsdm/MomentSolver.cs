using System.Numerics.Tensors;
using Pursuit.Numerics;

namespace Pursuit.Selection.Dsdm;

/// <summary>
/// Solves (F_t + lam_t I) x_t = b_t for every checkpoint at once by conjugate gradients (Hestenes and Stiefel, 1952), one pass over the
/// store per iteration, preconditioned by the inverse of a sample's moment. A pool no larger than the sample is solved directly.
/// </summary>
internal sealed class MomentSolver
{
    /// <summary>A relative residual at which scores no longer change in what single precision holds of them.</summary>
    public const double Tolerance = 1e-7;

    private readonly SecondMoments _moments;
    private readonly SelectionContext _context;
    private readonly double[] _ridges;
    private readonly SampledInverse?[] _inverses;
    private readonly int _width;

    /// <summary>Makes the preconditioners.</summary>
    /// <param name="moments">F.</param>
    /// <param name="ridge">lam_t as a multiple of F_t's mean eigenvalue.</param>
    /// <param name="sample">Positions of the sample's rows, in an order that doesn't depend on the pool's.</param>
    /// <param name="context">Threads, progress and cancellation.</param>
    public MomentSolver(SecondMoments moments, double ridge, int[] sample, SelectionContext context)
    {
        (_moments, _context) = (moments, context);
        _width = moments.Rows.Features.Dimension;
        _ridges = Array.ConvertAll(moments.MeanEigenvalues, mean => ridge * mean);
        _inverses = new SampledInverse?[_ridges.Length];
        var rows = Gather(sample);
        for (var checkpoint = 0; checkpoint < _inverses.Length; checkpoint++)
        {
            if (_ridges[checkpoint] == 0) continue;
            var part = Array.ConvertAll(rows, row => row.AsSpan(checkpoint * _width, _width).ToArray());
            _inverses[checkpoint] = new SampledInverse(
                part, 1.0 / sample.Length, _ridges[checkpoint], context.Threads, context.CancellationToken);
        }
    }

    /// <summary>Checkpoints whose rows aren't all zero.</summary>
    public int Checkpoints => _ridges.Count(r => r > 0);

    /// <summary>Passes over the store so far.</summary>
    public int Passes { get; private set; }

    /// <summary>The largest relative residual that the last solve left.</summary>
    public double Residual { get; private set; }

    /// <summary>Solves.</summary>
    /// <param name="right">b, [checkpoints, d].</param>
    /// <param name="mostPasses">Passes at most.</param>
    /// <param name="tolerance">The relative residual at which it ends.</param>
    /// <returns>x, [checkpoints, d]; 0 at a checkpoint whose rows or whose b are zero.</returns>
    public double[] Solve(double[] right, int mostPasses, double tolerance = Tolerance)
    {
        var checkpoints = Enumerable.Range(0, _ridges.Length)
            .Where(t => _ridges[t] > 0 && SecondMoments.Norm(Part(right, t)) > 0).ToArray();
        var solution = new double[right.Length];
        var residual = (double[])right.Clone();
        var direction = new double[right.Length];
        var conditioned = new double[_width];
        var products = new double[_ridges.Length]; // r . M^-1 r
        foreach (var t in checkpoints)
        {
            _inverses[t]!.Multiply(Part(residual, t), Part(direction, t));
            products[t] = DoubleKernels.Dot(Part(residual, t), Part(direction, t));
        }

        Residual = checkpoints.Length == 0 ? 0 : 1;
        for (var pass = 0; pass < mostPasses && Residual > tolerance; pass++)
        {
            var image = _moments.Multiply(direction);
            Passes++;
            Residual = 0;
            foreach (var t in checkpoints)
            {
                var step = Part(direction, t);
                var along = Part(image, t);
                DoubleKernels.Axpy(_ridges[t], step, along);
                var curvature = DoubleKernels.Dot(step, along);
                if (!(curvature > 0)) continue; // this checkpoint is done: its direction is zero
                var length = products[t] / curvature;
                DoubleKernels.Axpy(length, step, Part(solution, t));
                DoubleKernels.Axpy(-length, along, Part(residual, t));
                var left = SecondMoments.Norm(Part(residual, t)) / SecondMoments.Norm(Part(right, t));
                Residual = Math.Max(Residual, left);
                if (left <= tolerance)
                {
                    step.Clear();
                    continue;
                }

                _inverses[t]!.Multiply(Part(residual, t), conditioned);
                var product = DoubleKernels.Dot(Part(residual, t), conditioned);
                TensorPrimitives.MultiplyAdd(step, product / products[t], conditioned, step);
                products[t] = product;
            }

            _context.Progress?.Report(new WorkProgress("solve", pass + 1, mostPasses, "passes"));
        }

        return solution;
    }

    private Span<double> Part(double[] vectors, int checkpoint) => vectors.AsSpan(checkpoint * _width, _width);

    private double[][] Gather(int[] sample)
    {
        var row = new float[_moments.Rows.Dimension];
        return Array.ConvertAll(sample, position =>
        {
            _moments.Rows.Gather([position], row);
            return Array.ConvertAll(row, x => (double)x);
        });
    }
}
