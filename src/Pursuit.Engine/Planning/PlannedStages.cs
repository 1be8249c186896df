using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Storage;

namespace Pursuit.Engine.Planning;

/// <summary>
/// Spreads a job that was measured on this machine over others: a process on each, shards in equal numbers, so the slowest machine is
/// waited
/// for; the warm-up, the fit and the files are the first machine's (docs/scale.md). Rates grow with cores and with
/// <see cref="MachineGroup.Speed"/>.
/// </summary>
internal sealed class PlannedStages
{
    /// <summary>The name of the stage that makes features.</summary>
    public const string Features = "features";

    /// <summary>Products with the Gram matrix that a fit usually takes (docs/design/scale.md).</summary>
    private const double ProductsPerFit = 200;

    private readonly CostPlan _plan;
    private readonly GtpOptions _options;
    private readonly IReadOnlyList<MachineGroup> _machines;
    private readonly int _processes;
    private readonly ProcessMemoryPlan _memory;
    private readonly Traffic? _traffic;

    private PlannedStages(CostPlan plan, GtpOptions options, IReadOnlyList<MachineGroup> machines)
    {
        (_plan, _options, _machines) = (plan, options, machines);
        _processes = machines.Sum(m => m.Count);
        _memory = new ProcessMemoryPlan(plan, _processes);
        _traffic = plan.Passes > 0 && _processes > 1
            ? PlannedTraffic.Of(options, plan.Examples, (long)plan.Checkpoints * plan.Dimension, plan.Chosen, plan.Groups, _processes)
            : null;
    }

    private MachineGroup First => _machines[0];

    /// <summary>Plans a job on machines.</summary>
    /// <param name="plan">The job, as measured here.</param>
    /// <param name="options">How the choice is made.</param>
    /// <param name="machines">The machines, checked; the first is rank 0's.</param>
    public static ClusterPlan On(CostPlan plan, GtpOptions options, IReadOnlyList<MachineGroup> machines)
    {
        var planned = new PlannedStages(plan, options, machines);
        PlannedStage[] stages = [.. planned.Stages()];
        return new ClusterPlan
        {
            Machines = machines,
            Stages = stages,
            Traffic = planned._traffic,
            Faults = [.. PlannedLimits.Faults(plan, options, machines, stages)],
        };
    }

    private IEnumerable<PlannedStage> Stages()
    {
        yield return Stage(
            "read",
            m =>
            [
                ("reading and checking every record, in every process", Threaded(_plan.ReadSeconds, m, _plan.Threads)),
                (Disk(m), _plan.PoolBytes / m.DiskRate),
            ],
            _machines,
            memory: _memory.Reading(isFirst: true),
            otherMemory: _memory.Reading(isFirst: false));
        if (_plan.WarmupTokens > 0)
            yield return Stage(
                "warm-up",
                m => [(WarmupLimit(m), TrainingSeconds(m, _plan.WarmupTokens)), (Disk(m), _plan.CheckpointBytes / m.DiskRate)],
                [First],
                disk: _plan.CheckpointBytes,
                memory: _memory.WarmingUp(First),
                otherMemory: _memory.Reading(isFirst: false));
        yield return Stage(
            Features,
            Making,
            _machines,
            disk: _plan.StoreBytes,
            memory: _memory.Making(First, isFirst: true),
            otherMemory: _machines.Max(m => _memory.Making(m, isFirst: false)));
        yield return Stage(
            "checksums",
            m => [("one thread's checksums", OwnBytes / (_plan.Rates.Checksum * m.Speed)), (Disk(m), Fits(m) ? 0 : OwnBytes / m.DiskRate)],
            _machines,
            memory: _memory.Reading(isFirst: true),
            otherMemory: _memory.Reading(isFirst: false));
        if (_plan.Passes == 0) yield break;

        var gains = sizeof(float) * (long)_plan.Examples * _plan.Passes;
        yield return Stage(
            "passes",
            Passes,
            _machines,
            network: _traffic is { } t ? t.PassesOut + t.PassesBack + t.RowsBack + t.Other : 0,
            memory: _memory.Deciding,
            otherMemory: _memory.Passing);
        yield return Stage("fit", Fit, [First], memory: _memory.Deciding, otherMemory: _memory.Passing);
        if (_plan.RetrainTokens > 0)
            yield return Stage(
                "retraining",
                m => [(Cores(m), Retraining(m))],
                [First],
                memory: Math.Max(_memory.WarmingUp(First), _memory.Deciding),
                otherMemory: _memory.Passing);
        yield return Stage(
            "explanations",
            m => [(Disk(m), gains / m.DiskRate), ($"the network of '{m.Name}'", _traffic is null ? 0 : _traffic.GainsBack / m.NetworkRate)],
            [First],
            disk: gains,
            network: _traffic?.GainsBack ?? 0,
            memory: _memory.Deciding,
            otherMemory: _memory.Passing);
    }

    /// <summary>
    /// A stage is as slow as the slowest machine, and a machine takes the sum of its parts; the largest part of the slowest gives the word.
    /// </summary>
    private static PlannedStage Stage(
        string name,
        Func<MachineGroup, (string By, double Seconds)[]> parts,
        IReadOnlyList<MachineGroup> machines,
        long disk = 0,
        long network = 0,
        double memory = 0,
        double otherMemory = 0)
    {
        var slowest = machines.Select(m => (Machine: m, Parts: parts(m))).MaxBy(m => m.Parts.Sum(p => p.Seconds));
        return new PlannedStage(
            name, slowest.Parts.Sum(p => p.Seconds), slowest.Parts.MaxBy(p => p.Seconds).By, disk, network, memory, otherMemory);
    }

    private static string Disk(MachineGroup machine) => $"the disk of '{machine.Name}'";

    private static string Cores(MachineGroup machine) => $"the cores of '{machine.Name}'";

    /// <summary>
    /// Seconds that some threads took here, on a machine that may have fewer; more don't help work whose one part is done by one thread.
    /// </summary>
    private static double Threaded(double seconds, MachineGroup machine, int threads) =>
        seconds * threads / Math.Min(threads, machine.Cores) / machine.Speed;

    private string WarmupLimit(MachineGroup machine) => machine.Cores > _plan.WarmupMicroBatches
        ? FormattableString.Invariant(
            $"the warm-up's batch, {_plan.WarmupMicroBatches} micro-batches for {machine.Cores} cores of '{machine.Name}' alone")
        : $"the cores of '{machine.Name}' alone";

    /// <summary>A batch's micro-batches go round by round over the threads; what is left over in the last round waits.</summary>
    private double TrainingSeconds(MachineGroup machine, long tokens)
    {
        double Threads(int cores) => (double)_plan.WarmupMicroBatches / Math.Ceiling((double)_plan.WarmupMicroBatches / cores);
        return tokens / (_plan.WarmupRate / Threads(_plan.Threads) * Threads(machine.Cores) * machine.Speed);
    }

    private double Retraining(MachineGroup machine) =>
        TrainingSeconds(machine, _plan.RetrainTokens)
        + _plan.RetrainedTokens / (_plan.FeatureRate / _plan.Threads * machine.Cores * machine.Speed);

    /// <summary>Rows of the process that has most: whole shards in equal numbers.</summary>
    private long MostRows
    {
        get
        {
            var shards = (_plan.Examples + FeatureManifest.ShardRows - 1L) / FeatureManifest.ShardRows;
            return Math.Min(_plan.Examples, (shards + _processes - 1) / _processes * FeatureManifest.ShardRows);
        }
    }

    private double OwnBytes => _plan.StoreBytes * ((double)MostRows / _plan.Examples);

    private (string, double)[] Making(MachineGroup machine)
    {
        var tokens = _plan.PoolTokens * ((double)MostRows / _plan.Examples) + (machine == First ? _plan.TargetTokens : 0);
        return
        [
            (Cores(machine), tokens / (_plan.FeatureRate / _plan.Threads * machine.Cores * machine.Speed)),
            ("one thread's checksums", OwnBytes / (_plan.Rates.Checksum * machine.Speed)),
            (Disk(machine), OwnBytes / machine.DiskRate),
        ];
    }

    /// <summary>True where a machine keeps its part of the store in memory from one pass to the next.</summary>
    private bool Fits(MachineGroup machine) => OwnBytes + (machine == First ? _memory.Deciding : _memory.Passing) <= machine.MemoryBytes;

    private (string, double)[] Passes(MachineGroup machine)
    {
        var fromMemory = _plan.Rates.Scan * machine.Cores * machine.Speed;
        if (machine.MemoryMbS > 0) fromMemory = Math.Min(fromMemory, machine.MemoryMbS * 1e6);
        // The store was just written or looked at, but by whoever made each shard: with several machines the first pass reads others'.
        var fromDisk = Fits(machine) ? (_processes > 1 ? 1 : 0) : _plan.Passes;
        var network = 0.0;
        if (_traffic is { } t)
        {
            var sent = t.PassesOut / (_processes - 1.0) * Math.Ceiling(Math.Log2(_processes));
            network = (sent + t.PassesBack + t.RowsBack + t.Other) / First.NetworkRate;
        }

        return
        [
            ($"the memory of '{machine.Name}'", (_plan.Passes - fromDisk) * OwnBytes / fromMemory),
            (Disk(machine), fromDisk * OwnBytes / Math.Min(fromMemory, machine.DiskRate)),
            ($"the network of '{First.Name}', rank 0's", network),
        ];
    }

    private (string, double)[] Fit(MachineGroup machine)
    {
        double chosen = _plan.Chosen, dimension = (double)_plan.Checkpoints * _plan.Dimension;
        var fromMemory = _plan.Rates.Scan * machine.Cores * machine.Speed;
        if (machine.MemoryMbS > 0) fromMemory = Math.Min(fromMemory, machine.MemoryMbS * 1e6);
        // Every pass fits twice, with what it offers and without the weakest rows; a fit takes the square of its rows.
        var grown = _options.Supports(_plan.Chosen).Sum(support => Math.Pow(Math.Min(1, _options.Grown(support) / chosen), 2));
        var fits = 2 * (grown + _options.SwapRounds);
        return
        [
            (
                $"the Gram matrix of {_plan.Chosen:N0} rows on '{machine.Name}' alone",
                chosen * chosen * dimension / (_plan.Rates.Multiply * machine.Cores * machine.Speed)),
            ($"non-negative least squares on '{machine.Name}' alone", ProductsPerFit * fits * chosen * chosen * sizeof(float) / fromMemory),
        ];
    }
}
