using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// A pass over a store against reading its bytes as fast as a program can that does nothing else: from the page cache through mapped memory
/// with prefetching, and from the disk by large reads of several threads.
/// </summary>
internal static unsafe partial class PassBenchmark
{
    private const int Groups = 4;

    /// <summary>
    /// "passes DIRECTORY ROWS DIMENSION I8|BF16 THREADS ROUNDS [ROUNDS-FROM-DISK]"; the store is made where there is none.
    /// </summary>
    public static int Run(string[] args)
    {
        int Number(int index) => int.Parse(args[index], CultureInfo.InvariantCulture);
        var (directory, threads, rounds) = (args[1], Number(5), Number(6));
        if (!File.Exists(Path.Combine(directory, FeatureManifest.FileName)))
            LargeStoreBenchmark.Make(directory, Number(2), Number(3), args[4], threads);
        Console.WriteLine($"{args[4]}, {Number(2):N0} rows x {Number(3):N0}, {threads} threads; {Measure.Machine()}");
        Cached(directory, threads, rounds);
        Uncached(directory, threads, args.Length > 7 ? Number(7) : rounds);
        return 0;
    }

    private static void Cached(string directory, int threads, int rounds)
    {
        using var features = new StoreFeatures(FeatureStore.Open(directory, verifyChecksums: false));
        var (rows, pass) = Pass(features, threads);
        // Of one thread the time it had the processor: other programs' turns don't count.
        Func<int, Action[], double[]> measure = threads == 1 ? Measure.AlternateProcessorTime : Measure.Alternate;
        var best = measure(rounds,
        [
            () => ReadMapped(features, threads, prefetches: false), () => ReadMapped(features, threads, prefetches: true),
            () => ReadFiles(directory, threads, 1 << 18), pass,
        ]);
        Line("in page cache", rows.PassBytes, Math.Min(Math.Min(best[0], best[1]), best[2]), best[3], string.Create(
            CultureInfo.InvariantCulture,
            $"mapped {best[0]:0.000} s, mapped with prefetch {best[1]:0.000} s, read calls {best[2]:0.000} s"));
    }

    private static void Uncached(string directory, int threads, int rounds)
    {
        var (read, passed, bytes) = (double.PositiveInfinity, double.PositiveInfinity, 0L);
        var threadsOfReader = 0;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in new[] { threads, 4 * threads })
            {
                Drop(directory);
                var seconds = Time(() => ReadFiles(directory, count, 4 << 20));
                if (seconds < read) (read, threadsOfReader) = (seconds, count);
            }

            Drop(directory);
            using var features = new StoreFeatures(FeatureStore.Open(directory, verifyChecksums: false));
            Drop(directory); // what opening fetched of norms stays mapped; the rest goes again
            var (rows, pass) = Pass(features, threads);
            bytes = rows.PassBytes;
            passed = Math.Min(passed, Time(pass));
        }

        Line("out of page cache", bytes, read, passed, $"read calls of 4 MiB by {threadsOfReader} threads");
    }

    private static void Line(string where, long bytes, double read, double pass, string how) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{where}: reading {read:0.000} s, {bytes / 1e9 / read:0.00} GB/s ({how}); a pass, J = {Groups}, {pass:0.000} s, "
            + $"{bytes / 1e9 / pass:0.00} GB/s: {read / pass:0.00} of reading"));

    private static (GradientRows Rows, Action Pass) Pass(StoreFeatures features, int threads)
    {
        var rows = GradientRows.OfPool(features, RowConstruction.ExactUnit);
        var rhs = new float[Groups * rows.Dimension];
        Array.Fill(rhs, 0.01f);
        var scores = new double[rows.Count * Groups];
        return (rows, () => rows.Scan(rhs, Groups, scores, threads, CancellationToken.None));
    }

    private static double Time(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Every byte through mapped memory, four vectors at a time.</summary>
    private static void ReadMapped(StoreFeatures features, int threads, bool prefetches)
    {
        var next = -1;
        var shards = (features.Rows + features.ShardRows - 1) / features.ShardRows;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            var sum = Vector<ulong>.Zero;
            for (var shard = Interlocked.Increment(ref next); shard < shards; shard = Interlocked.Increment(ref next))
            {
                for (var block = 0; block < features.Checkpoints; block++)
                {
                    var first = shard * features.ShardRows;
                    var tile = features.Read(block, first, Math.Min(features.ShardRows, features.Rows - first), []);
                    sum ^= ReadSpan(
                        tile.Element == FeatureElement.I8 ? MemoryMarshal.AsBytes(tile.Bytes) : MemoryMarshal.AsBytes(tile.BFloats),
                        prefetches);
                }
            }

            Measure.Keep(sum[0]);
        });
    }

    /// <summary>Every byte by large reads into one room per thread, which stays in the cache where it is small.</summary>
    private static void ReadFiles(string directory, int threads, int atOnce)
    {
        var files = Directory.GetFiles(directory, "shard-*").Order(StringComparer.Ordinal).ToArray();
        var next = -1;
        Parallel.ForEach(
            Enumerable.Range(0, threads).Select(_ => new byte[atOnce]), new ParallelOptions { MaxDegreeOfParallelism = threads }, room =>
            {
                for (var f = Interlocked.Increment(ref next); f < files.Length; f = Interlocked.Increment(ref next))
                {
                    using var handle = File.OpenHandle(files[f], options: FileOptions.SequentialScan);
                    for (var offset = 0L; RandomAccess.Read(handle, room, offset) is var read and > 0; offset += read)
                        Measure.Keep(room[read - 1]);
                }
            });
    }

    private static Vector<ulong> ReadSpan(ReadOnlySpan<byte> bytes, bool prefetches)
    {
        const int Ahead = 4096;
        var vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
        Vector<ulong> a = default, b = default, c = default, d = default;
        fixed (byte* start = bytes)
        {
            for (var k = 0; k + 4 <= vectors.Length; k += 4)
            {
                if (prefetches && Sse.IsSupported)
                {
                    var at = start + k * Vector<byte>.Count + Ahead;
                    for (var line = 0; line < 4 * Vector<byte>.Count; line += 64) Sse.Prefetch0(at + line);
                }

                a ^= vectors[k];
                b ^= vectors[k + 1];
                c ^= vectors[k + 2];
                d ^= vectors[k + 3];
            }
        }

        return a ^ b ^ c ^ d;
    }

    /// <summary>Asks the system to forget what it holds of the files; pages that are mapped stay.</summary>
    private static void Drop(string directory)
    {
        const int DontNeed = 4;
        foreach (var path in Directory.GetFiles(directory))
        {
            using var handle = File.OpenHandle(path);
            if (Advise((int)handle.DangerousGetHandle(), 0, 0, DontNeed) != 0)
                throw new InvalidOperationException($"{path} can't be dropped from the page cache");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);
}
