using Pursuit.Data.Indexing;

namespace Pursuit.Data.Deduplication;

/// <summary>
/// The kept examples of every bucket that two or more share, in the order in which they were kept, at most <see cref="MostCompared"/> each:
/// 4 bytes for each example of a bucket up to that, and 4 for the bucket.
/// </summary>
internal sealed class BucketTable
{
    /// <summary>
    /// Kept examples of a bucket with which others are compared, so that the work is bounded where very many share a passage. Examples that
    /// are alike share several buckets, most of them small.
    /// </summary>
    public const int MostCompared = 32;

    private const int Free = -1;

    private readonly ChunkedList<int> _starts = new();
    private readonly ChunkedList<int> _slots = new();

    /// <summary>Adds a bucket.</summary>
    /// <param name="size">Examples in it, at least two.</param>
    /// <returns>Its number.</returns>
    public int Add(int size)
    {
        _starts.Add(_slots.Count);
        // The last of them has nobody to be found by.
        for (var i = 0; i < Math.Min(size - 1, MostCompared); i++) _slots.Add(Free);
        return _starts.Count - 1;
    }

    /// <summary>Puts a kept example into a bucket, unless it is full.</summary>
    public void Insert(int bucket, int position)
    {
        for (var slot = _starts[bucket]; slot < End(bucket); slot++)
        {
            if (_slots[slot] != Free) continue;
            _slots[slot] = position;
            return;
        }
    }

    /// <summary>Adds a bucket's kept examples to a list.</summary>
    public void CopyTo(int bucket, List<int> positions)
    {
        for (var slot = _starts[bucket]; slot < End(bucket) && _slots[slot] != Free; slot++) positions.Add(_slots[slot]);
    }

    private int End(int bucket) => bucket + 1 < _starts.Count ? _starts[bucket + 1] : _slots.Count;
}
