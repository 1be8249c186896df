using Pursuit.Selection.Less;

namespace Pursuit.Selection.Uot;

/// <summary>
/// Unbalanced optimal transport from the target's examples to the pool's rows by Sinkhorn's iterations, as in "A Critical Look at Targeted
/// Instruction Selection", arXiv 2602.14696: costs (1 - cosine) / 2, every target example gives all its mass, a row may take more or less
/// than its share, and the rows that take most are kept.
/// </summary>
internal sealed class UotSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "uot";

    private const int MostIterations = 1000;

    /// <summary>The plan is done when no row's factor changes by more than this share of the largest.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>Bits of the largest term of a sum: 2^31 terms stay within 128.</summary>
    private const int Bits = 90;

    private readonly UotOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public UotSelector(UotOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = new ExampleScores(problem, Name, _options.Rows, centre: false, context);
        var (mass, iterations, isDone) = Transport(scores, problem, context);
        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(mass, problem.ContentIds), problem.Gradients.Pool);
        return selection with
        {
            Details = new UotDetails
            {
                Iterations = iterations,
                EffectiveRows = 1 / mass.Sum(m => m * m),
                BytesRead = scores.BytesRead,
            },
            Remarks =
            [
                .. selection.Remarks,
                .. isDone
                    ? []
                    : (string[])[$"The plan still changed after {iterations:N0} iterations: raise uot.epsilon or lower uot.spread."],
            ],
        };
    }

    /// <summary>What each row takes, [pool], summing to 1, the iterations it took, and whether it stayed.</summary>
    private (double[] Mass, int Iterations, bool IsDone) Transport(ExampleScores scores, SelectionProblem problem, SelectionContext context)
    {
        var rows = problem.ContentIds.Count;
        var exponent = _options.Spread / (_options.Spread + _options.Epsilon);
        var factors = new double[rows]; // v of K v: one per row
        Array.Fill(factors, 1.0 / rows);
        for (var iteration = 1; ; iteration++)
        {
            var taken = new double[rows]; // sum_v u_v K_vk
            var givers = new double[scores.Targets];
            scores.ForEachPart((part, first, count) =>
            {
                scores.ForEach(count, v => givers[first + v] = 1 / (scores.Targets * Given(part, count, v, factors)));
                Take(part, givers.AsSpan(first, count), taken);
            });
            var changed = 0.0;
            var largest = 0.0;
            var mass = new double[rows];
            for (var k = 0; k < rows; k++)
            {
                var sum = taken[k];
                mass[k] = factors[k] * sum;
                var factor = sum == 0 ? 0 : Math.Pow(sum, -exponent) / rows;
                (changed, largest) = (Math.Max(changed, Math.Abs(factor - factors[k])), Math.Max(largest, factor));
                factors[k] = factor;
            }

            context.Progress?.Report(new WorkProgress("transport", iteration, iteration, "iterations"));
            // The mass is of the factors before: at the end these are the same.
            var isDone = changed <= Tolerance * largest;
            if (isDone || iteration == MostIterations) return (mass, iteration, isDone);
        }
    }

    /// <summary>sum_k K_vk v_k, in fixed point: no order of rows changes it.</summary>
    private double Given(double[] part, int count, int v, double[] factors)
    {
        var largest = 0.0;
        for (var k = 0; k < factors.Length; k++) largest = Math.Max(largest, Kernel(part[(long)k * count + v]) * factors[k]);
        var unit = Math.ScaleB(1, Bits - Math.ILogB(largest));
        Int128 sum = 0;
        for (var k = 0; k < factors.Length; k++) sum += (Int128)(Kernel(part[(long)k * count + v]) * factors[k] * unit);
        return (double)sum / unit;
    }

    private void Take(double[] part, ReadOnlySpan<double> givers, double[] taken)
    {
        for (var k = 0; k < taken.Length; k++)
            for (var v = 0; v < givers.Length; v++) taken[k] += Kernel(part[(long)k * givers.Length + v]) * givers[v];
    }

    /// <summary>exp(-cost / epsilon) of a cosine.</summary>
    private double Kernel(double cosine) => Math.Exp(-(1 - Math.Clamp(cosine, -1, 1)) / 2 / _options.Epsilon);
}
