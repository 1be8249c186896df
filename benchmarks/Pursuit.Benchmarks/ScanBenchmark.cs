using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Pursuit.Numerics;
using Pursuit.TestKit.Reference;

namespace Pursuit.Benchmarks;

/// <summary>`scan`: one pass of RowScan over 200,000 x 4096 bf16 rows (1.6 GB) against reading the same memory.</summary>
internal static unsafe class ScanBenchmark
{
    private const int Dim = 4096;
    private const int BlockRows = 256;

    /// <summary>Verifies a block against the plain twin, then prints bandwidths.</summary>
    /// <param name="rowCount">Rows; fewer where memory is short.</param>
    public static int Run(int rowCount)
    {
        var bytes = (nuint)rowCount * Dim * sizeof(ushort);
        var rows = (ushort*)NativeMemory.AlignedAlloc(bytes, 64);
        try
        {
            for (nint i = 0; i < (nint)rowCount * Dim; i++)
                rows[i] = (ushort)(((i * 7) & 0x7F) | ((i & 1) == 0 ? 0x3F00 : 0xBF00));
            Console.WriteLine($"{Measure.Machine()}; {rowCount} x {Dim} bf16, {bytes / 1e9:F2} GB; best of 7 alternating rounds, "
                + "processor time for one thread, wall time for more");
            Console.WriteLine();
            Console.WriteLine("| threads | right-hand sides | read, GB/s | scan, GB/s | ratio |");
            Console.WriteLine("|---|---|---|---|---|");
            foreach (var threads in new[] { 1, Environment.ProcessorCount })
            {
                foreach (var rights in new[] { 1, 4, 8 })
                {
                    var random = new SeededRandom(1, "benchmark/scan");
                    var right = new float[rights * Dim];
                    foreach (ref var x in right.AsSpan())
                        x = (float)random.NextGaussian();
                    var packed = new PackedRights(right, rights, Dim, Dim);
                    var dots = new float[(long)rowCount * rights];
                    Func<int, Action[], double[]> measure = threads == 1 ? Measure.AlternateProcessorTime : Measure.Alternate;
                    var seconds = measure(7, [
                        () => InParallel(
                            threads, rowCount, (first, count) => Measure.Keep(Read(rows + (nint)first * Dim, (nint)count * Dim))),
                        () => InParallel(threads, rowCount, (first, count) =>
                            RowScan.Dots(
                                new ReadOnlySpan<ushort>(rows + (nint)first * Dim, count * Dim), count, packed,
                                dots.AsSpan(first * rights, count * rights))),
                    ]);
                    Verify(rows, right, rights, dots);
                    Console.WriteLine($"| {threads} | {rights} | {bytes / seconds[0] / 1e9:F1} | {bytes / seconds[1] / 1e9:F1} | "
                        + $"{seconds[0] / seconds[1]:F2} |");
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }

        return 0;
    }

    private static void Verify(ushort* rows, float[] right, int rights, float[] dots)
    {
        var wide = new float[5 * Dim];
        var expected = new float[5 * rights];
        FloatConversion.BFloat16ToSingle(new ReadOnlySpan<ushort>(rows, 5 * Dim), wide);
        ReferenceVectors.Scan(wide, 5, Dim, right, rights, expected);
        if (!dots.AsSpan(0, expected.Length).SequenceEqual(expected))
            throw new InvalidOperationException($"the scan's first {expected.Length} dots aren't its twin's");
    }

    /// <summary>Each thread takes the next block until none is left.</summary>
    private static void InParallel(int threads, int rowCount, Action<int, int> work)
    {
        var next = 0;
        void Loop()
        {
            for (int first; (first = Interlocked.Add(ref next, BlockRows) - BlockRows) < rowCount;)
                work(first, Math.Min(BlockRows, rowCount - first));
        }

        var others = Enumerable.Range(1, threads - 1).Select(_ => new Thread(Loop)).ToList();
        others.ForEach(thread => thread.Start());
        Loop();
        others.ForEach(thread => thread.Join());
    }

    /// <summary>Touches every byte with as little else as there is.</summary>
    private static float Read(ushort* data, nint count)
    {
        Vector512<uint> a = default, b = default, c = default, d = default;
        for (nint i = 0; i + 128 <= count; i += 128)
        {
            a |= Vector512.Load((uint*)(data + i));
            b |= Vector512.Load((uint*)(data + i + 32));
            c |= Vector512.Load((uint*)(data + i + 64));
            d |= Vector512.Load((uint*)(data + i + 96));
        }

        return Vector512.Sum(a | b | c | d);
    }
}
