using Pursuit.Storage;

namespace Pursuit.Data.Tables;

/// <summary>Files that are tables by their names.</summary>
internal static class TableFile
{
    /// <summary>The ending of the tables that are written.</summary>
    public const string Ending = ".parquet";

    /// <summary>Writes Parquet; null where no assembly supplied it.</summary>
    public static ITableEncoder? Parquet { get; set; }

    /// <summary>Whether a path names a table that is written.</summary>
    public static bool IsNamed(string path) => path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>The encoder of a path's table.</summary>
    /// <exception cref="PursuitException">None is registered.</exception>
    public static ITableEncoder EncoderOf(string path) => Parquet ?? throw PursuitException.At(
        path, "no encoder for Parquet is registered", "Pursuit.Formats, which has one",
        "Call Pursuit.Formats.TableFormats.Register() first, or write .jsonl.");

    /// <summary>Writes a table of rows that come as lines of JSON; it has its name when it is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="write">Writes the lines.</param>
    /// <exception cref="PursuitException">It can't be written.</exception>
    public static void Write(string path, IReadOnlyList<TableColumn> columns, Action<Stream> write) =>
        AtomicFile.Write(path, stream => Write(path, stream, columns, write));

    /// <summary>Writes a table into a file that is open.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyList{TableColumn}, Action{Stream})"/>
    public static void Write(string path, Stream stream, IReadOnlyList<TableColumn> columns, Action<Stream> write)
    {
        using var table = EncoderOf(path).Begin(stream, columns);
        using var lines = new LineStream(table.Write);
        write(lines);
        table.Complete();
    }
}
