namespace Pursuit.Selection;

/// <summary>Turns weights into how often each example is repeated, for trainers that know no weights.</summary>
internal static class Repeats
{
    /// <summary>
    /// Shares <c>mean x rows</c> copies among the rows in proportion to their weights, by largest remainder, at least one each.
    /// </summary>
    /// <param name="rows">The chosen rows; the weights' mean is 1. [rows]</param>
    /// <param name="mean">Copies per row on average; 1 gives every row one copy.</param>
    /// <returns>Copies of each row, [rows]; they sum to <c>mean x rows</c>.</returns>
    public static int[] FromWeights(IReadOnlyList<RankedRow> rows, int mean)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mean, 1);
        var repeats = new int[rows.Count];
        var total = rows.Sum(r => r.Weight);
        var wanted = rows.Select(r => total > 0 ? r.Weight / total * mean * rows.Count : mean).ToArray();
        for (var i = 0; i < repeats.Length; i++) repeats[i] = Math.Max(1, (int)Math.Floor(wanted[i]));

        // One copy at a time to the row that lacks most, or from the row that has most too many; ties go to the better rank.
        // A floor leaves less than one copy per row to give; the minimum of one may take several from the heavy rows.
        var left = (long)mean * rows.Count - repeats.Sum(r => (long)r);
        var queue = new PriorityQueue<int, (double Remainder, int Rank)>();
        for (var i = 0; i < repeats.Length; i++)
            if (left > 0 || repeats[i] > 1) queue.Enqueue(i, Key(i));
        for (; left != 0; left -= Math.Sign(left))
        {
            var i = queue.Dequeue();
            repeats[i] += Math.Sign(left);
            if (left > 0 || repeats[i] > 1) queue.Enqueue(i, Key(i));
        }

        return repeats;

        (double, int) Key(int i) => left > 0 ? (repeats[i] - wanted[i], i) : (wanted[i] - repeats[i], i);
    }
}
