using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Features;

public sealed class GradientRowsTests
{
    private static readonly MemoryFeatures Pool = (MemoryFeatures)Gradients.Realistic(90, 10, "5").Gradients.Pool!;
    private static readonly MemoryFeatures Target = (MemoryFeatures)Gradients.Realistic(90, 10, "5").Gradients.Target!;

    [Theory]
    [InlineData(RowNormalization.Checkpoint, 0.05)]
    [InlineData(RowNormalization.Checkpoint, 0)]
    [InlineData(RowNormalization.Row, 0.3)]
    [InlineData(RowNormalization.None, 0)]
    public void Rows_gathers_and_scans_are_what_the_formula_says(RowNormalization normalization, double floor)
    {
        var construction = new RowConstruction(normalization, floor);
        var rows = GradientRows.OfPool(Pool, construction);
        var phi = ReferenceRows.Phi(Pool, construction, Pool);
        var gathered = new float[90 * rows.Dimension];
        rows.Gather([.. Enumerable.Range(0, 90)], gathered);
        var rhs = Gradients.Gaussian(3, rows.Dimension, 1, "rhs")[0];
        var scores = new double[90 * 3];
        rows.Scan(rhs, 3, scores, 2, CancellationToken.None);
        for (var i = 0; i < 90; i++)
        {
            var norm = Math.Sqrt(ReferenceRows.Dot(phi[i], phi[i]));
            rows.Norms[i].ShouldBe(norm, Tolerances.FloatReordered * norm);
            for (var k = 0; k < rows.Dimension; k++)
                ((double)gathered[i * rows.Dimension + k]).ShouldBe(phi[i][k], Tolerances.FloatReordered * norm);
            for (var j = 0; j < 3; j++)
            {
                var expected = ReferenceRows.Dot(
                    phi[i],
                    Array.ConvertAll(rhs[(j * rows.Dimension)..((j + 1) * rows.Dimension)], x => (double)x));
                scores[i * 3 + j].ShouldBe(expected, Tolerances.FloatReordered * norm * 20); // |rhs| is about 10
            }
        }
    }

    [Fact]
    public void Targets_are_made_with_the_pools_floor()
    {
        var construction = new RowConstruction(RowNormalization.Checkpoint, 0.5);
        var rows = GradientRows.OfPool(Pool, construction).OfTarget(Target);
        var phi = ReferenceRows.Phi(Target, construction, Pool);
        for (var v = 0; v < Target.Rows; v++)
            rows.Norms[v].ShouldBe(Math.Sqrt(ReferenceRows.Dot(phi[v], phi[v])), Tolerances.FloatReordered);
        rows.Norms.ShouldContain(n => n < 0.9);
    }

    [Fact]
    public void Centred_rows_add_up_to_nothing()
    {
        var rows = GradientRows.OfPool(Pool, RowConstruction.ExactUnit).Centred(2, CancellationToken.None);
        var gathered = new float[90 * rows.Dimension];
        rows.Gather([.. Enumerable.Range(0, 90)], gathered);
        for (var k = 0; k < rows.Dimension; k++)
            Enumerable.Range(0, 90).Sum(i => (double)gathered[i * rows.Dimension + k]).ShouldBe(0, Tolerances.FloatReordered);
        for (var i = 0; i < 90; i++)
        {
            var row = gathered.AsSpan(i * rows.Dimension, rows.Dimension);
            rows.Norms[i].ShouldBe(Math.Sqrt(GradientRows.Dot(row, row)), Tolerances.FloatReordered);
        }

        var rhs = Gradients.Gaussian(2, rows.Dimension, 1, "rhs")[0];
        var scores = new double[180];
        rows.Scan(rhs, 2, scores, 2, CancellationToken.None);
        for (var i = 0; i < 180; i++)
            scores[i].ShouldBe(
                GradientRows.Dot(
                    gathered.AsSpan(i / 2 * rows.Dimension, rows.Dimension), rhs.AsSpan(i % 2 * rows.Dimension, rows.Dimension)),
                20 * Tolerances.FloatReordered);
    }

    [Fact]
    public void Sums_have_the_same_bits_in_any_order_of_rows_shards_and_threads()
    {
        var order = Enumerable.Range(0, 90).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        var one = Sum(Pool, 1);
        Sum(new MemoryFeatures("permuted", Pool.Dimension, Gradients.Blocks(Pool, order), Pool.Etabar), 1).ShouldBe(one);
        Sum(Gradients.InShards(Pool, 7), 3).ShouldBe(one);
        var phi = ReferenceRows.Phi(Pool, RowConstruction.Unscaled, Pool);
        for (var k = 0; k < one.Length; k++)
            one[k].ShouldBe(phi.Sum(row => row[k]), Tolerances.FloatReordered * phi.Sum(row => Math.Abs(row[k])));
    }

    [Fact]
    public void Sums_of_several_threads_are_added_up()
    {
        using var meeting = new MeetingFeatures(Gradients.InShards(Pool, 7), 2);
        RowSums.Compute(
            GradientRows.OfPool(meeting, RowConstruction.Unscaled), new int[90], 1, 2, CancellationToken.None).ShouldBe(Sum(Pool, 1));
        meeting.Met.ShouldBeTrue();
    }

    [Fact]
    public void A_zero_gradient_is_a_zero_row()
    {
        var rows = GradientRows.OfPool(new MemoryFeatures("pool", 2, [[3, 4, 0, 0, 1, 0]]), RowConstruction.ExactUnit);
        rows.Norms.ShouldBe([1.0, 0.0, 1.0], Tolerances.FloatReordered);
        var row = new float[2];
        rows.Gather([1], row);
        row.ShouldBe([0f, 0f]);
        var scores = new double[3];
        rows.Scan([1, 1], 1, scores, 1, CancellationToken.None);
        scores[1].ShouldBe(0);
    }

    [Fact]
    public void Zero_gradients_do_not_move_the_floor_of_the_others()
    {
        var without = GradientRows.OfPool(Pool, new RowConstruction(RowNormalization.Checkpoint, 0.2));
        float[][] blocks =
            [.. Gradients.Blocks(Pool, [.. Enumerable.Range(0, 90)]).Select(b => (float[])[.. b, .. new float[200 * Pool.Dimension]])];
        var with = GradientRows.OfPool(
            new MemoryFeatures("with zeros", Pool.Dimension, blocks, Pool.Etabar), new RowConstruction(RowNormalization.Checkpoint, 0.2));
        with.Floors.ShouldBe(without.Floors);
        with.Norms.Take(90).ShouldBe(without.Norms);
        with.Norms.Skip(90).ShouldAllBe(n => n == 0);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Rows_with_NaN_or_infinity_are_refused_by_name(float bad)
    {
        var values = Gradients.Gaussian(40, 4, 1, "bad")[0];
        values[17 * 4 + 2] = bad;
        values[30 * 4] = bad;
        var message = Should.Throw<PursuitException>(() => new MemoryFeatures("f.npy", 4, [values])).Message;
        message.ShouldContain("2 rows hold NaN or infinity");
        message.ShouldContain("17, 30");
    }

    [Fact]
    public void A_pass_refuses_rows_whose_stored_norm_hid_that_they_are_not_finite()
    {
        var values = Gradients.Gaussian(40, 4, 1, "bad")[0];
        var rows = GradientRows.OfPool(new MemoryFeatures("f", 4, [values]), RowConstruction.ExactUnit);
        values[21 * 4 + 3] = float.NaN; // the norms are known by now
        Should.Throw<PursuitException>(
            () => rows.Scan([1, 1, 1, 1], 1, new double[40], 1, CancellationToken.None)).Message.ShouldContain("row 21");
    }

    [Fact]
    public void A_pool_of_zero_gradients_is_refused()
    {
        var features = new MemoryFeatures("zeros", 2, [new float[8]]);
        Should.Throw<PursuitException>(
            () => GradientRows.OfPool(features, RowConstruction.ExactUnit)).Message.ShouldContain("all 4 rows are zero");
    }

    [Fact]
    public void Tiny_and_huge_gradients_keep_their_direction()
    {
        var rows = GradientRows.OfPool(new MemoryFeatures("pool", 2, [[3e-30f, 4e-30f, 3e30f, 4e30f]]), RowConstruction.ExactUnit);
        var both = new float[4];
        rows.Gather([0, 1], both);
        for (var i = 0; i < 2; i++)
        {
            both[2 * i].ShouldBe(0.6f, (float)Tolerances.FloatReordered);
            both[2 * i + 1].ShouldBe(0.8f, (float)Tolerances.FloatReordered);
        }
    }

    [Fact]
    public void Targets_of_another_shape_are_refused()
    {
        var other = new MemoryFeatures("other", 8, [new float[16]]);
        Should.Throw<PursuitException>(
            () => GradientRows.OfPool(Pool, RowConstruction.ExactUnit).OfTarget(other)).Message.ShouldContain(
                "same model, checkpoints and projection");
    }

    private static double[] Sum(MemoryFeatures features, int threads) =>
        RowSums.Compute(
            GradientRows.OfPool(features, RowConstruction.Unscaled), new int[features.Rows], 1, threads, CancellationToken.None);

    /// <summary>Holds the first reads back until several threads read, so that small work isn't done by one.</summary>
    private sealed class MeetingFeatures(MemoryFeatures inner, int threads) : ForwardedFeatures(inner)
    {
        private readonly CountdownEvent _arrivals = new(threads);
        private readonly ThreadLocal<bool> _here = new();

        public bool Met { get; private set; }

        public override FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch)
        {
            if (!_here.Value)
            {
                _here.Value = true;
                if (!_arrivals.IsSet) _arrivals.Signal();
                Met = _arrivals.Wait(TimeSpan.FromSeconds(30));
            }

            return base.Read(block, firstRow, rows, scratch);
        }

        public override void Dispose()
        {
            base.Dispose();
            _arrivals.Dispose();
            _here.Dispose();
        }
    }
}
