using System.Diagnostics;
using System.Globalization;
using Pursuit.Data;

namespace Pursuit.Benchmarks;

/// <summary>Reading, validating and content-hashing a pool, against `wc -l` on the same file.</summary>
internal static class ReadBenchmark
{
    public static int Run(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            Console.Error.WriteLine("read: name an uncompressed JSONL file");
            return 2;
        }

        var megabytes = new FileInfo(path).Length / 1e6;
        string? fingerprint = null;
        void Read(int threads)
        {
            using var pool = Pool.Open(new PoolOptions { Paths = [path], Threads = threads }, null, CancellationToken.None);
            var ledger = pool.Ledger;
            if (ledger.PoolCount + ledger.DuplicateCount + ledger.QuarantinedCount != ledger.RowCount
                || (fingerprint ??= pool.Fingerprint) != pool.Fingerprint)
                throw new InvalidOperationException("The ledger or the fingerprint is wrong.");
        }

        Console.WriteLine(Measure.Machine());
        Console.WriteLine();
        Console.WriteLine("| what | MB | seconds | MB/s | core seconds |");
        Console.WriteLine("|---|---|---|---|---|");
        Row("`wc -l`", () => Shell("wc", "-l", path), inThisProcess: false);
        Row("`Pool.Open`, 1 thread", () => Read(1));
        Row(FormattableString.Invariant($"`Pool.Open`, {Environment.ProcessorCount} threads"), () => Read(Environment.ProcessorCount));
        using var whole = Pool.Open(new PoolOptions { Paths = [path] }, null, CancellationToken.None);
        Row("`Pool.Read`, all examples as objects", () => Measure.Keep(whole.Read(CancellationToken.None).Count()));
        var every = Enumerable.Range(0, whole.Count / 20).Select(i => (int)(i * 7919L % whole.Count)).ToArray();
        Row("`Pool.CopyRecords`, 5% in random order", () => whole.CopyRecords(every, Stream.Null, CancellationToken.None), megabytes / 20);
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"{whole.Ledger.RowCount:N0} rows, {whole.Count:N0} examples; ")
            + FormattableString.Invariant($"fingerprint {whole.Fingerprint[..16]}"));
        foreach (var line in Memory()) Console.WriteLine(line);
        return 0;

        void Row(string name, Action action, double? size = null, bool inThisProcess = true)
        {
            var cores = double.PositiveInfinity;
            var seconds = Measure.Alternate(5, () =>
            {
                var before = Environment.CpuUsage.TotalTime;
                action();
                cores = Math.Min(cores, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
            })[0];
            var amount = size ?? megabytes;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {amount:F1} | {seconds:F3} | {amount / seconds:F0} | "
                    + $"{(inThisProcess ? cores.ToString("F3", CultureInfo.InvariantCulture) : "-")} |"));
        }
    }

    /// <summary>The memory of this process that no file backs, now and at most over its life (Linux).</summary>
    private static IEnumerable<string> Memory() => File.Exists("/proc/self/status")
        ? File.ReadLines("/proc/self/status")
            .Where(line => line.StartsWith("RssAnon", StringComparison.Ordinal) || line.StartsWith("VmHWM", StringComparison.Ordinal))
        : [];

    private static void Shell(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
    }
}
