using Pursuit.Data.Hashing;

namespace Pursuit.Data.Reading;

/// <summary>Some consecutive records of one file, with the bytes they lie in and, after parsing, what became of each.</summary>
internal sealed class RecordBatch
{
    /// <summary>The bytes; entries point into them.</summary>
    public byte[] Bytes { get; set; } = [];

    public List<Entry> Entries { get; } = [];

    public List<Result> Results { get; } = [];

    /// <summary>The users' ids of the good records, one after the other.</summary>
    public ByteBuffer UserIds { get; } = new();

    /// <summary>Bytes of the file on disk that were read when the batch was complete.</summary>
    public long FilePosition { get; set; }

    public void Clear()
    {
        Entries.Clear();
        Results.Clear();
        UserIds.Clear();
    }

    /// <summary>A record's place.</summary>
    /// <param name="Start">In the batch's bytes; meaningless where it is too long.</param>
    /// <param name="Length">Its bytes.</param>
    /// <param name="Offset">In the decompressed file.</param>
    /// <param name="Line">The 1-based line of its first byte.</param>
    /// <param name="IsTooLong">Its bytes were dropped.</param>
    /// <param name="Fault">What is wrong with it as the splitter saw it, or null.</param>
    internal readonly record struct Entry(int Start, int Length, long Offset, long Line, bool IsTooLong, string? Fault = null);

    /// <summary>What parsing made of a record.</summary>
    /// <param name="ContentId">Its id, where <paramref name="Reason"/> is null.</param>
    /// <param name="Reason">Why it is bad, or null.</param>
    /// <param name="UserIdLength">Bytes of its id in <see cref="UserIds"/>, or -1 where it has none.</param>
    /// <param name="IsFiltered">The pool's filter leaves it out, whatever it says.</param>
    internal readonly record struct Result(ContentId ContentId, string? Reason, int UserIdLength, bool IsFiltered = false);
}
