namespace Pursuit.Data.Reading;

/// <summary>Finds a file's shape from its first records that name one.</summary>
internal static class ShapeDetector
{
    private const int Votes = 32;
    private const int MostRecords = 1024;

    /// <summary>
    /// The shape most of the first 32 recognised records name, looking at no more than 1,024; equal counts go to the shape
    /// that comes first in <see cref="RecordShape"/>. Null where none names any.
    /// Records that the pool's filter leaves out count where no other is there.
    /// </summary>
    public static RecordShape? Detect(SourceFile file, PoolOptions options, int blockBytes)
    {
        using var reader = file.OpenRecords(options.MaxRecordBytes, blockBytes, hash: null);
        var parser = new RecordParser(options);
        var batch = new RecordBatch();
        var votes = new int[RecordShapeNames.All.Count];
        var filtered = new int[votes.Length];
        var seen = 0;
        while (reader.Next(batch))
        {
            foreach (var entry in batch.Entries)
            {
                if (parser.Recognize(batch, entry) is { } shape) (parser.IsFiltered ? filtered : votes)[(int)shape]++;
                if (++seen == MostRecords || votes.Sum() == Votes) return Winner();
            }
        }

        return Winner();

        RecordShape? Winner() => Most(votes) ?? Most(filtered);

        static RecordShape? Most(int[] votes) => votes.Sum() == 0 ? null : (RecordShape)Array.IndexOf(votes, votes.Max());
    }
}
