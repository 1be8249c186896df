using System.Runtime.CompilerServices;

namespace Pursuit.Storage;

/// <summary>A map from numbers to numbers in <see cref="SpillableMemory"/>: 21 to 43 bytes an entry. What is in it stays.</summary>
/// <param name="directory">Where a large one's file is made; null for the system's temporary directory.</param>
internal sealed class SpillableMap(string? directory) : IDisposable
{
    private const int FirstSlotBits = 8;

    private SpillableMemory _slots = new(directory);
    private int _slotBits;
    private long _count;

    /// <summary>Looks a key up.</summary>
    public bool TryGetValue(long key, out long value)
    {
        value = 0;
        if (_slotBits == 0) return false;
        ref var slot = ref Find(_slots, _slotBits, key);
        value = slot.Value;
        return slot.KeyPlusOne != 0;
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="key">From 0; not there yet.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="PursuitException">There is no room for a temporary file.</exception>
    public void Add(long key, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(key);
        if (_slotBits == 0 || 4 * (_count + 1) > 3L << _slotBits) Grow();
        ref var slot = ref Find(_slots, _slotBits, key);
        if (slot.KeyPlusOne != 0) throw new ArgumentException($"The key {key} is there.", nameof(key));
        slot = new Slot(key + 1, value);
        _count++;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _slots.Dispose();

    /// <summary>The key's slot, or the free one where it belongs.</summary>
    private static ref Slot Find(SpillableMemory slots, int slotBits, long key)
    {
        const ulong GoldenRatio = 0x9E3779B97F4A7C15; // of 2^64: consecutive keys lie far apart
        ref var first = ref Unsafe.As<byte, Slot>(ref slots.First);
        for (var at = (long)((ulong)(key + 1) * GoldenRatio >> (64 - slotBits)); ; at = (at + 1) & ((1L << slotBits) - 1))
        {
            ref var slot = ref Unsafe.Add(ref first, (nint)at);
            if (slot.KeyPlusOne == 0 || slot.KeyPlusOne == key + 1) return ref slot;
        }
    }

    private void Grow()
    {
        var bits = _slotBits == 0 ? FirstSlotBits : _slotBits + 1;
        var slots = new SpillableMemory(directory);
        try
        {
            slots.Grow((long)Unsafe.SizeOf<Slot>() << bits);
        }
        catch
        {
            slots.Dispose();
            throw;
        }

        for (var i = 0L; _slotBits > 0 && i < 1L << _slotBits; i++)
        {
            var slot = Unsafe.Add(ref Unsafe.As<byte, Slot>(ref _slots.First), (nint)i);
            if (slot.KeyPlusOne != 0) Find(slots, bits, slot.KeyPlusOne - 1) = slot;
        }

        _slots.Dispose();
        (_slots, _slotBits) = (slots, bits);
    }

    private readonly record struct Slot(long KeyPlusOne, long Value);
}
