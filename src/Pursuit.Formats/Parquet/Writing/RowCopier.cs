using System.Buffers.Binary;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Puts rows of one schema into a file of the schema that it is part of.</summary>
internal sealed class RowCopier
{
    private readonly LevelMap[] _maps;
    private readonly TableSchema _part;
    private readonly int[] _starts;

    /// <param name="joined">The file's schema, or its first columns.</param>
    /// <param name="part">The rows' schema.</param>
    public RowCopier(TableSchema joined, TableSchema part)
    {
        (_part, _maps) = (part, LevelMap.Of(joined, part));
        _starts = new int[part.Leaves.Count];
    }

    /// <summary>Adds a row's entries to the columns.</summary>
    /// <param name="row">The row as <see cref="RowBuffer.CopyTo"/> wrote it.</param>
    /// <param name="writer">The file.</param>
    /// <param name="first">The first of the columns.</param>
    public void Copy(ReadOnlySpan<byte> row, ParquetWriter writer, int first = 0)
    {
        var at = 0;
        for (var i = 0; i < _starts.Length; i++)
        {
            _starts[i] = at;
            at += sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(row[at..]);
        }

        for (var i = 0; i < _maps.Length; i++)
        {
            var map = _maps[i];
            var start = _starts[map.Source];
            var length = BinaryPrimitives.ReadInt32LittleEndian(row[start..]);
            Copy(row.Slice(start + sizeof(int), length), _part.Leaves[map.Source], map, writer.Column(first + i));
        }
    }

    private static void Copy(ReadOnlySpan<byte> entries, SchemaNode leaf, LevelMap map, ColumnWriter column)
    {
        while (!entries.IsEmpty)
        {
            var (repetition, definition) = (entries[0], entries[1]);
            var length = definition < leaf.Definition ? 0
                : leaf.Element.Type == PhysicalType.ByteArray
                    ? sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(entries[RowBuffer.LevelBytes..])
                : leaf.Width;
            if (repetition <= map.MostRepetition)
                column.Add(
                    repetition, map.Definition(definition), map.HasValues ? entries.Slice(RowBuffer.LevelBytes, length) : default);
            entries = entries[(RowBuffer.LevelBytes + length)..];
        }
    }
}
