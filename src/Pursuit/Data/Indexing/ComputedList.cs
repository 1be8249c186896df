using System.Collections;

namespace Pursuit.Data.Indexing;

/// <summary>A list whose items are computed when they are asked for: it takes no memory, however long it is.</summary>
/// <param name="count">How many items it has.</param>
/// <param name="at">Computes one.</param>
internal sealed class ComputedList<T>(int count, Func<int, T> at) : IReadOnlyList<T>
{
    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public T this[int index] => (uint)index < (uint)count
        ? at(index)
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The list has {count} items.");

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0; i < count; i++) yield return at(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
