using System.Globalization;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Storage;

namespace Pursuit.Engine.Planning;

/// <summary>What of a job can't be: arrays of .NET, maps of the system, memory of a machine.</summary>
internal static class PlannedLimits
{
    private const string MapsPath = "/proc/sys/vm/max_map_count";

    /// <summary>Maps that a process has beside a store's shards: its libraries, its heap, its threads.</summary>
    private const int OtherMaps = 1500;

    /// <summary>Linux's default, where the system doesn't say.</summary>
    private const int UsualMaps = 65_530;

    /// <summary>Every fault.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="options">How the choice is made.</param>
    /// <param name="machines">The machines; the first of them is rank 0's.</param>
    /// <param name="stages">The stages with their memory.</param>
    public static IEnumerable<string> Faults(
        CostPlan plan, GtpOptions options, IReadOnlyList<MachineGroup> machines, IReadOnlyList<PlannedStage> stages)
    {
        long most = Array.MaxLength, side = (long)Math.Sqrt(most);
        var lower = (long)plan.Chosen;
        while (BesideCandidates(options, lower) > side) lower -= (long)Math.Ceiling(BesideCandidates(options, lower) - side);
        if (lower < plan.Chosen)
        {
            var rows = Math.Ceiling(BesideCandidates(options, plan.Chosen));
            yield return Text($"The Gram matrix of {plan.Chosen:N0} rows to choose, and of what is offered for them, has {rows:N0} rows; ")
                + Text($"an array of .NET holds one of {side:N0}. Lower the budget to {lower:N0} rows, or choose by a top-k method ")
                + "such as less.";
        }

        if ((long)plan.Examples * plan.Checkpoints > most)
        {
            var numbers = (long)plan.Examples * plan.Checkpoints;
            yield return Text($"The losses of {plan.Examples:N0} examples at {plan.Checkpoints} checkpoints are {numbers:N0} numbers; ")
                + Text($"an array of .NET holds {most:N0}. Take fewer checkpoints (features.checkpoints), or parts of the pool.");
        }

        var (shards, maps) = ((plan.Examples + FeatureManifest.ShardRows - 1) / FeatureManifest.ShardRows, Maps());
        if (shards > maps - OtherMaps)
        {
            yield return Text($"A store of {shards:N0} shards is mapped by every process; Linux lets one have {maps:N0} maps here ")
                + Text($"(vm.max_map_count). Raise it on every machine: 'sysctl -w vm.max_map_count={2 * shards}'.");
        }

        for (var g = 0; g < machines.Count; g++)
        {
            var machine = machines[g];
            var worst = stages.MaxBy(s => Need(s, g, machine))!;
            if (Need(worst, g, machine) > machine.MemoryBytes)
            {
                var first = "The first group's first machine is rank 0, which needs most: name a larger one first, choose fewer rows, "
                    + "or take";
                var (take, cores) = (g == 0 ? first : "Take", worst.Name == PlannedStages.Features ? " or cores" : "");
                yield return Text($"'{machine.Name}' needs {Need(worst, g, machine) / 1e9:N1} GB of memory for '{worst.Name}'; ")
                    + Text($"it has {machine.MemoryGb:N1} GB. {take} fewer examples{cores}.");
            }
        }

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        static double Need(PlannedStage stage, int group, MachineGroup machine) =>
            group == 0 ? Math.Max(stage.FirstMemory, machine.Count > 1 ? stage.OtherMemory : 0) : stage.OtherMemory;
    }

    /// <summary>Rows to choose and the last pass's candidates.</summary>
    private static double BesideCandidates(GtpOptions options, long chosen) =>
        chosen + options.Candidates((int)Math.Min(chosen, int.MaxValue));

    private static int Maps() =>
        File.Exists(MapsPath)
            && int.TryParse(File.ReadAllText(MapsPath), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var count)
            ? count
            : UsualMaps;
}
