using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Pursuit.Cuda;

/// <summary>
/// An array whose pages are locked while it lives, so that a card copies them at the bus's rate. Where the system doesn't let so much be
/// locked, copies are slower and right all the same.
/// </summary>
internal sealed class LockedArray<T> : IDisposable
    where T : unmanaged
{
    private readonly PageLockScope<T>? _lock;

    /// <summary>Makes the array; what it holds is undefined.</summary>
    public LockedArray(CudaCard card, int length)
    {
        Values = GC.AllocateUninitializedArray<T>(length, pinned: true);
        if (card.Accelerator is not CudaAccelerator || length == 0) return;
        try
        {
            card.Accelerator.Bind();
            _lock = card.Accelerator.CreatePageLockFromPinned<T>(Marshal.UnsafeAddrOfPinnedArrayElement(Values, 0), length);
        }
        catch (CudaException)
        {
            // It isn't locked then.
        }
    }

    /// <summary>The values, which don't move.</summary>
    public T[] Values { get; }

    /// <summary>Unlocks the pages. No copy may run.</summary>
    public void Dispose() => _lock?.Dispose();
}
