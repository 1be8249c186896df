using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// A store in bf16 against itself in int8: passes against reading alone, what gtp chooses of either, and how many rows bounds on int8 rows
/// would spare a pass that must be exact.
/// </summary>
internal static class ScaleBenchmark
{
    /// <summary>"scale STORE TARGET-STORE ROWS-TO-CHOOSE THREADS DIRECTORY-FOR-INT8".</summary>
    public static int Run(string[] args)
    {
        var (budget, threads, directory) =
            (int.Parse(args[3], CultureInfo.InvariantCulture), int.Parse(args[4], CultureInfo.InvariantCulture), args[5]);
        if (!File.Exists(Path.Combine(directory, FeatureManifest.FileName))) Convert(args[1], directory);
        using var wide = new StoreFeatures(FeatureStore.Open(args[1], verifyChecksums: false));
        using var narrow = new StoreFeatures(FeatureStore.Open(directory, verifyChecksums: false));
        using var target = new StoreFeatures(FeatureStore.Open(args[2], verifyChecksums: false));
        Console.WriteLine($"{wide.Rows:N0} rows x {wide.Checkpoints} x {wide.Dimension:N0}, {threads} threads");
        Console.WriteLine();
        TimePass("bf16", wide, threads);
        TimePass("int8", narrow, threads);
        var (first, firstDetails, problem, residual) = Choose(wide, target, budget, threads);
        var (second, secondDetails, _, _) = Choose(narrow, target, budget, threads);
        var overlap = (double)first.Intersect(second).Count() / first.Count;
        Console.WriteLine($"gtp, {budget:N0} rows: overlap {overlap:0.000}; residual bf16 {firstDetails.Residual:0.0000}, "
            + $"int8 {secondDetails.Residual:0.0000}; uniform {firstDetails.UniformResidual:0.0000}, "
            + $"{secondDetails.UniformResidual:0.0000}; passes {firstDetails.Passes}, {secondDetails.Passes}");
        Console.WriteLine();
        var errors = Errors(wide, narrow);
        Screen("first pass", problem, problem.Target.Scaled, narrow, errors, budget / 20, threads);
        Screen("last pass", problem, residual, narrow, errors, budget / 20, threads);
        return 0;
    }

    private static void Convert(string from, string to)
    {
        using var store = FeatureStore.Open(from, verifyChecksums: false);
        var writer = new FeatureStoreWriter(to, store.Manifest with { Dtype = "I8" });
        for (var shard = 0; shard < store.Manifest.ShardCount; shard++)
        {
            var rows = store.Manifest.RowsIn(shard);
            var blocks = new ReadOnlyMemory<float>[store.Manifest.Blocks.Count];
            for (var t = 0; t < blocks.Length; t++)
            {
                var values = new float[rows * store.Manifest.Blocks[t].Dim];
                store.ReadRows(t, (long)shard * FeatureManifest.ShardRows, rows, values);
                blocks[t] = values;
            }

            writer.WriteShard(shard, blocks, store.Norms(shard).ToArray());
        }

        writer.Complete();
    }

    private static void TimePass(string name, StoreFeatures features, int threads)
    {
        const int Groups = 4;
        var rows = GradientRows.OfPool(features, RowConstruction.ExactUnit);
        var rhs = new float[Groups * rows.Dimension];
        Array.Fill(rhs, 0.01f);
        var scores = new double[rows.Count * Groups];
        var best = Measure.Alternate(
            3, () => ReadAll(features, threads), () => rows.Scan(rhs, Groups, scores, threads, CancellationToken.None));
        Console.WriteLine($"{name}: reading every byte {best[0]:0.00} s, {rows.PassBytes / 1e9 / best[0]:0.0} GB/s; "
            + $"one pass, J = {Groups}, {best[1]:0.00} s, {rows.PassBytes / 1e9 / best[1]:0.0} GB/s, "
            + $"{best[0] / best[1]:0.00} of reading alone");
        Console.WriteLine();
    }

    private static void ReadAll(StoreFeatures features, int threads)
    {
        var shards = (features.Rows + features.ShardRows - 1) / features.ShardRows;
        var sum = 0L;
        Parallel.For(0, shards, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => Vector<ulong>.Zero, (shard, _, local) =>
        {
            for (var block = 0; block < features.Checkpoints; block++)
            {
                var first = shard * features.ShardRows;
                var tile = features.Read(block, first, Math.Min(features.ShardRows, features.Rows - first), []);
                foreach (var vector in MemoryMarshal.Cast<byte, Vector<ulong>>(
                    tile.Element == FeatureElement.I8 ? MemoryMarshal.AsBytes(tile.Bytes) : MemoryMarshal.AsBytes(tile.BFloats)))
                    local ^= vector;
            }

            return local;
        }, local => Interlocked.Add(ref sum, (long)local[0]));
        Measure.Keep(sum);
    }

    private static (List<int> Rows, PursuitDetails Details, PursuitProblem Problem, float[] Residual) Choose(
        StoreFeatures pool, StoreFeatures target, int budget, int threads)
    {
        var selection = new SelectionProblem
        {
            ContentIds = Measure.NumberedIds(pool.Rows),
            Budget = Budget.Parse(budget.ToString(CultureInfo.InvariantCulture)),
            Gradients = new GradientInputs { Pool = pool, Target = target },
        };
        var options = new GtpOptions();
        var context = new SelectionContext { Threads = threads };
        var chosen = new GtpSelector(options).Select(selection, context);
        var session = PursuitSession.Open(selection, GtpSelector.Name, options, context);
        var outcome = new GtpSolver(session.Problem, options, new PursuitStops(options.Residual, options.Tolerance, true))
            .Run(budget, null, null, CancellationToken.None).Outcome;
        return ([.. chosen.Rows.Select(r => r.Position)], (PursuitDetails)chosen.Details!, session.Problem, outcome.Residual);
    }

    /// <summary>||phi_i - phi_i as int8||, [rows].</summary>
    private static double[] Errors(StoreFeatures wide, StoreFeatures narrow)
    {
        var (exact, rounded) = (GradientRows.OfPool(wide, new GtpOptions().Rows), GradientRows.OfPool(narrow, new GtpOptions().Rows));
        float[] a = new float[exact.Dimension], b = new float[exact.Dimension];
        var errors = new double[exact.Count];
        for (var i = 0; i < errors.Length; i++)
        {
            exact.Gather([i], a);
            rounded.Gather([i], b);
            for (var k = 0; k < a.Length; k++) errors[i] += ((double)a[k] - b[k]) * ((double)a[k] - b[k]);
            errors[i] = Math.Sqrt(errors[i]);
        }

        return errors;
    }

    /// <summary>
    /// Rows whose best possible score, by their int8 product and the length of what rounding took, is below the last candidate's exact one.
    /// </summary>
    private static void Screen(
        string name, PursuitProblem problem, float[] residual, StoreFeatures narrow, double[] errors, int wanted, int threads)
    {
        var groups = problem.Target.Groups;
        var lengths = Enumerable.Range(0, groups)
            .Select(j => Math.Sqrt(residual.AsSpan(j * problem.Rows.Dimension, problem.Rows.Dimension).ToArray().Sum(x => (double)x * x)))
            .ToArray();
        double[] exact = new double[problem.Rows.Count * groups], rounded = new double[exact.Length];
        problem.Rows.Scan(residual, groups, exact, threads, CancellationToken.None);
        GradientRows.OfPool(narrow, new GtpOptions().Rows).Scan(residual, groups, rounded, threads, CancellationToken.None);
        var scores = Enumerable.Range(0, problem.Rows.Count).Select(i => Norm(exact.AsSpan(i * groups, groups), [], 0)).OrderDescending()
            .ToArray();
        var least = scores[Math.Max(1, wanted * 5 / 4) - 1];
        var spared = Enumerable.Range(0, problem.Rows.Count)
            .Count(i => Norm(rounded.AsSpan(i * groups, groups), lengths, errors[i]) < least);
        // Without products: a row's length times the residual's, the only bound that costs no reading at all.
        var byLength = Enumerable.Range(0, problem.Rows.Count)
            .Count(i => problem.Rows.Norms[i] * Math.Sqrt(lengths.Sum(l => l * l)) < least);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: best score {scores[0]:0.0000}, the last candidate's {least:0.0000}, rounding {errors.Average():0.0000} of a row; "
                + $"int8 bounds would spare {(double)spared / scores.Length:P1} of exact rows, lengths alone "
                + $"{(double)byLength / scores.Length:P1}"));

        static double Norm(ReadOnlySpan<double> products, double[] lengths, double error)
        {
            var square = 0.0;
            for (var j = 0; j < products.Length; j++)
            {
                var product = Math.Max(0, products[j] + (lengths.Length == 0 ? 0 : error * lengths[j]));
                square += product * product;
            }

            return Math.Sqrt(square);
        }
    }
}
