using System.Buffers;

namespace Pursuit.Data;

/// <summary>A kind of file whose records are rows of a table, such as Parquet, and not JSON text.</summary>
/// <remarks>An implementation is safe for several threads; the tables that it opens need not be.</remarks>
public interface IRecordFormat
{
    /// <summary>Its name in messages, such as "Parquet".</summary>
    string Name { get; }

    /// <summary>What its files' names end in, in lower case with the dot: a directory's files of these endings are read.</summary>
    IReadOnlyList<string> Endings { get; }

    /// <summary>Whether a file is of this format, by its first bytes.</summary>
    /// <param name="head">Up to 16 bytes.</param>
    bool Recognizes(ReadOnlySpan<byte> head);

    /// <summary>Opens a file of this format.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="PursuitException">It is truncated, corrupt, encrypted, or has what can't be read.</exception>
    IRecordTable Open(string path);

    /// <summary>Opens a file of this format that lies within another one; a format that can't refuses it.</summary>
    /// <param name="part">Where it lies.</param>
    /// <exception cref="PursuitException">As of <see cref="Open(string)"/>, or the format needs a file of its own.</exception>
    IRecordTable Open(FilePart part) => throw PursuitException.At(
        part.Name, $"a {Name} file within an archive", "a file of its own", "Unpack the archive, and name the files.");
}

/// <summary>The rows of one open file; for one thread at a time.</summary>
public interface IRecordTable : IDisposable
{
    /// <summary>Rows of the file.</summary>
    long RowCount { get; }

    /// <summary>
    /// The first row of each row group or batch, which are read by themselves, in ascending order; empty where there is no row.
    /// </summary>
    IReadOnlyList<long> GroupStarts { get; }

    /// <summary>The columns with their types, for messages, such as <c>text: string, tags: list&lt;string&gt;</c>.</summary>
    string Columns { get; }

    /// <summary>Bytes of the file read so far, for progress.</summary>
    long BytesRead { get; }

    /// <summary>
    /// Writes a row as one JSON object of its own columns in UTF-8, without line breaks. Rows in ascending order cost one pass over
    /// their group; an earlier row of the same group costs the group from its beginning.
    /// </summary>
    /// <param name="row">From 0, less than <see cref="RowCount"/>.</param>
    /// <param name="mostBytes">The longest record of use.</param>
    /// <param name="destination">Gets the bytes; of a longer row any beginning, or nothing.</param>
    /// <returns>The row's bytes: more than <paramref name="mostBytes"/> where it is longer.</returns>
    /// <exception cref="PursuitException">The file is corrupt, or has what can't be read.</exception>
    long Read(long row, int mostBytes, IBufferWriter<byte> destination);
}

/// <summary>
/// The formats of tables that this process reads beside JSON text. The library itself has none; a program registers what it brings.
/// </summary>
public static class RecordFormats
{
    internal const int HeadBytes = 16;

    private static IRecordFormat[] Registered = [];

    /// <summary>The registered formats.</summary>
    public static IReadOnlyList<IRecordFormat> All => Registered;

    /// <summary>Registers a format for all pools that are opened from now on; one of the same name is replaced.</summary>
    /// <param name="format">The format.</param>
    public static void Register(IRecordFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        IRecordFormat[] seen;
        do seen = Volatile.Read(ref Registered);
        while (Interlocked.CompareExchange(ref Registered, [.. seen.Where(f => f.Name != format.Name), format], seen) != seen);
    }

    /// <summary>The format that a file's first bytes are of; null where it is text.</summary>
    internal static IRecordFormat? Of(ReadOnlySpan<byte> head)
    {
        foreach (var format in Registered)
        {
            if (format.Recognizes(head)) return format;
        }

        return null;
    }

    /// <summary>The format whose files are named so; null for none.</summary>
    internal static IRecordFormat? OfName(string path) =>
        Array.Find(Registered, f => f.Endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
}
