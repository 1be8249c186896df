using System.Buffers.Binary;
using System.Reflection;
using Pursuit.Data.Hashing;
using ZstdSharp;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>
/// Writes a Parquet file in one pass: values plain, texts that repeat by a dictionary, levels in runs, pages of about 1 MiB compressed by
/// zstd with their checksums, row groups of 64 MiB before compression with the statistics of their columns; so memory does not grow with
/// the file.
/// </summary>
internal sealed class ParquetWriter : IDisposable
{
    private const int FormatVersion = 2;
    private const int ZstdCodec = 6;
    private const int ZstdLevel = 3;
    private const long UsualGroupBytes = 64 << 20;
    private const int GroupRows = 1 << 20;

    private static readonly string CreatedBy = "pursuit version "
        + typeof(ParquetWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly Stream _stream;
    private readonly TableSchema _schema;
    private readonly long _groupBytes;
    private readonly ColumnWriter[] _columns;
    private readonly ByteBuffer _plain = new();
    private readonly ByteBuffer _stored = new();
    private readonly Compressor _zstd = new(ZstdLevel);
    private readonly List<Group> _groups = [];
    private long _position;
    private long _rows;
    private long _groupRows;

    /// <param name="stream">Gets the file.</param>
    /// <param name="schema">Its columns.</param>
    /// <param name="groupBytes">Bytes of a row group, before compression, that end it.</param>
    public ParquetWriter(Stream stream, TableSchema schema, long groupBytes = UsualGroupBytes)
    {
        (_stream, _schema, _groupBytes) = (stream, schema, groupBytes);
        _columns = [.. schema.Leaves.Select(leaf => new ColumnWriter(leaf))];
        Put("PAR1"u8);
    }

    /// <summary>Gets the entries of a column.</summary>
    public ColumnWriter Column(int number) => _columns[number];

    /// <summary>Ends a row, all columns of which have their entries.</summary>
    public void EndRow()
    {
        _rows++;
        _groupRows++;
        var held = 0L;
        foreach (var column in _columns)
        {
            if (column.IsPageFull) column.EndPage(_plain, _stored, _zstd);
            held += column.Held;
        }

        if (held >= _groupBytes || _groupRows >= GroupRows) EndGroup();
    }

    /// <summary>Writes what is left and the footer.</summary>
    public void Complete()
    {
        EndGroup();
        var footer = new ByteBuffer();
        WriteFooter(new ThriftWriter(footer));
        Put(footer.Written);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        Put(length);
        Put("PAR1"u8);
    }

    /// <inheritdoc/>
    public void Dispose() => _zstd.Dispose();

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _position += bytes.Length;
    }

    private void EndGroup()
    {
        if (_groupRows == 0) return;
        var chunks = new Chunk[_columns.Length];
        for (var i = 0; i < chunks.Length; i++)
        {
            var column = _columns[i];
            column.EndPage(_plain, _stored, _zstd);
            column.EndGroup(_stored, _zstd);
            chunks[i] = new Chunk(
                _position, column.ValueCount, column.PlainBytes, column.DictionaryPage.Length, column.Pages.Length,
                column.Statistics.ToArray());
            Put(column.DictionaryPage);
            Put(column.Pages);
            column.Clear();
        }

        _groups.Add(new Group(chunks, _groupRows));
        _groupRows = 0;
    }

    private void WriteFooter(ThriftWriter thrift)
    {
        thrift.BeginStruct();
        thrift.Int32(1, FormatVersion);
        _schema.Write(thrift, 2);
        thrift.Int64(3, _rows);
        thrift.List(4, ThriftType.Struct, _groups.Count);
        var paths = PathsOf(_schema.Root, []).ToArray();
        foreach (var group in _groups) WriteGroup(thrift, group, paths);
        if (_schema.Metadata.Count > 0)
        {
            thrift.List(5, ThriftType.Struct, _schema.Metadata.Count);
            foreach (var (key, value) in _schema.Metadata)
            {
                thrift.BeginStruct();
                thrift.Text(1, key);
                if (value is not null) thrift.Text(2, value);
                thrift.EndStruct();
            }
        }

        thrift.Text(6, CreatedBy);

        // The statistics are in the order of the types, which older ones weren't.
        thrift.List(7, ThriftType.Struct, _columns.Length);
        for (var i = 0; i < _columns.Length; i++)
        {
            thrift.BeginStruct();
            thrift.Struct(1);
            thrift.EndStruct();
            thrift.EndStruct();
        }

        thrift.EndStruct();
    }

    /// <summary>The names that lead to each column, from below the root.</summary>
    private static IEnumerable<string[]> PathsOf(SchemaNode node, string[] above)
    {
        foreach (var child in node.Children)
        {
            string[] path = [.. above, child.Element.Name];
            if (child.IsLeaf)
            {
                yield return path;
                continue;
            }

            foreach (var below in PathsOf(child, path)) yield return below;
        }
    }

    private void WriteGroup(ThriftWriter thrift, Group group, string[][] paths)
    {
        thrift.BeginStruct();
        thrift.List(1, ThriftType.Struct, group.Chunks.Length);
        for (var i = 0; i < group.Chunks.Length; i++)
        {
            var chunk = group.Chunks[i];
            thrift.BeginStruct();
            thrift.Int64(2, chunk.Start);
            thrift.Struct(3);
            thrift.Int32(1, (int)_schema.Leaves[i].Element.Type!.Value);
            WriteEncodings(thrift, chunk);
            thrift.List(3, ThriftType.Binary, paths[i].Length);
            foreach (var name in paths[i]) thrift.TextItem(name);
            thrift.Int32(4, ZstdCodec);
            thrift.Int64(5, chunk.Values);
            thrift.Int64(6, chunk.PlainBytes);
            thrift.Int64(7, chunk.StoredBytes);
            thrift.Int64(9, chunk.Start + chunk.DictionaryBytes);
            if (chunk.DictionaryBytes > 0) thrift.Int64(11, chunk.Start);
            thrift.RawStruct(12, chunk.Statistics);
            thrift.EndStruct();
            thrift.EndStruct();
        }

        thrift.Int64(2, group.Chunks.Sum(c => c.PlainBytes));
        thrift.Int64(3, group.Rows);
        thrift.Int64(5, group.Chunks[0].Start);
        thrift.Int64(6, group.Chunks.Sum(c => c.StoredBytes));
        thrift.EndStruct();
    }

    private static void WriteEncodings(ThriftWriter thrift, Chunk chunk)
    {
        int[] encodings = chunk.DictionaryBytes == 0
            ? [Encodings.Plain, Encodings.Rle]
            : [Encodings.Plain, Encodings.Rle, Encodings.RleDictionary]; // the dictionary itself is plain
        thrift.List(2, ThriftType.Int32, encodings.Length);
        foreach (var encoding in encodings) thrift.Int32Item(encoding);
    }

    private sealed record Group(Chunk[] Chunks, long Rows);

    private sealed record Chunk(long Start, long Values, long PlainBytes, int DictionaryBytes, int PageBytes, byte[] Statistics)
    {
        public long StoredBytes => (long)DictionaryBytes + PageBytes;
    }
}
