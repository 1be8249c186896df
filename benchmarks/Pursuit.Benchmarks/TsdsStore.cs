using System.Globalization;
using Pursuit.Numerics;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// Writes a bf16 store of unit rows in 1,000 clusters of unequal size, one row in a hundred a near-copy of one of 64 rows, and a
/// target in 20 of the clusters: data for <see cref="TsdsBenchmark"/> of any size without holding it.
/// </summary>
internal static class TsdsStore
{
    private const int Clusters = 1000, TargetClusters = 20, Originals = 64;
    private const float Spread = 0.8f, CopySpread = 0.05f;

    /// <summary>tsds-store DIRECTORY rows dimension targets: makes DIRECTORY/pool and DIRECTORY/target.npy.</summary>
    public static int Run(string[] args)
    {
        if (args.Length < 5)
        {
            Console.Error.WriteLine("usage: tsds-store DIRECTORY rows dimension targets");
            return 2;
        }

        var (rows, dimension, targets) = (Number(args[2]), Number(args[3]), Number(args[4]));
        var random = new SeededRandom(1, "benchmark/tsds");
        var centres = Enumerable.Range(0, Clusters).Select(_ => Unit(Noise(random, new float[dimension], 1))).ToArray();
        var originals = Enumerable.Range(0, Originals)
            .Select(i => Member(random, centres[i % 2 == 0 ? TargetCluster(random) : random.NextInt(Clusters)])).ToArray();
        var target = Enumerable.Range(0, targets).SelectMany(_ => Member(random, centres[TargetCluster(random)])).ToArray();
        Directory.CreateDirectory(args[1]);
        NpyFile.Write(Path.Combine(args[1], "target.npy"), [targets, dimension], target);

        var manifest = FeatureManifest.Create("embedding", rows, [new FeatureBlock("embedding", dimension)]);
        var writer = new FeatureStoreWriter(Path.Combine(args[1], "pool"), manifest);
        Parallel.For(0, manifest.ShardCount, shard =>
        {
            var draw = new SeededRandom(1, "benchmark/tsds/shard", (ulong)shard);
            var values = new float[manifest.RowsIn(shard) * dimension];
            var norms = new float[manifest.RowsIn(shard)];
            for (var r = 0; r < norms.Length; r++)
            {
                // The square of a uniform number favours low clusters, as weights 1 / sqrt(i) do.
                var u = draw.NextDouble();
                var row = draw.NextInt(100) == 0
                    ? Unit(Noise(draw, [.. originals[draw.NextInt(Originals)]], CopySpread))
                    : Member(draw, centres[(int)(u * u * Clusters)]);
                row.CopyTo(values, r * dimension);
                norms[r] = MathF.Sqrt(DotProduct.SquaredNorm(row));
            }

            writer.WriteShard(shard, [values], norms);
        });
        writer.Complete();
        return 0;
    }

    /// <summary>Target clusters stand evenly among small and large ones.</summary>
    private static int TargetCluster(SeededRandom random) => (2 * random.NextInt(TargetClusters) + 1) * Clusters / (2 * TargetClusters);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static float[] Member(SeededRandom random, float[] centre) => Unit(Noise(random, [.. centre], Spread));

    /// <summary>Adds nearly normal numbers (sums of four bytes) of a given length as a whole.</summary>
    private static float[] Noise(SeededRandom random, float[] row, float length)
    {
        var scale = length / MathF.Sqrt(row.Length) / 148f;
        for (var k = 0; k < row.Length; k += 2)
        {
            var bits = random.NextUInt64();
            for (var half = 0; half < 2 && k + half < row.Length; half++, bits >>= 32)
                row[k + half] +=
                    scale * ((int)(bits & 255) + (int)(bits >> 8 & 255) + (int)(bits >> 16 & 255) + (int)(bits >> 24 & 255) - 510);
        }

        return row;
    }

    private static float[] Unit(float[] row)
    {
        var norm = MathF.Sqrt(DotProduct.SquaredNorm(row));
        foreach (ref var value in row.AsSpan()) value /= norm;
        return row;
    }
}
