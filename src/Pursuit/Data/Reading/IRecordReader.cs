namespace Pursuit.Data.Reading;

/// <summary>Reads one file's records once, from the first to the last, batch by batch.</summary>
internal interface IRecordReader : IDisposable
{
    /// <summary>True where records may span lines.</summary>
    bool IsArray { get; }

    /// <summary>Bytes of records' text read.</summary>
    long BytesRead { get; }

    /// <summary>Bytes of the file on disk read, for progress.</summary>
    long FilePosition { get; }

    /// <summary>The first row of each row group; null for text.</summary>
    IReadOnlyList<long>? GroupStarts { get; }

    /// <summary>The columns with their types; null for text.</summary>
    string? Columns { get; }

    /// <summary>Fills a batch with the next records.</summary>
    /// <returns>False when there are no more.</returns>
    bool Next(RecordBatch batch);
}
