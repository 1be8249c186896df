using System.Diagnostics;
using System.Globalization;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Omp;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Benchmarks;

/// <summary>
/// gtp, and Pursuit's own omp, on the problem that benchmarks/omp.py makes and solves by matching pursuit as GradMatch and TAGCOS compute
/// it: the same rows and target in single precision, the same ridge, no batches, no fill.
/// </summary>
internal static class MatchingPursuitBenchmark
{
    // The best of them counts: the first compiles the code.
    private const int Rounds = 5;

    /// <summary>"matching DIRECTORY ROWS-TO-CHOOSE THREADS [ITERATIONS+SWAP-ROUNDS|sSHORTLIST|omp ...]".</summary>
    public static int Run(string[] args)
    {
        var (directory, budget, threads) =
            (args[1], int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        using var pool = FeatureSource.Open(Path.Combine(directory, "pool.npy"), rows: null, CancellationToken.None);
        using var target = FeatureSource.Open(Path.Combine(directory, "target.npy"), rows: null, CancellationToken.None);
        var problem = new SelectionProblem
        {
            ContentIds = Measure.NumberedIds(pool.Rows),
            Budget = new Budget(budget, false, BudgetUnit.Rows),
            Gradients = new GradientInputs { Pool = pool, Target = target },
        };
        Console.WriteLine($"{Measure.Machine()}, {threads} threads; {pool.Rows:N0} x {pool.Dimension:N0} in single precision");
        var usual = new GtpOptions { Fill = GtpFill.None, Batch = 0 };
        (string Name, ISelector Selector)[] contenders =
        [
            .. args[4..].DefaultIfEmpty("20+0").Select(s => s == "omp"
                ? (s, (ISelector)new OmpSelector(new OmpOptions()))
                : ($"gtp, {s}", (ISelector)new GtpSelector(Schedule(usual, s)))),
        ];
        foreach (var (name, selector) in contenders)
        {
            var (best, leastProcessor) = (double.PositiveInfinity, double.PositiveInfinity);
            SelectionResult? chosen = null;
            var memory = new PursuitMemory(null);
            for (var round = 0; round < Rounds; round++)
            {
                var start = Stopwatch.GetTimestamp();
                var processor = Environment.CpuUsage.TotalTime;
                memory = new PursuitMemory(null);
                chosen = selector.Select(problem, new SelectionContext { Threads = threads, Memory = memory });
                leastProcessor = Math.Min(leastProcessor, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            var details = (PursuitDetails)chosen!.Details!;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {best:0.000} s, {leastProcessor:0.000} s of processor time, {chosen.Rows.Count:N0} rows, "
                    + $"{details.Passes} passes, residual {details.Residual:0.0000}; "
                    + $"{memory.RowsReadAgain:N0} of {memory.RowsScreened:N0} screened rows read again"));
        }

        return 0;
    }

    private static GtpOptions Schedule(GtpOptions options, string text)
    {
        if (text.StartsWith('s'))
            return options with
            {
                Schedule = GtpSchedule.Shortlist,
                Shortlist = int.Parse(text[1..], CultureInfo.InvariantCulture),
            };

        var parts = text.Split('+').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        return options with { Iterations = parts[0], SwapRounds = parts[1] };
    }
}
