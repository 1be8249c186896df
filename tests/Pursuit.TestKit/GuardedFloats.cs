using System.Runtime.InteropServices;

namespace Pursuit.TestKit;

/// <summary>
/// Floats that end exactly where the next page can't be touched, so that a read or write past the end stops the test
/// process instead of passing unseen. Elsewhere than on Linux the memory is plain.
/// </summary>
internal sealed unsafe partial class GuardedFloats : IDisposable
{
    private const int PageBytes = 1 << 16;
    private readonly nint _base;
    private readonly nuint _mapped;
    private readonly float* _start;

    /// <summary>Reserves <paramref name="length"/> floats before a forbidden page.</summary>
    public GuardedFloats(int length)
    {
        Length = length;
        var bytes = (nuint)length * sizeof(float);
        var pages = (bytes + PageBytes - 1) / PageBytes * PageBytes;
        if (OperatingSystem.IsLinux())
        {
            const int ReadWrite = 3, PrivateAnonymous = 0x22;
            _mapped = pages + PageBytes;
            _base = Map(0, _mapped, ReadWrite, PrivateAnonymous, -1, 0);
            if (_base == -1 || Protect(_base + (nint)pages, PageBytes, 0) != 0)
                throw new InvalidOperationException($"mapping {_mapped} bytes failed with errno {Marshal.GetLastPInvokeError()}");
            _start = (float*)(_base + (nint)(pages - bytes));
        }
        else
        {
            _base = (nint)NativeMemory.AllocZeroed(bytes + 1);
            _start = (float*)_base;
        }
    }

    /// <summary>Floats in the buffer.</summary>
    public int Length { get; }

    /// <summary>The floats; the byte after the last is forbidden.</summary>
    public Span<float> Span => new(_start, Length);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsLinux())
            NativeMemory.Free((void*)_base);
        else if (Unmap(_base, _mapped) != 0)
            throw new InvalidOperationException($"unmapping {_mapped} bytes failed with errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
