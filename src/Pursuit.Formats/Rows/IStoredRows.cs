using Pursuit.Data;
using Pursuit.Formats.Parquet.Writing;

namespace Pursuit.Formats.Rows;

/// <summary>A table whose rows can be stored as they are, with their own types.</summary>
internal interface IStoredRows : IRecordTable
{
    /// <summary>Its columns as Parquet stores them.</summary>
    /// <exception cref="PursuitException">A column is of a type that Parquet lacks.</exception>
    TableSchema StoredSchema { get; }

    /// <summary>Reads a row's entries, as <see cref="IRecordTable.Read"/> reads its JSON.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <param name="destination">Gets the entries; empty.</param>
    void Read(long row, RowBuffer destination);
}
