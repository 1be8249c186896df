namespace Pursuit.Data.Indexing;

/// <summary>A list that grows by chunks, so that growing never holds its items twice.</summary>
internal sealed class ChunkedList<T>
    where T : unmanaged
{
    private const int ChunkBits = 16;
    private const int ChunkMask = (1 << ChunkBits) - 1;

    private readonly List<T[]> _chunks = [];

    public int Count { get; private set; }

    public T this[int index]
    {
        get => _chunks[index >> ChunkBits][index & ChunkMask];
        set => _chunks[index >> ChunkBits][index & ChunkMask] = value;
    }

    public void Add(T item)
    {
        if (Count >> ChunkBits == _chunks.Count) _chunks.Add(GC.AllocateUninitializedArray<T>(1 << ChunkBits));
        this[Count] = item;
        Count++;
    }
}
