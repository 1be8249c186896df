using Pursuit.Runs;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Where a decoder lies and computes: its operations, what memory it has, and how much work it wants at once. docs/design/devices.md has
/// what every device promises.
/// </summary>
public sealed record Device
{
    /// <summary>The processor: as many workers and tokens as are asked for, in the machine's own memory.</summary>
    public static Device Cpu { get; } = new("cpu", CpuOperations.Best);

    /// <summary>Every device of this machine, the default first.</summary>
    public static IReadOnlyList<Device> All { get; } = [Cpu];

    /// <summary>A device with its own operations.</summary>
    /// <param name="name">Its name, by which it is chosen.</param>
    /// <param name="operations">Its operations.</param>
    internal Device(string name, IDecoderOperations operations)
    {
        Name = name;
        Operations = operations;
    }

    /// <summary>Its name, by which it is chosen.</summary>
    public string Name { get; internal init; }

    /// <summary>Its operations.</summary>
    internal IDecoderOperations Operations { get; init; }

    /// <summary>
    /// What stands for it in the fingerprints of what it computes, since another device rounds otherwise; null for the processor, whose
    /// results had their fingerprints before there were devices.
    /// </summary>
    public string? Backend { get; init; }

    /// <summary>Bytes of memory that it has in all.</summary>
    public Func<long> TotalMemory { get; init; } = static () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes that buffers on it hold at present.</summary>
    public Func<long> HeldMemory { get; init; } = static () => HostBuffer.LiveBytes;

    /// <summary>
    /// Bytes of memory free at present, others' counted; null where nobody has to ask, as on a processor, whose system swaps. Micro-batches
    /// are made to fit into it, and weights that don't stay on the host.
    /// </summary>
    internal Func<long>? FreeMemory { get; init; }

    /// <summary>Is told what is done to make something fit, once for each kind.</summary>
    internal Action<string>? Notice { get; init; }

    /// <summary>Workers that have work side by side, at most; the processor has it for every thread.</summary>
    public int MostWorkers { get; init; } = int.MaxValue;

    /// <summary>Tokens of a micro-batch that keep it busy, at least; the processor is content with any number.</summary>
    public int LeastMicroBatchTokens { get; init; } = 1;

    /// <summary>
    /// Values of per-example products that are formed at once, before they go into features. The processor's 65,536 (256 KiB) stay in its
    /// second-level cache.
    /// </summary>
    public int SegmentValues { get; init; } = 1 << 16;

    /// <summary>Makes a selection's passes over gradients, to the processor's bits; null: the processor itself.</summary>
    internal IRowDevice? RowDevice { get; init; }

    /// <summary>A device by its name; null where this machine has none of that name.</summary>
    public static Device? Find(string name) => All.FirstOrDefault(d => d.Name == name);

    /// <summary>
    /// Bytes that activations may take; what stays free is for what is made beside them. Null where nobody has to ask.
    /// </summary>
    internal long? Room => FreeMemory?.Invoke() - TotalMemory() / 16;

    /// <summary>Workers for a number of threads.</summary>
    public int Workers(int threads) => Math.Min(threads, MostWorkers);

    /// <summary>Tokens of a micro-batch where a number is asked for.</summary>
    public int MicroBatchTokens(int asked) => Math.Max(asked, LeastMicroBatchTokens);

    /// <summary>Adds what results depend on of it.</summary>
    internal Fingerprint AddTo(Fingerprint fingerprint) => Backend is { } backend ? fingerprint.Add("device", backend) : fingerprint;
}
