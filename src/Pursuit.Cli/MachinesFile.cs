using Pursuit.Distribution;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Pursuit.Cli;

/// <summary>The machines that <c>pursuit plan --machines</c> spreads a job over: a YAML list of groups (docs/scale.md).</summary>
internal static class MachinesFile
{
    private const string Expected = "a list of groups of machines with count, cores, memory-gb, disk-mb-s and network-mb-s, and name, "
        + "speed and memory-mb-s where wanted";

    /// <summary>Reads and checks a list.</summary>
    /// <exception cref="PursuitException">The file can't be read, isn't such a list, or names what can't be.</exception>
    public static IReadOnlyList<MachineGroup> Read(string path) => YamlFile.Read(path, $"YAML, {Expected}", "samples/machines.yaml is "
        + "one.", reader =>
    {
        var builder = new DeserializerBuilder().WithNamingConvention(HyphenatedNamingConvention.Instance).WithDuplicateKeyChecking();
        var groups = builder.Build().Deserialize<List<MachineGroup?>?>(reader) ?? [];
        if (groups.Contains(null)) throw PursuitException.At(path, "a group without a key", Expected);
        MachineGroup.Validate([.. groups.OfType<MachineGroup>()], path);
        return (IReadOnlyList<MachineGroup>)[.. groups.OfType<MachineGroup>()];
    });
}
