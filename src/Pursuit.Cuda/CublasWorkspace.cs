using ILGPU;
using ILGPU.Runtime;

namespace Pursuit.Cuda;

/// <summary>
/// Memory that a handle of cuBLAS works in. cuBLAS's own depends on what is free, and with less of it other kernels sum in another order.
/// </summary>
internal sealed class CublasWorkspace : IDisposable
{
    private readonly CudaCard _card;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _memory;

    /// <summary>Allocates the memory.</summary>
    /// <param name="card">The card.</param>
    /// <param name="bytes">How much: cuBLAS's manual recommends 32 MiB for Hopper and later cards, and less for others.</param>
    /// <exception cref="PursuitException">The card has not that much memory free.</exception>
    public CublasWorkspace(CudaCard card, int bytes = 32 << 20)
    {
        _card = card;
        _memory = card.Allocate<byte>(bytes);
        card.Hold(bytes);
        (Address, Bytes) = (_memory.View.AsContiguous().LoadEffectiveAddressAsPtr(), bytes);
    }

    /// <summary>Where it lies.</summary>
    public nint Address { get; }

    /// <summary>Its size.</summary>
    public nint Bytes { get; }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        if (_memory is null) return;
        _memory.Dispose();
        _memory = null;
        _card.Hold(-Bytes);
    }
}
