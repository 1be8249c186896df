using ILGPU;
using ILGPU.Runtime;

namespace Pursuit.Cuda;

/// <summary>Memory of a worker that grows with the largest piece asked for; what it holds is undefined.</summary>
internal sealed class Scratch<T>(CudaCard card) : IDisposable
    where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _memory;

    /// <summary>Room for values, until the next is asked for.</summary>
    public ArrayView<T> View(long length)
    {
        if (_memory is null || _memory.Length < length)
        {
            Dispose();
            _memory = card.Allocate<T>(length);
            card.Hold(_memory.LengthInBytes);
        }

        return _memory.View.AsContiguous().SubView(0, length);
    }

    public void Dispose()
    {
        if (_memory is null) return;
        card.Stream.Synchronize(); // what was asked with it may still run
        card.Hold(-_memory.LengthInBytes);
        _memory.Dispose();
        _memory = null;
    }
}
