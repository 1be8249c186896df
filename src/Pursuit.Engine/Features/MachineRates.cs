using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Pursuit.Numerics;

namespace Pursuit.Engine.Features;

/// <summary>What this machine does beside running a model, measured in a fraction of a second each.</summary>
internal sealed record MachineRates
{
    private const double Seconds = 0.15;

    /// <summary>Bytes a second that one thread scans of rows in memory, a few right-hand sides at once.</summary>
    public required double Scan { get; init; }

    /// <summary>Bytes a second whose checksum one thread computes.</summary>
    public required double Checksum { get; init; }

    /// <summary>Multiply-adds a second of one thread in a product of matrices.</summary>
    public required double Multiply { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="dimension">Numbers of a row.</param>
    /// <param name="threads">Threads that scan at once, as they will.</param>
    /// <param name="inBytes">Whether rows are signed bytes; else bf16.</param>
    public static MachineRates Measure(int dimension, int threads, bool inBytes = false)
    {
        var rates = new MachineRates
        {
            Scan = ScanRate(dimension, threads, inBytes) / threads,
            Checksum = Rate(buffer => SHA256.HashData(buffer), new byte[8 << 20], 8 << 20),
            Multiply = MultiplyRate(),
        };
        SpentMemory.GiveBack();
        return rates;
    }

    private static double MultiplyRate()
    {
        const int Size = 256;
        float[] a = new float[Size * Size], b = new float[Size * Size], c = new float[Size * Size];
        return Rate(_ => Gemm.Multiply(false, true, Size, Size, Size, 1, a, Size, b, Size, 0, c, Size), [], (double)Size * Size * Size);
    }

    /// <summary>Bytes a second of a scan by all threads over memory larger than the caches, each page touched before.</summary>
    private static double ScanRate(int dimension, int threads, bool inBytes)
    {
        const int Groups = 4, Bytes = 64 << 20;
        var rows = Math.Max(1, Bytes / (dimension * sizeof(ushort)));
        var right = new PackedRights(new float[Groups * dimension], Groups, dimension, dimension);
        var own = Enumerable.Range(0, threads).Select(_ => (Rows: new ushort[rows * dimension], Dots: new float[rows * Groups])).ToArray();
        foreach (var (values, _) in own) values.AsSpan().Fill(0x3F80);
        var words = new PackedWords(new float[Groups * dimension], Groups, dimension, dimension);
        var sums = own.Select(_ => new long[2 * rows * Groups]).ToArray();
        void Pass() => Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t =>
        {
            // The same bytes are twice as many rows.
            if (inBytes) ByteScan.Dots(MemoryMarshal.Cast<ushort, sbyte>(own[t].Rows), 2 * rows, words, sums[t]);
            else RowScan.Dots(own[t].Rows, rows, right, own[t].Dots);
        });
        return Rate(_ => Pass(), [], (double)threads * rows * dimension * sizeof(ushort));
    }

    private static double Rate(Action<byte[]> run, byte[] buffer, double amount)
    {
        run(buffer);
        var (times, clock) = (0, Stopwatch.StartNew());
        while (times == 0 || clock.Elapsed.TotalSeconds < Seconds)
        {
            run(buffer);
            times++;
        }

        return times * amount / clock.Elapsed.TotalSeconds;
    }
}
