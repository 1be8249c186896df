using System.Globalization;
using Pursuit.Engine.Features;
using Pursuit.Engine.Planning;

namespace Pursuit.Cli.Output;

/// <summary>Prints what a job takes on several machines, for people.</summary>
internal static class ClusterPlanPrinter
{
    public static void Print(CostPlan plan, ClusterPlan cluster)
    {
        var culture = CultureInfo.InvariantCulture;
        var machines = cluster.Machines
            .Select(m => string.Create(culture, $"{m.Count:N0} x {m.Name} ({m.Cores} cores, {m.MemoryGb:N0} GB, speed {m.Speed:0.##})"));
        Terminal.Line($"Machines  {string.Join(", ", machines)}; a process on each");
        Row("stage", "time", "disk", "network", "memory", "limited by");
        foreach (var s in cluster.Stages)
            Row(s.Name, Time(s.Seconds), Bytes(s.DiskBytes), Bytes(s.NetworkBytes), Memory(s.FirstMemory, s.OtherMemory), s.LimitedBy);
        var memory = Memory(cluster.FirstMemory, cluster.OtherMemory);
        Row("in all", Time(cluster.Seconds), Bytes(cluster.DiskBytes), Bytes(cluster.NetworkBytes), memory, "");
        var longest = cluster.Longest;
        Terminal.Line(string.Create(culture, $"Longest   {longest.Name}, {longest.Seconds / Math.Max(cluster.Seconds, 1e-9):0%} of "
            + $"the time, limited by {longest.LimitedBy}"));
        if (plan.Passes > 0)
            Terminal.Line(string.Create(culture, $"          {plan.Passes} passes at most; a pursuit that stops early takes fewer, "
                + $"and its fill about ten more. The report comes on top."));
        if (cluster.Processes > 1) Terminal.Line("          memory: rank 0's, which is the first machine's, and each other process's; "
            + "a store is mapped and comes on top as far as there is room.");
    }

    /// <summary>Columns of fixed width, whatever the terminal's: the last may be long.</summary>
    private static void Row(string stage, string time, string disk, string network, string memory, string limit) =>
        Terminal.Line($"          {stage,-12} {time,12} {disk,12} {network,12} {memory,18}   {limit}".TrimEnd());

    private static string Time(double seconds) => ProgressPrinter.Duration(TimeSpan.FromSeconds(seconds));

    private static string Bytes(long bytes) => bytes == 0 ? "-" : Terminal.Bytes(bytes);

    /// <summary>Of rank 0, and of another process where that is something else.</summary>
    private static string Memory(double first, double other) =>
        Math.Abs(first - other) < 0.01 * first ? Terminal.Bytes((long)first) : $"{Gigabytes(first)}, {Gigabytes(other)} GB";

    private static string Gigabytes(double bytes) => (bytes / 1e9).ToString("N2", CultureInfo.InvariantCulture);
}
