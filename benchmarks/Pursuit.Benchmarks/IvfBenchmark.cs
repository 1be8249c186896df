using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// The inverted file of tsds' neighbours against exact search and against faiss's IndexIVFFlat, at equal lists, probes, neighbours and
/// threads: time and recall.
/// </summary>
internal static class IvfBenchmark
{
    /// <summary>Queries whose lists are compared with exact ones.</summary>
    private const int Compared = 500;

    /// <summary>
    /// tsds-ivf POOL TARGET lists neighbours probes...: embeddings as .npy or feature stores; faiss where /usr/bin/python3 has it.
    /// </summary>
    public static int Run(string[] args)
    {
        if (args.Length < 6)
        {
            Console.Error.WriteLine("usage: tsds-ivf POOL TARGET lists neighbours probes..., both embeddings as .npy or a feature store");
            return 2;
        }

        var (lists, length) = (Number(args[3]), Number(args[4]));
        var threads = Environment.ProcessorCount;
        using var pool = FeatureSource.Open(args[1], rows: null, CancellationToken.None);
        using var target = FeatureSource.Open(args[2], rows: null, CancellationToken.None);
        var (rows, queries) = EmbeddingRows.Open(pool, target, unit: false);
        var values = queries!.ToArray();
        var ids = TsdsBenchmark.Ids(pool.Rows);
        var compared = Math.Min(Compared, target.Rows);
        Console.WriteLine($"{Measure.Machine()}, {threads} threads; {pool.Rows:N0} x {pool.Dimension:N0}, {target.Rows:N0} targets, "
            + $"{lists:N0} lists, {length:N0} neighbours; recall on {compared} targets");
        Console.WriteLine();
        Console.WriteLine("| | probes | centres, s | rows to lists, s | search, s | recall |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var (exact, exactSeconds) =
            Timed(() => NeighbourSearch.Nearest(new NearestRows(rows, ids, values, length, threads), CancellationToken.None));
        Console.WriteLine($"| exact | | | | {exactSeconds:0.00} | 1 |");

        var (centres, trained) = Timed(() => CellIndex.Train(rows, ids, lists, 0, threads, CancellationToken.None));
        var (cells, assigned) = Timed(() => RowCells.Assign(rows, centres, threads, CancellationToken.None));
        var directory = Directory.CreateTempSubdirectory("tsds-ivf");
        try
        {
            var poolFile = Npy(Path.Combine(directory.FullName, "pool.npy"), rows);
            var targetFile = Npy(Path.Combine(directory.FullName, "target.npy"), queries);
            foreach (var probes in args[5..].Select(Number))
            {
                var found = new NeighbourLists(new int[target.Rows][], new double[target.Rows][]);
                var index = new CellIndex(cells, cells.Counts(rows.Own), probes);
                var seconds = Timed(() =>
                {
                    NeighbourSearch.Lengthen(
                        found, new NearestRows(rows, ids, values, length, threads), index, [.. Enumerable.Range(0, target.Rows)],
                        CancellationToken.None);
                    return 0;
                }).Seconds;
                Console.WriteLine($"| tsds.index=ivf | {probes} | {trained:0.00} | {assigned:0.00} | {seconds:0.00} | "
                    + $"{Recall(exact, compared, j => found.Rows[j]):0.0000} |");
                Faiss(poolFile, targetFile, lists, probes, length, threads, Path.Combine(directory.FullName, "found"), exact, compared);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        return 0;
    }

    private static void Faiss(
        string pool, string target, int lists, int probes, int length, int threads, string found, NeighbourLists exact, int compared)
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true };
        foreach (var argument in new[]
        {
            Path.Combine(AppContext.BaseDirectory, "ivf_faiss.py"), pool, target, $"{lists}", $"{probes}", $"{length}", $"{threads}", found,
        })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var parts = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Console.WriteLine($"| faiss: python3 ended with {process.ExitCode} | | | | | |");
            return;
        }

        var rows = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(found)).ToArray();
        var numbers = parts[1..].Select(p => double.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        Console.WriteLine($"| faiss {parts[0]} IndexIVFFlat ({numbers[3]:0} processor seconds, {numbers[4]:0.0} GiB) | {probes} | "
            + $"{numbers[0]:0.00} | {numbers[1]:0.00} | {numbers[2]:0.00} | "
            + $"{Recall(exact, compared, j => rows.Skip(j * length).Take(length).Select(i => (int)i)):0.0000} |");
    }

    private static double Recall(NeighbourLists exact, int compared, Func<int, IEnumerable<int>> found) =>
        Enumerable.Range(0, compared).Average(j => (double)exact.Rows[j].Intersect(found(j)).Count() / exact.Rows[j].Length);

    private static string Npy(string path, EmbeddingRows rows)
    {
        NpyFile.Write(path, [rows.Count, rows.Dimension], rows.ToArray());
        return path;
    }

    private static (T Value, double Seconds) Timed<T>(Func<T> work)
    {
        var start = Stopwatch.GetTimestamp();
        var value = work();
        return (value, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
