using System.Buffers;
using System.Text;
using Pursuit.Data;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>The golden tables, which tests/fixtures/tables/make.cs wrote by Arrow's own libraries.</summary>
internal static class Tables
{
    /// <summary>Those that hold the records of records.jsonl.</summary>
    public static readonly string[] OfRecords =
    [
        "zstd.parquet", "snappy-v2-crc.parquet", "gzip-plain.parquet", "brotli-turned.parquet", "lz4.parquet", "delta.parquet",
        "file.arrow", "stream.arrow", "lz4.feather", "zstd.feather",
    ];

    static Tables() => TableFormats.Register();

    public static string PathOf(string name) => RepositoryFiles.Fixture("tables", name);

    public static IRecordTable Open(string path)
    {
        Span<byte> head = stackalloc byte[RecordFormats.HeadBytes];
        using (var stream = File.OpenRead(path)) head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        var format = RecordFormats.Of(head) ?? throw PursuitException.At(path, "no table", "a table");
        return format.Open(path);
    }

    /// <summary>All rows as JSON.</summary>
    public static List<string> Rows(IRecordTable table, int mostBytes = 1 << 20)
    {
        var rows = new List<string>();
        for (var row = 0L; row < table.RowCount; row++) rows.Add(Row(table, row, mostBytes));
        return rows;
    }

    public static string Row(IRecordTable table, long row, int mostBytes = 1 << 20)
    {
        var bytes = new ArrayBufferWriter<byte>();
        table.Read(row, mostBytes, bytes);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A pool of files.</summary>
    public static Pool Pool(params string[] paths)
    {
        TableFormats.Register();
        return Data.Pool.Open(new PoolOptions { Paths = paths }, null, CancellationToken.None);
    }
}
