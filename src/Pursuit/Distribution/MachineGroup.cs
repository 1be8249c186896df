using System.Globalization;

namespace Pursuit.Distribution;

/// <summary>Machines of one kind that work on a job together, a process on each.</summary>
internal sealed record MachineGroup
{
    /// <summary>Bytes in a GB, as disks and networks are sold.</summary>
    private const double Gigabyte = 1e9;

    /// <summary>What messages call one of them. Default "machine".</summary>
    public string Name { get; init; } = "machine";

    /// <summary>Machines, each with one process. Default 1; range 1 to 1,000,000.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Cores of one machine that the process may use. Default 1; range 1 to 256, as many as there are threads.</summary>
    public int Cores { get; init; } = 1;

    /// <summary>Memory of one machine in GB of 10^9 bytes. Above 0.</summary>
    public double MemoryGb { get; init; }

    /// <summary>
    /// Megabytes a second that one machine reads or writes on the disk that holds the run, a shared one when all do so at once. Above 0.
    /// </summary>
    public double DiskMbS { get; init; }

    /// <summary>Megabytes a second that one machine sends or receives. Above 0; not looked at where there is one machine alone.</summary>
    public double NetworkMbS { get; init; }

    /// <summary>
    /// Megabytes a second that all cores of one machine read from memory together. Default 0: as many a core as here. At least 0.
    /// </summary>
    public double MemoryMbS { get; init; }

    /// <summary>What one core does, relative to a core of the machine that plans. Default 1; above 0 to 100.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Bytes of memory of one machine.</summary>
    public double MemoryBytes => MemoryGb * Gigabyte;

    /// <summary>Bytes a second of one machine's disk.</summary>
    public double DiskRate => DiskMbS * 1e6;

    /// <summary>Bytes a second of one machine's network.</summary>
    public double NetworkRate => NetworkMbS * 1e6;

    /// <summary>Checks a list of groups; the first machine of the first group is rank 0.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="where">The file they stand in, for the message.</param>
    /// <exception cref="PursuitException">Names every fault.</exception>
    public static void Validate(IReadOnlyList<MachineGroup> groups, string where)
    {
        var faults = new List<string>();
        if (groups.Count == 0) faults.Add("no group of machines; expected one or more");
        var alone = groups.Sum(g => (long)g.Count) == 1;
        for (var i = 0; i < groups.Count; i++)
        {
            var g = groups[i];
            void Check(bool good, string key, IFormattable found, string expected)
            {
                if (!good)
                {
                    faults.Add(
                        $"group {i + 1} ('{g.Name}'): {key} is {found.ToString(null, CultureInfo.InvariantCulture)}; expected {expected}");
                }
            }

            if (string.IsNullOrWhiteSpace(g.Name)) faults.Add($"group {i + 1}: name is empty; expected a word");
            Check(g.Count is >= 1 and <= 1_000_000, "count", g.Count, "1 to 1000000");
            Check(g.Cores is >= 1 and <= 256, "cores", g.Cores, "1 to 256");
            Check(g.MemoryGb > 0, "memory-gb", g.MemoryGb, "GB, above 0");
            Check(g.DiskMbS > 0, "disk-mb-s", g.DiskMbS, "MB a second, above 0");
            Check(g.NetworkMbS > 0 || (alone && g.NetworkMbS == 0), "network-mb-s", g.NetworkMbS, "MB a second, above 0");
            Check(g.MemoryMbS >= 0, "memory-mb-s", g.MemoryMbS, "MB a second, 0 or more");
            Check(g.Speed is > 0 and <= 100, "speed", g.Speed, "above 0 to 100");
        }

        if (faults.Count > 0) throw new PursuitException($"{where}: {string.Join("; ", faults)}.");
    }
}
