using System.Diagnostics;
using System.Globalization;
using Pursuit.Numerics;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Tsds;

namespace Pursuit.Benchmarks;

/// <summary>
/// <c>tsds</c> from embeddings on disk to chosen indices: verifies neighbours and densities against plain computations, then
/// times the selection, its parts and what the machine could do at best.
/// </summary>
internal static class TsdsBenchmark
{
    /// <summary>
    /// Neighbour lists and densities that are compared with plain loops, of a pool that such loops pass over in seconds and of a larger
    /// one.
    /// </summary>
    private const int Checked = 20, CheckedOfMany = 4, ManyRows = 2_000_000;

    /// <summary>tsds POOL TARGET [budget] [threads] [alpha] [kde|uniform]: embeddings as .npy files or feature stores.</summary>
    public static int Run(string[] args)
    {
        if (args.Length < 3)
        {
            Console.Error.WriteLine(
                "usage: tsds POOL TARGET [budget] [threads] [alpha] [kde|uniform], both embeddings as .npy or a feature store");
            return 2;
        }

        var threads = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        var options = new TsdsOptions
        {
            Scale = TsdsScale.None,
            Alpha = args.Length > 5 ? double.Parse(args[5], CultureInfo.InvariantCulture) : 0.5,
            Density = args.ElementAtOrDefault(6) == "uniform" ? TsdsDensity.Uniform : TsdsDensity.Kde,
        };
        using var memory = new AnonymousMemory();
        using var process = Process.GetCurrentProcess();
        var start = Stopwatch.GetTimestamp();
        using var pool = FeatureSource.Open(args[1], rows: null, CancellationToken.None);
        using var target = FeatureSource.Open(args[2], rows: null, CancellationToken.None);
        var opened = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var problem = new SelectionProblem
        {
            ContentIds = Ids(pool.Rows),
            Budget = Budget.Parse(args.Length > 3 ? args[3] : "1000"),
            Embeddings = new EmbeddingInputs { Pool = pool, Target = target },
        };
        var prepared = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var selection = new TsdsSelector(options).Select(problem, new SelectionContext { Threads = threads });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var whole = (DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalSeconds;
        process.Refresh();
        var processor = process.TotalProcessorTime.TotalSeconds;
        var peak = memory.Peak;
        var details = (TsdsDetails)selection.Details!;
        Console.WriteLine($"{Measure.Machine()}, {threads} threads; {pool.Rows:N0} x {pool.Dimension:N0} against {target.Rows:N0} targets, "
            + $"alpha {options.Alpha}, C {options.C}, {(options.Density == TsdsDensity.Kde ? $"sigma {options.KernelWidth}" : "uniform")}");
        Console.WriteLine();
        Console.WriteLine($"s* {details.Level:0.####}, {(details.Certified ? "" : "not ")}certified; {details.Support:N0} rows with mass, "
            + $"K {details.Neighbours.Min()} to {details.Neighbours.Max()}, {details.DensitiesEvaluated:N0} densities, "
            + $"{details.BytesRead / (double)(pool.Rows * (long)pool.Dimension * pool.BytesPerElement):0} passes; "
            + $"near-duplicates {details.NearDuplicateMass:P1}");
        Console.WriteLine();
        Console.WriteLine("| | |");
        Console.WriteLine("|---|---|");
        Console.WriteLine($"| whole process, seconds | {whole:0.00} |");
        Console.WriteLine($"| of that processor time | {processor:0.00} |");
        Console.WriteLine($"| opening with every norm | {opened:0.00} |");
        Console.WriteLine($"| content ids | {prepared - opened:0.00} |");
        Console.WriteLine($"| selecting | {seconds - prepared:0.00} |");
        Console.WriteLine($"| peak anonymous memory, GiB | {peak / (double)(1 << 30):0.00} |");
        if (!Verify(problem, selection, options)) return 1;
        Parts(problem, threads);
        if (options.Density == TsdsDensity.Kde) Densities(problem, selection, options.KernelWidth, threads);
        return 0;
    }

    /// <summary>Distinct ids that stand in no order.</summary>
    internal static ContentId[] Ids(int count)
    {
        var ids = new ContentId[count];
        Span<byte> bytes = stackalloc byte[ContentId.Length];
        for (var i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(bytes, (ulong)i * 0x9E3779B97F4A7C15UL);
            ids[i] = new ContentId(bytes);
        }

        return ids;
    }

    private static bool Verify(SelectionProblem problem, SelectionResult selection, TsdsOptions options)
    {
        var (pool, target) = EmbeddingRows.Open(problem.Embeddings.Pool!, problem.Embeddings.Target!, unit: false);
        var queries = target!.ToArray();
        var most = pool.Count > ManyRows ? CheckedOfMany : Checked;
        var some = Math.Min(most, target.Count);
        var lists = NeighbourSearch.Nearest(
            new NearestRows(
                pool, problem.ContentIds, queries[..(some * pool.Dimension)], Math.Min(100, pool.Count), Environment.ProcessorCount),
            CancellationToken.None);
        var probabilities = selection.Arrays.Single(a => a.Name == TsdsSelector.ProbabilitiesName).Values;
        var densities = selection.Arrays.Single(a => a.Name == TsdsSelector.DensitiesName).Values;
        var rows = Enumerable.Range(0, pool.Count).Where(i => densities[i] > 0).Take(most).ToArray();
        var values = new float[rows.Length * pool.Dimension];
        pool.Gather(rows, values);

        var plain = Enumerable.Range(0, some).Select(_ => new List<double>()).ToArray();
        var sums = new double[rows.Length];
        pool.ForEachTile(1, () => 0, (_, tile, first, count) =>
        {
            for (var r = 0; r < count; r++)
            {
                var row = tile.Slice(r * pool.Dimension, pool.Dimension);
                for (var v = 0; v < some; v++) plain[v].Add(Math.Sqrt(Squared(row, queries.AsSpan(v * pool.Dimension, pool.Dimension))));
                for (var k = 0; k < rows.Length; k++)
                    sums[k] += options.Density == TsdsDensity.Uniform
                        ? 1.0 / pool.Count
                        : Math.Max(
                            0,
                            1 - Squared(row, values.AsSpan(k * pool.Dimension, pool.Dimension))
                                / (options.KernelWidth * options.KernelWidth));
            }
        }, CancellationToken.None);
        var worst = 0.0;
        for (var v = 0; v < some; v++)
        {
            plain[v].Sort();
            for (var k = 0; k < lists.Rows[0].Length; k++) worst = Math.Max(worst, Math.Abs(plain[v][k] - lists.Distances[v][k]));
        }

        var densityError = rows.Select((row, k) => Math.Abs(sums[k] / densities[row] - 1)).Append(0).Max();
        var total = probabilities.Sum(p => (double)p);
        Console.WriteLine($"| verified: distances of {some} x {lists.Rows[0].Length} neighbours against all pairs, largest difference "
            + $"{worst:0.0e+0}; {rows.Length} densities, {densityError:0.0e+0} relative; p sums to 1 + {total - 1:0.0e+0} | |");
        return worst < 1e-6 && densityError < 1e-5 && Math.Abs(total - 1) < 1e-5;
    }

    private static double Squared(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return sum;
    }

    /// <summary>The neighbour search against the same products alone and against reading alone.</summary>
    private static void Parts(SelectionProblem problem, int threads)
    {
        var (pool, target) = EmbeddingRows.Open(problem.Embeddings.Pool!, problem.Embeddings.Target!, unit: false);
        var queries = target!.ToArray();
        var (count, dimension) = (target.Count, pool.Dimension);
        var best = Measure.Alternate(
            3,
            () => pool.ForEachTile(threads, () => 0, (_, rows, _, _) => Measure.Keep(DotProduct.SquaredNorm(rows)), CancellationToken.None),
            () => pool.ForEachTile(
                threads, () => new float[EmbeddingRows.TileRows * count],
                (products, rows, _, n) => Gemm.Multiply(
                    false, true, n, count, dimension, 1, rows, dimension, queries, dimension, 0, products, count),
                CancellationToken.None),
            () => NeighbourSearch.Nearest(
                new NearestRows(pool, problem.ContentIds, queries, Math.Min(256, pool.Count), threads), CancellationToken.None));
        var operations = 2.0 * pool.Count * count * dimension;
        Console.WriteLine($"| reading the pool and its norms, seconds | {best[0]:0.00} ({pool.PassBytes / best[0] / 1e9:0.0} GB/s) |");
        Console.WriteLine($"| the products of all targets with all rows | {best[1]:0.00} ({operations / best[1] / 1e9:0} GFLOP/s) |");
        Console.WriteLine($"| 256 exact neighbours of every target | {best[2]:0.00} ({best[2] / best[1]:0.00} of the products) |");
    }

    /// <summary>One search for all densities the selection needed, and how many pairs it had to measure.</summary>
    private static void Densities(SelectionProblem problem, SelectionResult selection, double sigma, int threads)
    {
        var (pool, _) = EmbeddingRows.Open(problem.Embeddings.Pool!, null, unit: false);
        var densities = selection.Arrays.Single(a => a.Name == TsdsSelector.DensitiesName).Values;
        var rows = Enumerable.Range(0, pool.Count).Where(i => densities[i] > 0).ToArray();
        var search = new RadiusSearch(pool, threads);
        long within = 0;
        var start = Stopwatch.GetTimestamp();
        foreach (var part in rows.Chunk(RadiusSearch.MostQueries(pool.Dimension)))
        {
            var values = new float[part.Length * pool.Dimension];
            pool.Gather(part, values);
            within += search.Search(
                values, (_, _) => sigma * sigma, () => new long[1], (count, _, _, _) => count[0]++, CancellationToken.None)
                .Sum(count => count[0]);
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var pairs = (double)rows.Length * pool.Count;
        Console.WriteLine($"| {rows.Length:N0} densities over the whole pool, seconds | {seconds:0.00} ({search.SubspaceSize} directions; "
            + $"of {pairs:0.0e+0} pairs {search.PairsMultiplied:0.0e+0} multiplied, {search.PairsMeasured:0.0e+0} measured, "
            + $"{within:0.0e+0} within sigma) |");
    }

    /// <summary>Watches this process's anonymous memory.</summary>
    private sealed class AnonymousMemory : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Thread _thread;
        private long _peak;

        public AnonymousMemory()
        {
            _thread = new Thread(Watch) { IsBackground = true };
            _thread.Start();
        }

        public long Peak => Volatile.Read(ref _peak);

        public void Dispose()
        {
            _stop.Cancel();
            _thread.Join();
            _stop.Dispose();
        }

        private void Watch()
        {
            do
            {
                if (!File.Exists("/proc/self/status")) return;
                var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
                var bytes = 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
                if (bytes > _peak) Volatile.Write(ref _peak, bytes);
            }
            while (!_stop.Token.WaitHandle.WaitOne(20));
        }
    }
}
