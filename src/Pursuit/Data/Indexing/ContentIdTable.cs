namespace Pursuit.Data.Indexing;

/// <summary>The pool's content ids in order, and a hash table that finds the position of one: 32 + 8 to 16 bytes an id.</summary>
internal sealed class ContentIdTable
{
    private readonly ChunkedList<ContentId> _ids = new();
    private int[] _slots = new int[1 << 12];

    public int Count => _ids.Count;

    /// <summary>Adds an id unless it is there.</summary>
    /// <returns>Its position; equal to the former <see cref="Count"/> where it is new.</returns>
    public int AddOrFind(ContentId id)
    {
        if (2 * (_ids.Count + 1) > _slots.Length) Grow();
        for (var slot = id.GetHashCode() & (_slots.Length - 1); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            var position = _slots[slot] - 1;
            if (position < 0)
            {
                _ids.Add(id);
                _slots[slot] = _ids.Count;
                return _ids.Count - 1;
            }

            if (_ids[position] == id) return position;
        }
    }

    /// <summary>Hands over the ids; the table is empty afterwards.</summary>
    public ContentId[] MoveToArray()
    {
        _slots = [];
        return _ids.MoveToArray();
    }

    private void Grow()
    {
        // Ids are uniform, so that linear probing stays short at half full.
        var slots = new int[2 * _slots.Length];
        for (var i = 0; i < _ids.Count; i++)
        {
            var slot = _ids[i].GetHashCode() & (slots.Length - 1);
            while (slots[slot] != 0) slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = i + 1;
        }

        _slots = slots;
    }
}
