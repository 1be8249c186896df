namespace Pursuit.Numerics;

/// <summary>
/// Numbers that stay where they are, from a cache line's start: what packed right-hand sides stand in. Freed with this object.
/// </summary>
internal sealed unsafe class PinnedLines<T>
    where T : unmanaged
{
    private const int LineBytes = 64;

    private readonly T[] _numbers;

    /// <summary>Makes room, all zeros.</summary>
    /// <param name="length">Numbers.</param>
    /// <exception cref="OverflowException">An array can't hold so many.</exception>
    public PinnedLines(long length) => _numbers = GC.AllocateArray<T>(checked((int)length + LineBytes / sizeof(T)), pinned: true);

    /// <summary>The first number; valid while this object is.</summary>
    public T* Start
    {
        get
        {
            fixed (T* start = _numbers) // pinned for good
                return (T*)(((nuint)start + LineBytes - 1) & ~(nuint)(LineBytes - 1));
        }
    }
}
