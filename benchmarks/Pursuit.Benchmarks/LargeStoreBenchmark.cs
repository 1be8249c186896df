using System.Diagnostics;
using System.Globalization;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>gtp on a store larger than the memory it may have: time, passes, and the process's own memory at its highest.</summary>
internal static class LargeStoreBenchmark
{
    /// <summary>
    /// "large DIRECTORY ROWS DIMENSION ROWS-TO-CHOOSE THREADS [MEMORY|- [journal|no-journal [PARTS [auto|always|never]]]]"; the store is
    /// made, in int8, where there is none.
    /// </summary>
    public static int Run(string[] args)
    {
        int Number(int index) => int.Parse(args[index], CultureInfo.InvariantCulture);
        var (directory, rows, dimension, budget, threads) = (args[1], Number(2), Number(3), Number(4), Number(5));
        if (!File.Exists(Path.Combine(directory, FeatureManifest.FileName))) Make(directory, rows, dimension, "I8", threads);
        using var pool = new StoreFeatures(FeatureStore.Open(directory, verifyChecksums: false));
        var target = Target(pool, budget);
        var memory = new PursuitMemory(args.Length > 6 && args[6] != "-" ? ByteSize.Parse("MEMORY", args[6]) : null);
        if (memory.Allowed is { } allowed) ProcessMemory.Bound(allowed);
        var kept = Path.Combine(directory, PursuitJournal.FileName);
        File.Delete(kept);
        using var journal = args.Length > 7 && args[7] == "no-journal" ? null : PursuitJournal.Open(kept, "benchmark");
        var problem = new SelectionProblem
        {
            ContentIds = Measure.NumberedIds(rows),
            Budget = new Budget(budget, false, BudgetUnit.Rows),
            Gradients = new GradientInputs { Pool = pool, Target = target },
        };
        var options = new GtpOptions
        {
            Iterations = 10,
            SwapRounds = 3,
            Fill = GtpFill.None,
            Groups = TargetGrouping.One,
            Batch = 0,
            Rounds = args.Length > 8 && Number(8) > 1 ? 2 : 1,
            Parts = args.Length > 8 ? Number(8) : 1,
            Screen = args.Length > 9 ? Enum.Parse<ScreenUse>(args[9], ignoreCase: true) : ScreenUse.Auto,
        };
        using var watch = ProcessMemory.Watch();
        var start = Stopwatch.GetTimestamp();
        var chosen = new GtpSelector(options)
            .Select(problem, new SelectionContext { Threads = threads, Memory = memory, Journal = journal });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var details = (PursuitDetails)chosen.Details!;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"gtp, {chosen.Rows.Count:N0} of {rows:N0} x {dimension:N0} of {pool.BytesPerElement} bytes "
                + $"({GradientRows.OfPool(pool, options.Rows).PassBytes / 1e9:0.00} GB), {threads} threads: {seconds:0.0} s, "
                + $"{details.Passes} passes, residual {details.Residual:0.000}, anonymous memory at most "
                + $"{watch.Peak / (double)(1L << 30):0.00} GiB of {memory.Planned / (double)(1L << 30):0.00} planned, "
                + $"rows {(memory.KeepsRows ? "kept" : $"read again, {memory.BytesReread / 1e9:0.00} GB")}; "
                + $"screened {memory.RowsScreened:N0} rows, read again {memory.RowsReadAgain:N0}, spared {memory.BytesSpared / 1e9:0.00} "
                + $"of {details.BytesRead / 1e9:0.00} GB; "
                + $"journal {(journal is null ? "none" : $"{new FileInfo(kept).Length / 1e6:0} MB")}"));
        File.Delete(kept);
        return 0;
    }

    /// <summary>Independent normal rows of unit length.</summary>
    public static void Make(string directory, int rows, int dimension, string type, int threads)
    {
        var manifest = FeatureManifest.Create("gradient-trajectory", rows, [new FeatureBlock("a", dimension)]) with
        {
            Dtype = type,
            Normalization = "row",
        };
        var writer = new FeatureStoreWriter(directory, manifest);
        Parallel.For(0, manifest.ShardCount, new ParallelOptions { MaxDegreeOfParallelism = threads }, shard =>
        {
            var random = new SeededRandom(1, "benchmark/large", (ulong)shard);
            var count = manifest.RowsIn(shard);
            var values = new float[count * dimension];
            for (var k = 0; k < values.Length; k++) values[k] = (float)random.NextGaussian();
            for (var i = 0; i < count; i++)
            {
                var row = values.AsSpan(i * dimension, dimension);
                System.Numerics.Tensors.TensorPrimitives.Divide(row, System.Numerics.Tensors.TensorPrimitives.Norm<float>(row), row);
            }

            var norms = new float[count];
            Array.Fill(norms, 1);
            writer.WriteShard(shard, [values], norms);
        });
        writer.Complete();
    }

    /// <summary>A sum of as many rows as are chosen, with weights 0.5 to 1.5.</summary>
    private static MemoryFeatures Target(StoreFeatures pool, int planted)
    {
        var random = new SeededRandom(2, "benchmark/large");
        var rows = GradientRows.OfPool(pool, RowConstruction.ExactUnit);
        var (sum, row) = (new float[pool.Dimension], new float[pool.Dimension]);
        for (var n = 0; n < planted; n++)
        {
            rows.Gather([random.NextInt(pool.Rows)], row);
            var weight = (float)(0.5 + random.NextDouble());
            for (var k = 0; k < sum.Length; k++) sum[k] += weight * row[k];
        }

        return new MemoryFeatures("planted", pool.Dimension, [sum]);
    }
}
