using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Storage;

/// <summary>Rows in signed bytes with a scale: what is lost, and that scans see what was stored.</summary>
public sealed class Int8StoreTests : IDisposable
{
    private const int Rows = 1100;
    private const int Dimension = 37;
    private readonly TemporaryDirectory _directory = new();
    private readonly float[][] _values = Gradients.Gaussian(Rows, Dimension, 2, "int8");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_number_is_off_by_at_most_half_its_rows_scale_and_the_largest_by_nothing()
    {
        var row = _values[0].AsSpan(0, Dimension).ToArray();
        var bytes = new sbyte[Dimension];
        var scale = RowQuantisation.ToInt8(row, bytes);
        var largest = row.Max(Math.Abs);
        scale.ShouldBe(largest / 127, Tolerances.FloatReordered);
        bytes.Max(b => Math.Abs((int)b)).ShouldBe(127);
        for (var k = 0; k < Dimension; k++) Math.Abs(row[k] - scale * bytes[k]).ShouldBeLessThanOrEqualTo(scale * 0.5001f);

        var negative = new sbyte[Dimension];
        RowQuantisation.ToInt8([.. row.Select(x => -x)], negative).ShouldBe(scale);
        negative.ShouldBe(bytes.Select(b => (sbyte)-b));
    }

    [Fact]
    public void A_row_of_zeros_stays_one_and_what_is_not_finite_is_refused()
    {
        sbyte[] bytes = [1, 2, 3];
        RowQuantisation.ToInt8([0, 0, 0], bytes).ShouldBe(0);
        bytes.ShouldBe(new sbyte[3]);
        RowQuantisation.ToInt8([1e-45f, 0, 0], bytes).ShouldBe(0, "a scale too small for a single");
        Should.Throw<PursuitException>(() => RowQuantisation.ToInt8([1, float.NaN, 0], bytes)).Message.ShouldContain("finite");
        Should.Throw<PursuitException>(() => RowQuantisation.ToInt8([1, float.PositiveInfinity, 0], bytes)).Message.ShouldContain("finite");
    }

    [Theory]
    [InlineData("row")]
    [InlineData("none")]
    public void Methods_see_exactly_the_rows_that_were_stored(string normalization)
    {
        Write("store", normalization, [0, 1]);
        using var store = new StoreFeatures(FeatureStore.Open(_directory.PathOf("store")));
        store.BytesPerElement.ShouldBe(1);
        var plain = new float[2][];
        for (var t = 0; t < 2; t++)
        {
            plain[t] = new float[Rows * Dimension];
            using var raw = FeatureStore.Open(_directory.PathOf("store"));
            raw.ReadRows(t, 0, Rows, plain[t]);
            for (var i = 0; i < Rows; i++)
            {
                var norm = normalization == "row" ? store.Norms(t)[i] : 1;
                for (var k = 0; k < Dimension; k++) plain[t][i * Dimension + k] *= norm;
                // And those are the rows that were given, to half a 127th of the largest.
                var largest = _values[t].AsSpan(i * Dimension, Dimension).ToArray().Max(Math.Abs);
                for (var k = 0; k < Dimension; k++)
                    Math.Abs(plain[t][i * Dimension + k] - _values[t][i * Dimension + k]).ShouldBeLessThanOrEqualTo(largest / 127 * 0.501f);
            }
        }

        var rows = GradientRows.OfPool(store, RowConstruction.Unscaled);
        using var memory = new MemoryFeatures("plain", Dimension, plain);
        var expected = GradientRows.OfPool(memory, RowConstruction.Unscaled);
        var rhs = Gradients.Gaussian(3, 2 * Dimension, 1, "int8/rhs")[0];
        double[] scores = new double[Rows * 3], expectedScores = new double[Rows * 3];
        rows.Scan(rhs, 3, scores, 2, CancellationToken.None);
        expected.Scan(rhs, 3, expectedScores, 2, CancellationToken.None);
        // Right-hand sides are rounded to 16 bits of their block's largest number.
        var scale = expectedScores.Max(Math.Abs);
        var step = rhs.Max(Math.Abs) / 65_534.0;
        for (var i = 0; i < scores.Length; i++)
        {
            var sum = plain.Sum(block => block.AsSpan(i / 3 * Dimension, Dimension).ToArray().Sum(x => (double)Math.Abs(x)));
            Math.Abs(scores[i] - expectedScores[i]).ShouldBeLessThan(step * sum + 1e-6 * scale);
        }

        float[] gathered = new float[2 * Dimension], expectedRow = new float[2 * Dimension];
        foreach (var i in new[] { 0, 1023, 1024, Rows - 1 })
        {
            rows.Gather([i], gathered);
            expected.Gather([i], expectedRow);
            for (var k = 0; k < gathered.Length; k++) gathered[k].ShouldBe(expectedRow[k], 1e-5f * (1 + Math.Abs(expectedRow[k])));
        }
    }

    [Fact]
    public void The_order_of_shards_changes_no_byte_and_the_store_is_half_of_bf16()
    {
        Write("up", "none", [0, 1]);
        Write("down", "none", [1, 0]);
        foreach (var file in Directory.EnumerateFiles(_directory.PathOf("up")))
            File.ReadAllBytes(file).ShouldBe(File.ReadAllBytes(Path.Combine(_directory.PathOf("down"), Path.GetFileName(file))));
        using var store = FeatureStore.Open(_directory.PathOf("up"));
        store.ByteLength.ShouldBeInRange(2 * Rows * (Dimension + 8), 2 * Rows * (Dimension + 8) + 4096);
        Should.Throw<PursuitException>(() => store.BFloat16Rows(0, 0)).Message.ShouldContain("I8");
    }

    private void Write(string name, string normalization, int[] order)
    {
        var manifest = FeatureManifest.Create(
            "gradient-trajectory", Rows,
            [new FeatureBlock("a", Dimension), new FeatureBlock("b", Dimension)]) with
        {
            Dtype = "I8",
            Normalization = normalization,
        };
        var writer = new FeatureStoreWriter(_directory.PathOf(name), manifest);
        foreach (var shard in order)
        {
            var (first, rows) = (shard * FeatureManifest.ShardRows, manifest.RowsIn(shard));
            var norms = new float[rows * 2];
            var blocks = new ReadOnlyMemory<float>[2];
            for (var t = 0; t < 2; t++)
            {
                var part = _values[t].AsSpan(first * Dimension, rows * Dimension).ToArray();
                for (var i = 0; i < rows; i++)
                {
                    var row = part.AsSpan(i * Dimension, Dimension);
                    norms[2 * i + t] = MathF.Sqrt(DotProduct.SquaredNorm(row));
                    if (normalization == "row") System.Numerics.Tensors.TensorPrimitives.Divide(row, norms[2 * i + t], row);
                }

                blocks[t] = part;
            }

            writer.WriteShard(shard, blocks, norms);
        }

        writer.Complete();
    }
}
