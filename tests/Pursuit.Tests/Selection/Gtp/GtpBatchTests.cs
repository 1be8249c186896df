using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>The noise of a batch, as a pursuit counts it.</summary>
public sealed class GtpBatchTests
{
    private static readonly GtpOptions Quiet =
        new() { Normalize = RowNormalization.None, NormFloor = 0, NoiseFloor = GtpNoiseFloor.Off, Groups = TargetGrouping.Named };

    [Theory]
    [InlineData(GtpSchedule.Staged)]
    [InlineData(GtpSchedule.Paper)]
    public void It_is_a_further_coordinate_of_length_over_root_of_the_batch_where_the_target_has_nothing(GtpSchedule schedule)
    {
        const int Batch = 6, Rows = 200, Dimension = 40;
        var pool = Gradients.Gaussian(Rows, Dimension, 1, "batch-pool")[0];
        var target = Gradients.Gaussian(12, Dimension, 1, "batch-target")[0];
        var options = Quiet with { Schedule = schedule, Fill = GtpFill.None, Lambda = 0.01, Tolerance = 0, SwapRounds = 50 };
        var counted = GtpLawTests.Select(Problem(pool, target, Dimension), options with { Batch = Batch });

        // Rows are longer by sqrt(1 + 1/batch) there, so the same ridge is a smaller multiple of their mean square.
        var longer = options with { Batch = 0, Lambda = 0.01 / (1 + 1.0 / Batch) };
        var explicitly = GtpLawTests.Select(
            Problem(Extended(pool, Dimension, Batch), Extended(target, Dimension, 0), Dimension + 1), longer);
        var weights = explicitly.Rows.ToDictionary(r => r.Position, r => r.Weight);
        counted.Rows.Select(r => r.Position).ShouldBe(weights.Keys, ignoreOrder: true);
        foreach (var row in counted.Rows) row.Weight.ShouldBe(weights[row.Position], Tolerances.NonNegativeWeights * weights.Values.Max());
        ((PursuitDetails)counted.Details!).Objective.ShouldBe(((PursuitDetails)explicitly.Details!).Objective, 1e-5);
    }

    [Fact]
    public void A_batch_of_everything_has_none()
    {
        var problem = Gradients.Realistic(300, 24, "60");
        var none = GtpLawTests.Select(problem, new GtpOptions { Batch = 0 });
        var all = GtpLawTests.Select(problem, new GtpOptions { Batch = int.MaxValue });
        all.Rows.Select(r => r.Position).ShouldBe(none.Rows.Select(r => r.Position));
    }

    [Fact]
    public void The_smaller_the_batch_the_fewer_rows_are_wanted_and_the_more_each_points_toward_the_target()
    {
        var problem = Gradients.Realistic(400, 24, "150");
        var open = GtpLawTests.Open(problem, new GtpOptions());
        var scores = new double[400];
        open.Scan(open.Target.Uniform, 1, scores, CancellationToken.None);
        var (wanted, toward) = (int.MaxValue, double.NegativeInfinity);
        foreach (var batch in new[] { 0, 64, 4 })
        {
            var chosen = GtpLawTests.Select(problem, new GtpOptions { Batch = batch, NoiseFloor = GtpNoiseFloor.Off });
            var details = (PursuitDetails)chosen.Details!;
            details.Wanted.ShouldBeLessThanOrEqualTo(wanted);
            var mean = chosen.Rows.Average(r => scores[r.Position]);
            mean.ShouldBeGreaterThan(toward);
            (wanted, toward) = (details.Wanted, mean);
        }
    }

    [Fact]
    public void Each_herded_row_is_the_best_of_all_for_training_in_batches()
    {
        const int Batch = 4;
        var problem = GtpLawTests.Open(Gradients.Realistic(120, 24, "20"), new GtpOptions { Batch = Batch });
        int[] chosen = [3, 50, 77];
        foreach (var next in new HerdingFill(problem, chosen).Fill(_ => 1, 5, 5, null, CancellationToken.None))
        {
            // Cosine of the sum with the target where every row's length over root of the batch lies across it.
            double After(int row)
            {
                int[] all = [.. chosen, row];
                var support = problem.NewSupport();
                support.Add(all);
                var sum = support.Sum();
                var (toward, square, mass) = (0.0, 0.0, all.Sum(i => problem.Rows.Norms[i]));
                for (var k = 0; k < sum.Length; k++)
                {
                    toward += sum[k] * problem.Target.Uniform[k];
                    square += sum[k] * sum[k];
                }

                return toward / Math.Sqrt(square + mass * mass / Batch);
            }

            After(next).ShouldBe(Enumerable.Range(0, 120).Except(chosen).Max(After), Tolerances.FloatReordered);
            chosen = [.. chosen, next];
        }
    }

    [Fact]
    public void Without_a_target_there_is_none_unless_asked_for()
    {
        var problem = Gradients.WithoutTarget(Gradients.Realistic(200, 1, "40"));
        GtpLawTests.Open(problem, new GtpOptions()).BatchNoise.ShouldBe(0);
        GtpLawTests.Open(problem, new GtpOptions { Batch = 4 }).BatchNoise.ShouldBe(0.25);
        GtpLawTests.Open(Gradients.Realistic(200, 8, "40"), new GtpOptions()).BatchNoise.ShouldBe(1.0 / 32);
    }

    private static SelectionProblem Problem(float[] pool, float[] target, int dimension) =>
        Gradients.Problem(new MemoryFeatures("pool", dimension, [pool]), new MemoryFeatures("target", dimension, [target]), "30", "a", "b");

    /// <summary>Each row with its length over the root of the batch behind it; 0 for a batch of 0.</summary>
    private static float[] Extended(float[] rows, int dimension, int batch)
    {
        var extended = new float[rows.Length / dimension * (dimension + 1)];
        for (var i = 0; i < rows.Length / dimension; i++)
        {
            var row = rows.AsSpan(i * dimension, dimension);
            row.CopyTo(extended.AsSpan(i * (dimension + 1)));
            var square = 0.0;
            foreach (var value in row) square += value * value;
            extended[i * (dimension + 1) + dimension] = batch > 0 ? (float)Math.Sqrt(square / batch) : 0;
        }

        return extended;
    }
}
