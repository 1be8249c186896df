using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Pursuit.Engine.Kernels;

namespace Pursuit.Cuda;

/// <summary>
/// A card with one stream, in which everything is done in the order of asking; its memory; and its kernels, each compiled when first run.
/// Tests make one of ILGPU's accelerator on the processor, with few threads to a group.
/// </summary>
internal sealed class CudaCard : IDisposable
{
    private readonly ConcurrentDictionary<MethodInfo, Delegate> _kernels = new();
    private readonly Context _context;
    private long _held;

    /// <summary>Opens the card.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="context">ILGPU's context, which the card frees.</param>
    /// <param name="accelerator">The card, which it frees too.</param>
    /// <param name="lanes">Threads of a group: a power of two, 256 at most.</param>
    /// <param name="mostGroups">Groups of a launch, at most.</param>
    public CudaCard(string name, Context context, Accelerator accelerator, int lanes = DeviceCode.Lanes.Most, int mostGroups = 4096)
    {
        (Name, _context, Accelerator, Lanes, MostGroups) = (name, context, accelerator, lanes, mostGroups);
        Stream = accelerator.CreateStream();
        UploadStream = accelerator.CreateStream();
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>ILGPU's accelerator.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The stream that everything goes through.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>The stream of copies that go on beside the work; see <see cref="CudaOperations.BeginUpload"/>.</summary>
    public AcceleratorStream UploadStream { get; }

    /// <summary>Bytes that may be held, at most; tests set few.</summary>
    public long MostMemory { get; set; } = long.MaxValue;

    /// <summary>Threads of a group.</summary>
    public int Lanes { get; }

    /// <summary>Groups of a launch, at most.</summary>
    public int MostGroups { get; }

    /// <summary>Bytes of memory in all.</summary>
    public long TotalMemory => Math.Min(Accelerator.MemorySize, MostMemory);

    /// <summary>Bytes that nobody holds at present, other processes counted where the card knows of them.</summary>
    public long FreeMemory => Math.Min(
        Accelerator is CudaAccelerator card ? card.GetFreeMemory() : Accelerator.MemorySize - HeldMemory, MostMemory - HeldMemory);

    /// <summary>Bytes that buffers and workers' scratch hold.</summary>
    public long HeldMemory => Interlocked.Read(ref _held);

    /// <summary>Groups enough for one thread a value, or as many as run at once.</summary>
    public int GroupsFor(long values)
    {
        // A thread's next value is at most all threads further on, in 32 bits.
        if (values > int.MaxValue - (long)MostGroups * Lanes)
            throw PursuitException.At(Name, $"a part of {values:N0} values", "fewer than 2 billion", CudaOperations.LowerAdvice);
        return (int)Math.Min((values + Lanes - 1) / Lanes, MostGroups);
    }

    /// <summary>As many groups as there are rows, at most as many as run at once.</summary>
    public int GroupsOf(long rows) => (int)Math.Min(rows, MostGroups);

    /// <summary>Takes note of bytes held or, negative, given back.</summary>
    public void Hold(long bytes) => Interlocked.Add(ref _held, bytes);

    /// <summary>Allocates memory; what it holds is undefined.</summary>
    /// <exception cref="PursuitException">The card has not that much memory free.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(long length)
        where T : unmanaged
    {
        var bytes = length * Interop.SizeOf<T>();
        if (bytes > MostMemory - HeldMemory) throw Refused(bytes, null);
        try
        {
            return Accelerator.Allocate1D<T>(length);
        }
        catch (Exception e) when (e is CudaException { Error: nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY) } or OutOfMemoryException)
        {
            throw Refused(bytes, e);
        }
    }

    /// <summary>The launcher of a kernel, compiled when first asked for.</summary>
    public TLauncher Launcher<TLauncher>(Delegate kernel, Func<Accelerator, TLauncher> load)
        where TLauncher : Delegate =>
        (TLauncher)_kernels.GetOrAdd(
            kernel.Method, static (method, at) => KernelLog.Explained(method, () => at.load(at.Accelerator)), (load, Accelerator));

    private PursuitException Refused(long bytes, Exception? cause)
    {
        var reason = new DeviceMemoryException(cause);
        return PursuitException.At(
            $"memory of {Name}",
            $"{bytes / (1024.0 * 1024.0):F0} MiB could not be allocated beside the {HeldMemory / (1024.0 * 1024.0):F0} MiB held of "
                + $"{TotalMemory / (1024.0 * 1024.0):F0} MiB ({reason.Message})",
            "that much free memory",
            CudaOperations.LowerAdvice,
            reason);
    }

    /// <summary>Frees the card. Every buffer on it must have been freed.</summary>
    public void Dispose()
    {
        Stream.Dispose();
        UploadStream.Dispose();
        Accelerator.Dispose();
        _context.Dispose();
    }
}
