using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pursuit.Benchmarks;

/// <summary>Timing that stands a busy machine: contenders take turns and the best of each counts.</summary>
internal static unsafe partial class Measure
{
    /// <summary>
    /// Best processor seconds of each single-threaded contender over alternating rounds: time in which another program
    /// had the core isn't counted, so a ratio stands a busy machine. Wall time where the system has no such clock.
    /// </summary>
    public static double[] AlternateProcessorTime(int rounds, params Action[] contenders) => Alternate(rounds, ThreadSeconds, contenders);

    /// <summary>Best seconds of each contender over <paramref name="rounds"/> alternating rounds.</summary>
    public static double[] Alternate(int rounds, params Action[] contenders) =>
        Alternate(rounds, static () => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency, contenders);

    private static double[] Alternate(int rounds, Func<double> clock, Action[] contenders)
    {
        var best = new double[contenders.Length];
        Array.Fill(best, double.PositiveInfinity);
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                var start = clock();
                contenders[i]();
                var seconds = clock() - start;
                if (round >= 0) // the first round compiles and warms
                    best[i] = Math.Min(best[i], seconds);
            }
        }

        return best;
    }

    /// <summary>
    /// What one core can do: 16 independent chains of fused multiply-adds in registers, in floating-point operations per second.
    /// </summary>
    public static double PeakFlops()
    {
        const int Steps = 5_000_000;
        var seconds = AlternateProcessorTime(5, () => Keep(FmaLoop(Steps)))[0];
        return 2.0 * 16 * Vector512<float>.Count * Steps / seconds;
    }

    /// <summary>The load average and core count, to print beside every figure.</summary>
    public static string Machine()
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        var model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
            : null;
        return $"{model ?? "unknown processor"}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load average {load}";
    }

    /// <summary>Content ids for rows that have no content.</summary>
    public static ContentId[] NumberedIds(int rows)
    {
        var ids = new ContentId[rows];
        Span<byte> bytes = stackalloc byte[ContentId.Length];
        for (var i = 0; i < rows; i++)
        {
            BitConverter.TryWriteBytes(bytes, i);
            ids[i] = new ContentId(bytes);
        }

        return ids;
    }

    /// <summary>Keeps a result alive so that its computation isn't removed.</summary>
    public static void Keep(float value)
    {
        if (value == 1.2345e38f)
            Console.Error.WriteLine(value);
    }

    private static double ThreadSeconds()
    {
        if (!OperatingSystem.IsLinux())
            return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        const int ThreadProcessorTime = 3;
        var time = stackalloc long[2];
        if (ClockGetTime(ThreadProcessorTime, time) != 0)
            throw new InvalidOperationException("clock_gettime failed");
        return time[0] + time[1] * 1e-9;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, long* time);

    private static float FmaLoop(int steps)
    {
        var x = Vector512.Create(1.0001f);
        var y = Vector512.Create(1e-9f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y, m = y, n = y, o = y, p = y;
        for (; steps > 0; steps--)
        {
            a = Vector512.FusedMultiplyAdd(x, y, a);
            b = Vector512.FusedMultiplyAdd(x, y, b);
            c = Vector512.FusedMultiplyAdd(x, y, c);
            d = Vector512.FusedMultiplyAdd(x, y, d);
            e = Vector512.FusedMultiplyAdd(x, y, e);
            f = Vector512.FusedMultiplyAdd(x, y, f);
            g = Vector512.FusedMultiplyAdd(x, y, g);
            h = Vector512.FusedMultiplyAdd(x, y, h);
            i = Vector512.FusedMultiplyAdd(x, y, i);
            j = Vector512.FusedMultiplyAdd(x, y, j);
            k = Vector512.FusedMultiplyAdd(x, y, k);
            l = Vector512.FusedMultiplyAdd(x, y, l);
            m = Vector512.FusedMultiplyAdd(x, y, m);
            n = Vector512.FusedMultiplyAdd(x, y, n);
            o = Vector512.FusedMultiplyAdd(x, y, o);
            p = Vector512.FusedMultiplyAdd(x, y, p);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p);
    }
}
