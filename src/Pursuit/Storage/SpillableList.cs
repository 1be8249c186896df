using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pursuit.Storage;

/// <summary>A list of numbers or the like in <see cref="SpillableMemory"/>: long ones are no memory of the process's own.</summary>
/// <typeparam name="T">What is kept, of a size that divides the system's pages or is read where it lies.</typeparam>
/// <param name="directory">Where its file is made, if it comes to that; null for the system's temporary directory.</param>
internal sealed class SpillableList<T>(string? directory) : IReadOnlyList<T>, IDisposable
    where T : unmanaged
{
    private readonly SpillableMemory _memory = new(directory);
    private int _room;
    private bool _disposed;

    /// <summary>Items; 0 once it is disposed.</summary>
    public int Count { get; private set; }

    /// <summary>One item.</summary>
    public T this[int index]
    {
        get => At(index);
        set => At(index) = value;
    }

    /// <summary>All items; valid until the next <see cref="Add"/> and until <see cref="Dispose"/>.</summary>
    public Span<T> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Count == 0 ? [] : MemoryMarshal.CreateSpan(ref First, Count);
        }
    }

    private ref T First => ref Unsafe.As<byte, T>(ref _memory.First);

    /// <summary>Adds an item.</summary>
    /// <exception cref="PursuitException">There is no room for the temporary file.</exception>
    public void Add(T item)
    {
        if (Count == _room) Grow(Count + 1);
        Unsafe.Add(ref First, (nint)Count++) = item;
    }

    /// <summary>Drops the items from one on.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count = count;
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        (_disposed, Count, _room) = (true, 0, 0);
        _memory.Dispose();
    }

    private ref T At(int index)
    {
        if ((uint)index >= (uint)Count)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The list has {Count} items.");
        }

        return ref Unsafe.Add(ref First, (nint)index);
    }

    private void Grow(int atLeast)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _memory.Grow((long)atLeast * Unsafe.SizeOf<T>());
        _room = (int)Math.Min(int.MaxValue, _memory.Length / Unsafe.SizeOf<T>());
    }
}
