using System.Buffers;

namespace Pursuit.Data.Tables;

/// <summary>Writes files of one kind of table; an assembly that has an encoder supplies it.</summary>
internal interface ITableEncoder
{
    /// <summary>Begins a table of rows that come as JSON objects.</summary>
    /// <param name="destination">Gets the file's bytes, in one pass.</param>
    /// <param name="columns">The columns; one at least.</param>
    ITableWriter Begin(Stream destination, IReadOnlyList<TableColumn> columns);

    /// <summary>The columns of several tables together, as they are stored: by their names, with nulls where a table lacks one.</summary>
    /// <param name="tables">The tables' paths, and how each is opened.</param>
    /// <param name="added">Columns behind them, whose values come as JSON.</param>
    /// <exception cref="PursuitException">
    /// A column is of two types, or of one that can't be written, or has an added one's name.
    /// </exception>
    ITableJoin Join(IReadOnlyList<(string Path, Func<IRecordTable> Open)> tables, IReadOnlyList<TableColumn> added);
}

/// <summary>A table that is being written.</summary>
internal interface ITableWriter : IDisposable
{
    /// <summary>Adds a row.</summary>
    /// <param name="json">An object with no other fields than the columns.</param>
    void Write(ReadOnlySpan<byte> json);

    /// <summary>Writes what is left; without it the file is none.</summary>
    void Complete();
}

/// <summary>Tables whose rows go into one, with their own types.</summary>
internal interface ITableJoin
{
    /// <summary>Reads a row in a form of its own, to be kept for <see cref="ITableJoinWriter.Write"/>.</summary>
    /// <param name="table">One of the tables, open.</param>
    /// <param name="row">The row, from 0. Ascending rows cost one pass over their group.</param>
    /// <param name="destination">Gets its bytes.</param>
    void Read(IRecordTable table, long row, IBufferWriter<byte> destination);

    /// <summary>Begins the table of all.</summary>
    ITableJoinWriter Begin(Stream destination);
}

/// <summary>The table of several tables' rows, which is being written.</summary>
internal interface ITableJoinWriter : IDisposable
{
    /// <summary>Adds a row.</summary>
    /// <param name="table">The number of the table that it is from.</param>
    /// <param name="row">Its bytes as <see cref="ITableJoin.Read"/> gave them.</param>
    /// <param name="added">A JSON object with the values of the added columns; empty where there are none.</param>
    void Write(int table, ReadOnlySpan<byte> row, ReadOnlySpan<byte> added);

    /// <summary>Writes what is left; without it the file is none.</summary>
    void Complete();
}
