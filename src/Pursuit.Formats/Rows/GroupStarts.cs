namespace Pursuit.Formats.Rows;

/// <summary>Where the row groups or batches of a file begin.</summary>
internal static class GroupStarts
{
    /// <summary>
    /// Rows that a file may have beside those its bytes account for: a file of a few bytes can declare billions of empty rows, each of
    /// which would cost memory and time.
    /// </summary>
    private const long FreeRows = 1 << 20;

    private const long RowsPerByte = 64;

    /// <summary>Adds up the groups' rows.</summary>
    /// <exception cref="InvalidDataException">A negative count, or more rows than the file's size can hold.</exception>
    public static long[] Of(IReadOnlyList<long> rows, long fileBytes, out long total)
    {
        var starts = new long[rows.Count];
        total = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            starts[i] = total;
            if (rows[i] < 0) throw new InvalidDataException(FormattableString.Invariant($"row group {i:N0} declares {rows[i]:N0} rows"));
            total = checked(total + rows[i]);
            var most = FreeRows + RowsPerByte * fileBytes;
            if (total > most)
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{total:N0} rows are declared in a file of {fileBytes:N0} bytes; at most {most:N0} are read"));
        }

        return starts;
    }

    /// <summary>The group of a row.</summary>
    public static int Find(long[] starts, long row)
    {
        int low = 0, high = starts.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (starts[middle] <= row) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
