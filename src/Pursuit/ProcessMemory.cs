using System.Globalization;

namespace Pursuit;

/// <summary>This process's own memory, which no file backs: its bound, and the most it was while somebody watched.</summary>
internal sealed class ProcessMemory : IDisposable
{
    // The runtime's own, which its collector doesn't count.
    private const long OutsideHeap = 96L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static long? BeforeBound;

    private readonly Timer _timer;
    private long _peak;

    private ProcessMemory()
    {
        Look();
        _timer = new Timer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>The most so far, in bytes; null where the system doesn't tell.</summary>
    public long? Peak
    {
        get
        {
            Look();
            return _peak > 0 ? _peak : null;
        }
    }

    /// <summary>
    /// Bytes that this process and the pages of its files have together: the machine's or its container's, whatever <see cref="Bound"/>
    /// says.
    /// </summary>
    public static long OfMachine => BeforeBound ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Looks every 50 ms from now on.</summary>
    public static ProcessMemory Watch() => new();

    /// <summary>Makes the collector keep within a bound: what isn't used any more goes before more is taken.</summary>
    /// <param name="bytes">The process's own memory at most.</param>
    public static void Bound(long bytes)
    {
        BeforeBound = OfMachine; // the collector tells its bound from here on
        AppContext.SetData("GCHeapHardLimit", (ulong)Math.Max(OutsideHeap, bytes - OutsideHeap));
        GC.RefreshMemoryLimit();
    }

    /// <summary>Stops looking.</summary>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        const string Key = "RssAnon:";
        if (!OperatingSystem.IsLinux()) return;
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
        if (line is null) return; // a kernel before 4.5
        var bytes = 1024 * long.Parse(line[Key.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
        for (var peak = Volatile.Read(ref _peak); bytes > peak; peak = Volatile.Read(ref _peak))
            if (Interlocked.CompareExchange(ref _peak, bytes, peak) == peak) return;
    }
}
