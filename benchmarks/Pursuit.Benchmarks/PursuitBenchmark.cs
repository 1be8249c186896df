using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Pursuit.Numerics;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Omp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// A pursuit pass against the machine's read bandwidth, and <c>gtp</c> against <c>omp</c>, on a bf16 store of random rows with
/// four targets, each planted from 500 rows plus 10% noise.
/// </summary>
internal static class PursuitBenchmark
{
    private const int Targets = 4;
    private const int PlantedPerTarget = 500;

    /// <summary>pursuit [rows] [dimension] [budget] [threads] [omp|no-omp].</summary>
    public static int Run(string[] args)
    {
        var rows = Argument(args, 1, 200_000);
        var dimension = Argument(args, 2, 4096);
        var budget = Argument(args, 3, 2000);
        var threads = Argument(args, 4, 2);
        var directory = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
        try
        {
            WriteStore(directory, rows, dimension);
            var expected = new ExpectedRows("the pool", rows, rows, [], "");
            using var pool = FeatureSource.Open(directory, expected, CancellationToken.None);
            using var target = PlantTargets(pool, dimension);
            Console.WriteLine($"{Measure.Machine()}, {threads} threads; {rows:N0} x {dimension:N0} bf16 "
                + $"({pool.Rows * (long)dimension * 2 / 1e9:0.00} GB, mapped), J = {Targets}");
            Console.WriteLine();
            if (!Verify(pool)) return 1;
            TimePass(pool, threads);
            Compare(pool, target, budget, threads, withOmp: args.ElementAtOrDefault(5) != "no-omp");
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int Argument(string[] args, int index, int missing) =>
        index < args.Length ? int.Parse(args[index], CultureInfo.InvariantCulture) : missing;

    /// <summary>Nearly normal numbers (sums of four bytes) in a store of ours.</summary>
    private static void WriteStore(string directory, int rows, int dimension)
    {
        var manifest = FeatureManifest.Create("gradient-trajectory", rows, [new FeatureBlock("checkpoint-0", dimension)]);
        var writer = new FeatureStoreWriter(directory, manifest);
        var state = 0x9E3779B97F4A7C15UL;
        for (var shard = 0; shard < manifest.ShardCount; shard++)
        {
            var values = new float[manifest.RowsIn(shard) * dimension];
            for (var k = 0; k < values.Length; k++)
            {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                values[k] =
                    ((int)(state & 255) + (int)(state >> 8 & 255) + (int)(state >> 16 & 255) + (int)(state >> 24 & 255) - 510) / 148f;
            }

            var norms = new float[manifest.RowsIn(shard)];
            for (var r = 0; r < norms.Length; r++) norms[r] = MathF.Sqrt(DotProduct.SquaredNorm(values.AsSpan(r * dimension, dimension)));
            writer.WriteShard(shard, [values], norms);
        }

        writer.Complete();
    }

    /// <summary>Four target examples: sums of 500 unit rows with weights 0.5 to 1.5, plus noise of a tenth of their length.</summary>
    private static MemoryFeatures PlantTargets(IDenseFeatures pool, int dimension)
    {
        var random = new SeededRandom(1, "benchmark/planted");
        var targets = new float[Targets * dimension];
        var row = new float[dimension];
        var rows = GradientRows.OfPool(pool, RowConstruction.ExactUnit);
        for (var j = 0; j < Targets; j++)
        {
            var sum = targets.AsSpan(j * dimension, dimension);
            for (var n = 0; n < PlantedPerTarget; n++)
            {
                rows.Gather([random.NextInt(pool.Rows)], row);
                var weight = (float)(0.5 + random.NextDouble());
                for (var k = 0; k < dimension; k++) sum[k] += weight * row[k];
            }

            var noise = 0.1 * Math.Sqrt(sum.ToArray().Sum(x => (double)x * x) / dimension);
            for (var k = 0; k < dimension; k++) sum[k] += (float)(noise * random.NextGaussian());
        }

        return new MemoryFeatures("planted targets", dimension, [targets]);
    }

    private static bool Verify(IDenseFeatures pool)
    {
        var rows = GradientRows.OfPool(pool, RowConstruction.ExactUnit);
        var rhs = new float[Targets * pool.Dimension];
        var random = new SeededRandom(2, "benchmark/rhs");
        for (var k = 0; k < rhs.Length; k++) rhs[k] = (float)random.NextGaussian();
        var scores = new double[pool.Rows * Targets];
        rows.Scan(rhs, Targets, scores, 2, CancellationToken.None);
        var row = new float[pool.Dimension];
        var worst = 0.0;
        for (var i = 0; i < pool.Rows; i += Math.Max(1, pool.Rows / 500))
        {
            rows.Gather([i], row);
            for (var j = 0; j < Targets; j++)
            {
                var expected = 0.0;
                for (var k = 0; k < row.Length; k++) expected += (double)row[k] * rhs[j * row.Length + k];
                worst = Math.Max(worst, Math.Abs(expected - scores[i * Targets + j]));
            }
        }

        Console.WriteLine($"verified: a pass against plain double sums, largest difference {worst:0.0e+0} (scores are about 1)");
        Console.WriteLine();
        return worst < 1e-4;
    }

    private static void TimePass(IDenseFeatures pool, int threads)
    {
        var rows = GradientRows.OfPool(pool, RowConstruction.ExactUnit);
        var scores = new double[pool.Rows * Targets];
        var rhs = new float[Targets * pool.Dimension];
        Array.Fill(rhs, 0.01f);
        var best = Measure.Alternate(
            5, () => ReadAll(pool, threads), () => rows.Scan(rhs, Targets, scores, threads, CancellationToken.None));
        var gigabytes = rows.PassBytes / 1e9;
        Console.WriteLine("| | seconds | GB/s | of reading alone |");
        Console.WriteLine("|---|---|---|---|");
        Console.WriteLine($"| reading every byte (the ceiling) | {best[0]:0.000} | {gigabytes / best[0]:0.0} | 1 |");
        Console.WriteLine($"| one pursuit pass, J = {Targets} | {best[1]:0.000} | {gigabytes / best[1]:0.0} | {best[0] / best[1]:0.00} |");
        Console.WriteLine();
    }

    /// <summary>Reads the store's bytes and does next to nothing with them.</summary>
    private static void ReadAll(IDenseFeatures pool, int threads)
    {
        var shards = (pool.Rows + pool.ShardRows - 1) / pool.ShardRows;
        var sum = 0L;
        Parallel.For(0, shards, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => Vector<ulong>.Zero, (shard, _, local) =>
        {
            var first = shard * pool.ShardRows;
            var bytes = MemoryMarshal.AsBytes(pool.Read(0, first, Math.Min(pool.ShardRows, pool.Rows - first), []).BFloats);
            var vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
            var other = Vector<ulong>.Zero;
            for (var i = 0; i + 1 < vectors.Length; i += 2)
            {
                local ^= vectors[i];
                other ^= vectors[i + 1];
            }

            return local ^ other;
        }, local => Interlocked.Add(ref sum, (long)local[0]));
        Measure.Keep(sum);
    }

    private static void Compare(IDenseFeatures pool, MemoryFeatures target, int budget, int threads, bool withOmp)
    {
        var ids = new ContentId[pool.Rows];
        Span<byte> bytes = stackalloc byte[ContentId.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            BitConverter.TryWriteBytes(bytes, i);
            ids[i] = new ContentId(bytes);
        }

        var problem = new SelectionProblem
        {
            ContentIds = ids,
            Budget = new Budget(budget, false, BudgetUnit.Rows),
            Gradients = new GradientInputs { Pool = pool, Target = target },
            TargetGroups = [0, 1, 2, 3],
            TargetGroupNames = ["a", "b", "c", "d"],
        };
        Console.WriteLine($"| M = {budget:N0} | seconds | passes | rows | residual | times as fast |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var gtp = Time("gtp, staged", new GtpSelector(new GtpOptions { Fill = GtpFill.None }), problem, null, threads);
        Time(
            "gtp, paper", new GtpSelector(new GtpOptions { Fill = GtpFill.None, Schedule = GtpSchedule.Paper, Iterations = 5 }),
            problem, null, threads);
        if (withOmp) Time("omp, Cholesky", new OmpSelector(new OmpOptions()), problem, gtp, threads);
    }

    private static double Time(string name, ISelector selector, SelectionProblem problem, double? faster, int threads)
    {
        var start = Stopwatch.GetTimestamp();
        var selection = selector.Select(problem, new SelectionContext { Threads = threads });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var details = (PursuitDetails)selection.Details!;
        var ratio = faster is { } f ? $"gtp is {seconds / f:0.0}" : "";
        Console.WriteLine(
            $"| {name} | {seconds:0.0} | {details.Passes} | {selection.Rows.Count:N0} | {details.Residual:0.0000} | {ratio} |");
        return seconds;
    }
}
