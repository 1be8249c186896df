using System.Diagnostics;
using System.Globalization;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;

namespace Pursuit.Benchmarks;

/// <summary>What a selection costs by method, on a store of any size, beside one pass of NumPy over the same numbers.</summary>
internal static class MethodsBenchmark
{
    private const string Baseline = "benchmarks/methods_numpy.py";

    /// <summary>methods DIRECTORY BUDGET METHOD[:option=value]...: DIRECTORY as "tsds-store" makes it.</summary>
    public static int Run(string[] args)
    {
        if (args.Length < 4)
        {
            Console.Error.WriteLine("usage: methods DIRECTORY BUDGET METHOD[:option=value]...");
            return 2;
        }

        using var pool = FeatureSource.Open(Path.Combine(args[1], "pool"));
        using var target = FeatureSource.Open(Path.Combine(args[1], "target.npy"));
        Console.WriteLine(Measure.Machine());
        Console.WriteLine(FormattableString.Invariant(
            $"{pool.Rows:N0} rows of {pool.Dimension:N0} bf16 numbers, {target.Rows:N0} target examples, {args[2]} selected"));
        Console.WriteLine();
        Console.WriteLine("| method | seconds | processor seconds | anonymous memory at most, GiB |");
        Console.WriteLine("|---|---|---|---|");
        RunBaseline(args[1]);
        var ids = Measure.NumberedIds(pool.Rows);
        foreach (var text in args[3..])
        {
            var parts = text.Split(':');
            var method = MethodOptions.Create(MethodRegistry.Find(parts[0]), [.. parts[1..].Select(p => $"{parts[0]}.{p}")]);
            var problem = new SelectionProblem
            {
                ContentIds = ids,
                Budget = Budget.Parse(args[2]),
                Gradients = new GradientInputs { Pool = pool, Target = target },
                Embeddings = new EmbeddingInputs { Pool = pool, Target = target },
                Statistics = new StatisticsInputs { Pool = new DrawnMargins(pool.Rows) },
            };
            GC.Collect();
            using var watch = ProcessMemory.Watch();
            var (start, processor) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
            var chosen = method.Select(problem, SelectionContext.Default);
            var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var used = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
            if (chosen.Rows.Select(r => r.Position).Distinct().Count() != (int)problem.ResolvedBudget)
                throw new InvalidOperationException($"{text} chose {chosen.Rows.Count} rows of {problem.ResolvedBudget}");
            Row(text, wall, used, (watch.Peak ?? 0) / (double)(1L << 30));
        }

        return 0;
    }

    /// <summary>One token for each example, with a margin that is drawn.</summary>
    private sealed class DrawnMargins(int rows) : ITokenStatistics
    {
        public string Name => "drawn margins";

        public int Count => rows;

        public int Probes => 1;

        public IReadOnlyList<long> UnigramCounts { get; } = [rows];

        public bool Has(int probe, int position) => true;

        public TokenStatisticsRow Read(int probe, int position) => new()
        {
            Tokens = new int[1],
            Trained = new byte[] { 1 },
            LogProbability = new float[1],
            SquareSum = new float[1],
            Entropy = new float[1],
            Margin = new[] { (float)new SeededRandom(1, "benchmark/margins", (ulong)position).NextDouble() },
            AnswerAlone = [],
        };

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    private static void RunBaseline(string directory)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Baseline, directory]) { RedirectStandardOutput = true };
        using var python = Process.Start(start)!;
        var output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        if (python.ExitCode != 0) throw new InvalidOperationException($"{Baseline} ended with {python.ExitCode}");
        var numbers = output.Split(' ').Select(w => double.Parse(w, CultureInfo.InvariantCulture)).ToArray();
        Row("NumPy: cosines with every target example, the best kept", numbers[0], numbers[1], numbers[2]);
    }

    private static void Row(string name, double wall, double processor, double memory) => Console.WriteLine(
        FormattableString.Invariant($"| {name} | {wall:0.0} | {processor:0.0} | {memory:0.00} |"));
}
