using System.Runtime.CompilerServices;
using Pursuit.Storage;

namespace Pursuit.Data.Indexing;

/// <summary>A hash table that finds the position of a content id in a list: 11 to 21 bytes an id beside the list.</summary>
/// <remarks>
/// A slot holds a position and 33 bits of its id, so that an id of the list, which may be on disk, is looked at only where it is most
/// likely the same. Slots are ordered by the ids' first bits; so a larger table is filled in order from the smaller one.
/// </remarks>
/// <param name="ids">The list; the table alone adds to it.</param>
/// <param name="directory">Where a long table's file is made; null for the system's temporary directory.</param>
internal sealed class ContentIdTable(SpillableList<ContentId> ids, string? directory) : IDisposable
{
    private const int PositionBits = 31;
    private const ulong PositionMask = (1UL << PositionBits) - 1;
    private const int FirstSlotBits = 12;

    private SpillableMemory _slots = new(directory); // 0 is a free one, else the position is one less
    private int _slotBits;

    /// <summary>Adds an id unless it is there.</summary>
    /// <returns>Its position; equal to the list's former count where it is new.</returns>
    /// <exception cref="PursuitException">There is no room for a temporary file.</exception>
    public int AddOrFind(ContentId id)
    {
        // Ids are uniform, so that linear probing stays short at three quarters full.
        if (_slotBits == 0 || 4L * (ids.Count + 1) > 3L << _slotBits) Grow();
        var tag = id.Prefix & ~PositionMask;
        var last = (1L << _slotBits) - 1;
        ref var first = ref Unsafe.As<byte, ulong>(ref _slots.First);
        for (var slot = Home(tag, _slotBits); ; slot = (slot + 1) & last)
        {
            ref var held = ref Unsafe.Add(ref first, (nint)slot);
            if (held == 0)
            {
                ids.Add(id);
                held = tag | (uint)ids.Count;
                return ids.Count - 1;
            }

            if ((held & ~PositionMask) != tag) continue;
            var position = (int)(held & PositionMask) - 1;
            if (ids[position] == id) return position;
        }
    }

    /// <summary>Gives the table's memory back; the list stays.</summary>
    public void Dispose() => _slots.Dispose();

    private static long Home(ulong tag, int slotBits) => (long)(tag >> (64 - slotBits));

    private void Grow()
    {
        var bits = _slotBits == 0 ? FirstSlotBits : _slotBits + 1;
        var slots = new SpillableMemory(directory);
        try
        {
            slots.Grow((long)sizeof(ulong) << bits);
            Fill(slots, bits);
        }
        catch
        {
            slots.Dispose();
            throw;
        }

        _slots.Dispose();
        (_slots, _slotBits) = (slots, bits);
    }

    private void Fill(SpillableMemory slots, int bits)
    {
        if (_slotBits == 0) return;
        ref var from = ref Unsafe.As<byte, ulong>(ref _slots.First);
        ref var to = ref Unsafe.As<byte, ulong>(ref slots.First);
        var last = (1L << bits) - 1;
        for (var i = 0L; i < 1L << _slotBits; i++)
        {
            var held = Unsafe.Add(ref from, (nint)i);
            if (held == 0) continue;
            var slot = Home(held, bits);
            while (Unsafe.Add(ref to, (nint)slot) != 0) slot = (slot + 1) & last;
            Unsafe.Add(ref to, (nint)slot) = held;
        }
    }
}
